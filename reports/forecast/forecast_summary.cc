#include "reports/forecast/forecast_summary.h"

#include <fmt/format.h>

#include <utility>

#include "base/calendar.h"
#include "reports/forecast/forecast_numbers.h"
#include "sim/statistics/skewed_mean.h"

namespace windtunnel::reports {
namespace {

using sim::Estimate;
using sim::Verdict;

std::optional<EstimateSummary> in_unit(const std::optional<Estimate>& estimate, double unit) {
  if (!estimate) return std::nullopt;
  const double low = estimate->low / unit;
  const double high = estimate->high / unit;
  return EstimateSummary{estimate->value / unit, low, high, (high - low) / 2};
}

std::optional<EstimateSummary> in_usd(const std::optional<Estimate>& estimate) {
  return in_unit(estimate, kPicosPerUsd);
}

std::optional<MoneyQuantile> quantile_of(const std::optional<sim::QuantileOf<Int128>>& quantile) {
  if (!quantile) return std::nullopt;
  const double low = static_cast<double>(quantile->low) / kPicosPerUsd;
  const double high = static_cast<double>(quantile->high) / kPicosPerUsd;
  return MoneyQuantile{UsdSum::from_picos(quantile->value), UsdSum::from_picos(quantile->low),
                       UsdSum::from_picos(quantile->high), (high - low) / 2};
}

MoneyQuantilesSummary quantiles_of(const sim::MoneyQuantiles& quantiles) {
  return {quantile_of(quantiles.p10), quantile_of(quantiles.p50), quantile_of(quantiles.p90)};
}

// A chance that never or always showed is known by a bound: `distance` from 0 or 1.
ChanceSummary in_words(const Estimate& chance, std::string text, double distance) {
  ChanceSummary summary{.value = chance.value,
                        .low = chance.low,
                        .high = chance.high,
                        .half_width = chance.half_width(),
                        .text = std::move(text)};
  const bool is_bound = chance.value == 0 || chance.value == 1;
  if (!is_bound) return summary;
  summary.value.reset();
  summary.half_width.reset();
  if (distance >= 1) return summary;
  summary.value = chance.value == 0 ? distance : 1 - distance;
  summary.bound = chance.value == 0 ? "upper" : "lower";
  // The exact bound lies a little within the rule of three, which is printed.
  summary.low = std::min(summary.low, *summary.value);
  summary.high = std::max(summary.high, *summary.value);
  return summary;
}

// Of replications: the rule of three.
ChanceSummary chance_of(const Estimate& chance, std::size_t trials) {
  return in_words(chance, chance_text(chance, trials), sim::unseen_share(trials));
}

// Of requests.
std::optional<ChanceSummary> share_of(const std::optional<Estimate>& share) {
  if (!share) return std::nullopt;
  return in_words(*share, share_text(share), share->value == 0 ? share->high : 1 - share->low);
}

std::string instant_of(WallTime start, std::int64_t ns) {
  return ns == sim::kNever ? "not within horizon" : iso8601(start + Duration{ns});
}

std::optional<DateSummary> date_of(WallTime start, const std::optional<sim::QuantileEstimate>& date) {
  if (!date) return std::nullopt;
  DateSummary summary{.value = instant_of(start, date->value),
                      .low = instant_of(start, date->low),
                      .high = instant_of(start, date->high)};
  if (date->high != sim::kNever) summary.half_width_days = static_cast<double>(date->high - date->low) / 2 / 86'400e9;
  return summary;
}

std::vector<ShareChance> chances_of(const sim::Forecast& forecast, const std::vector<Estimate>& chances) {
  std::vector<ShareChance> summary;
  for (std::size_t i = 0; i < chances.size(); ++i) {
    summary.push_back({forecast.frame.shares[i], chance_of(chances[i], forecast.replications)});
  }
  return summary;
}

std::optional<ForecastBudget> budget_of(const sim::Forecast& forecast) {
  const sim::ForecastFrame& frame = forecast.frame;
  if (!frame.monthly) return std::nullopt;
  ForecastBudget budget{.monthly = *frame.monthly, .p_exceed = chances_of(forecast, forecast.p_exceed)};
  for (std::size_t i = 0; i < frame.providers.size(); ++i) {
    budget.spent_before.emplace_back(frame.providers[i], frame.spent[i]);
  }
  budget.used_up = {date_of(frame.start, forecast.exhaustion.p10), date_of(frame.start, forecast.exhaustion.p50),
                    date_of(frame.start, forecast.exhaustion.p90)};
  return budget;
}

std::vector<ForecastDaySummary> days_of(const sim::Forecast& forecast) {
  std::vector<ForecastDaySummary> days;
  for (const sim::ForecastRow& row : forecast.days) {
    days.push_back({.date = iso8601(row.day.begin).substr(0, 10),
                    .month_to_date = quantiles_of(row.month_to_date),
                    .p_exceed = chances_of(forecast, row.crossed)});
  }
  return days;
}

std::vector<SpendLineSummary> lines_of(const std::vector<sim::SpendLine>& lines) {
  std::vector<SpendLineSummary> summary;
  for (const sim::SpendLine& line : lines) summary.push_back({.name = line.name, .cost = in_usd(line.cost)});
  return summary;
}

SpendSummary spend_of(const sim::Forecast& forecast) {
  SpendSummary spend{.by_variant = lines_of(forecast.variants),
                     .by_feature_version = lines_of(forecast.features),
                     .by_cause = lines_of(forecast.causes)};
  for (const sim::SpendLine& line : forecast.providers) {
    spend.by_provider.push_back({.name = line.name, .cost = in_usd(line.cost), .settled = in_usd(line.settled)});
  }
  return spend;
}

ForecastLatency latency_of(const sim::Forecast& forecast) {
  const auto in_ms = [&](std::size_t place) { return in_unit(forecast.latency[place], kNanosecondsPerMs); };
  const Histogram& pooled = forecast.latency_pooled;
  return {.p50 = in_ms(0),
          .p90 = in_ms(1),
          .p95 = in_ms(2),
          .p99 = in_ms(3),
          .pooled = {.count = static_cast<std::int64_t>(pooled.count()),
                     .min = pooled.min(),
                     .avg = pooled.mean(),
                     .max = pooled.max(),
                     .p50 = pooled.quantile(sim::kLatencyShares[0]),
                     .p90 = pooled.quantile(sim::kLatencyShares[1]),
                     .p95 = pooled.quantile(sim::kLatencyShares[2]),
                     .p99 = pooled.quantile(sim::kLatencyShares[3])}};
}

HeadroomTrialSummary trial_of(const sim::HeadroomTrial& trial, bool of_requests) {
  return {.rate_thousandths = trial.rate_thousandths,
          .replications = static_cast<std::int64_t>(trial.replications),
          .broken = of_requests ? share_of(trial.broken).value() : chance_of(trial.broken, trial.replications)};
}

std::optional<HeadroomLimitSummary> limit_of(const std::optional<sim::HeadroomLimit>& limit) {
  if (!limit) return std::nullopt;
  HeadroomLimitSummary summary{.limit = limit->what,
                               .share_of = limit->of_requests ? "requests" : "replications",
                               .broken_max = limit->broken_max,
                               .rate_thousandths = limit->rate_thousandths,
                               .bounded = limit->bounded,
                               .confirmed = limit->confirmed,
                               .refuted_beyond = limit->refuted};
  if (limit->at_edge) summary.at_edge = trial_of(*limit->at_edge, limit->of_requests);
  if (limit->beyond) summary.beyond = trial_of(*limit->beyond, limit->of_requests);
  for (const sim::HeadroomTrial& trial : limit->tried) summary.tried.push_back(trial_of(trial, limit->of_requests));
  return summary;
}

std::string reason_of(const sim::ForecastFinding& finding, const sim::Forecast& forecast) {
  if (finding.verdict != Verdict::inconclusive) return {};
  if (!finding.lack.empty()) return "nothing could break it: " + finding.lack;
  if (finding.estimate) return "the limit divides its interval: more replications decide";
  if (!forecast.requests || forecast.requests->value == 0) return "no request arrived in any replication";
  if (finding.selects_nothing) return "its tag selects nothing: no call or request in any replication is of that name";
  using sim::ForecastQuantity;
  const auto of = finding.threshold.forecast;
  const auto is_none = [](const std::optional<Estimate>& share) { return share && share->value == 0; };
  if (of == ForecastQuantity::requests_failed && !forecast.availability) return "every request was refused";
  if (of == ForecastQuantity::request_duration && is_none(forecast.answered)) return "no request was answered";
  const bool is_of_budget = of == ForecastQuantity::p_exceed || of == ForecastQuantity::days_to_exhaustion;
  if (is_of_budget && !forecast.frame.monthly) return "there is no monthly budget";
  const bool has_tag = finding.threshold.metric.ends_with('}');
  return has_tag ? "there are too few replications, or nothing that the tag selects, to tell"
                 : "there are too few replications to tell";
}

std::vector<ForecastFindingSummary> findings_of(const sim::Forecast& forecast) {
  std::vector<ForecastFindingSummary> findings;
  for (const sim::ForecastFinding& finding : forecast.findings) {
    const bool is_time = finding.threshold.forecast == sim::ForecastQuantity::request_duration;
    findings.push_back({.metric = finding.threshold.metric,
                        .threshold = finding.threshold.text,
                        .verdict = finding.verdict,
                        .estimate = in_unit(finding.estimate, is_time ? kNanosecondsPerMs : 1),
                        .reason = reason_of(finding, forecast),
                        .origin = finding.threshold.origin});
  }
  return findings;
}

Verdict verdict_of(const ForecastReport& report) {
  const sim::Forecast& forecast = report.forecast;
  sim::Evidence evidence{.claims = forecast.findings.size()};
  evidence.requests = forecast.requests && forecast.requests->value > 0 ? 1 : 0;
  evidence.is_undecided = report.stop && !report.stop->reached;
  for (const sim::ForecastFinding& finding : forecast.findings) {
    if (finding.verdict == Verdict::fail) evidence.has_failed = true;
    if (finding.verdict == Verdict::inconclusive) evidence.is_undecided = true;
  }
  return decide(evidence);
}

// Where under 99 % are answered: the commonest other end, and what brings it about.
std::string note_of_unanswered(const ForecastReport& report) {
  const sim::Forecast& forecast = report.forecast;
  if (!forecast.answered || forecast.answered->value >= 0.99) return {};
  std::size_t most = 0;
  double share = 0;
  for (std::size_t i = 0; i < forecast.shares.size(); ++i) {
    if (monitor::is_answered(static_cast<monitor::Outcome>(i)) || !forecast.shares[i]) continue;
    if (forecast.shares[i]->value <= share) continue;
    most = i;
    share = forecast.shares[i]->value;
  }
  const auto outcome = static_cast<monitor::Outcome>(most);
  const std::string cause = report.causes.empty() ? monitor::settings_behind(outcome) : report.causes[most];
  return fmt::format("{} of the requests are answered; {} end as {}, because of {}", share_text(forecast.answered),
                     share_text(forecast.shares[most]), name_of(outcome), cause);
}

std::vector<std::string> notes_of(const ForecastReport& report) {
  std::vector<std::string> notes;
  if (!report.forecast.frame.uncertain()) {
    notes.emplace_back(
        "interval reflects request noise only; demand is as certain as the file states it (see day_factor_cv, "
        "level_cv, prompts.count_cv, random_outages)");
  }
  if (std::string note = note_of_unanswered(report); !note.empty()) notes.push_back(std::move(note));
  notes.insert(notes.end(), report.notes.begin(), report.notes.end());
  return notes;
}

}  // namespace

std::vector<const HeadroomLimitSummary*> HeadroomSummary::limits() const {
  std::vector<const HeadroomLimitSummary*> all;
  for (const auto* limit : {&budget, &latency, &failures, &refusals}) {
    if (*limit) all.push_back(&**limit);
  }
  return all;
}

bool ForecastSummary::has_unknown_bills() const {
  const bool is_all_known = cost.mean && cost_known && cost.mean->value == cost_known->value;
  return (cost.mean && !is_all_known) || (cost_reserved && cost_reserved->value != 0);
}

std::string CostSpreadSummary::shared_words() const {
  if (shared.empty()) return "demand";
  std::string text = shared.front();
  for (std::size_t i = 1; i < shared.size(); ++i) text += (i + 1 == shared.size() ? " and " : ", ") + shared[i];
  return text;
}

ForecastSummary forecast_summary(const ForecastReport& report) {
  const sim::Forecast& forecast = report.forecast;
  const sim::ForecastFrame& frame = forecast.frame;
  ForecastSummary summary;
  summary.scenario = {frame.file, frame.title, frame.hash};
  summary.seed = frame.seed;
  summary.digest = forecast.digest;
  summary.verdict = verdict_of(report);
  summary.replay = report.replay;
  summary.start = iso8601(frame.start);
  summary.horizon = frame.horizon;
  summary.replications = static_cast<std::int64_t>(forecast.replications);
  summary.stopping = report.stop;
  if (forecast.reduction) {
    const sim::VarianceReduction& reduction = *forecast.reduction;
    summary.reduction =
        VarianceReductionSummary{.controls = reduction.controls, .mean_factor = reduction.cost, .p_exceed_factors = {}};
    for (std::size_t i = 0; i < reduction.p_exceed.size(); ++i) {
      summary.reduction->p_exceed_factors.push_back({frame.shares[i], reduction.p_exceed[i]});
    }
  }
  summary.demand_is_uncertain = frame.uncertain();
  summary.notes = notes_of(report);
  summary.cost_known = in_usd(forecast.cost_known);
  summary.cost_reserved = in_usd(forecast.cost_reserved);
  summary.cost = {.mean = in_usd(forecast.cost),
                  .quantiles = quantiles_of(forecast.cost_quantiles),
                  .p2_5 = quantile_of(forecast.cost_p2_5),
                  .p97_5 = quantile_of(forecast.cost_p97_5),
                  .sd = {.shared = frame.shared,
                         .all = in_usd(forecast.cost_sd.all),
                         .demand = in_usd(forecast.cost_sd.demand),
                         .request_noise = in_usd(forecast.cost_sd.noise),
                         .twins = static_cast<std::int64_t>(forecast.cost_sd.twins)}};
  summary.budget = budget_of(forecast);
  summary.days = days_of(forecast);
  summary.spend = spend_of(forecast);
  summary.requests = in_unit(forecast.requests, 1);
  summary.answered = share_of(forecast.answered);
  summary.availability = share_of(forecast.availability);
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) summary.outcomes[i] = share_of(forecast.shares[i]);
  summary.latency = latency_of(forecast);
  if (report.headroom) {
    const sim::Headroom& headroom = *report.headroom;
    for (const std::string& bound : headroom.not_asked) {
      summary.notes.push_back("the headroom does not follow " + bound + ": more traffic may break it sooner");
    }
    summary.headroom = HeadroomSummary{limit_of(headroom.budget), limit_of(headroom.latency),
                                       limit_of(headroom.failures), limit_of(headroom.refusals)};
  }
  summary.findings = findings_of(forecast);
  summary.build = report.build;
  summary.timing.wall = report.wall;
  return summary;
}

}  // namespace windtunnel::reports
