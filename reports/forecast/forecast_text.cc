#include <fmt/format.h>

#include <cmath>

#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "reports/forecast/forecast_numbers.h"
#include "reports/forecast/forecast_summary.h"
#include "reports/text/text_table.h"
#include "sim/statistics/standard_deviation.h"

namespace windtunnel::reports {
namespace {

using sim::Verdict;

std::string double_line() { return std::string(60, '=') + "\n"; }

// In whole dollars, or to the cent.
std::string budget_text(Usd money) {
  const bool is_whole = money.picos() % Usd::from_dollars(1).picos() == 0;
  return grouped(money.dollars(), is_whole ? 0 : 2);
}

std::string mark(Verdict verdict, TextStyle style) {
  if (!style.unicode) return verdict == Verdict::pass ? "[ok]" : verdict == Verdict::fail ? "[FAIL]" : "[?]";
  return verdict == Verdict::pass ? "✅" : verdict == Verdict::fail ? "❌" : "❔";
}

std::string heading(const ForecastSummary& forecast) {
  std::string text = double_line() + "FORECAST\n" + double_line() + "\n";
  const double days = static_cast<double>(forecast.horizon.count()) / 86'400e9;
  text += fmt::format("{} replications of {} days from {}; ± is half of a 95 % interval\n",
                      with_thousands(forecast.replications), nine_digits(days), forecast.start.substr(0, 10));
  if (forecast.stopping) {
    text += fmt::format("Stopped by {}: {}\n", forecast.stopping->until,
                        forecast.stopping->reached ? "target reached" : "TARGET NOT REACHED");
  }
  if (const std::string words = reduction_words(forecast); !words.empty()) text += words + "\n";
  for (const std::string& note : forecast.notes) text += "Note: " + note + "\n";
  return text;
}

std::string cost_section(const ForecastSummary& forecast) {
  const ForecastCost& cost = forecast.cost;
  std::string text = "\nCost of the horizon, USD:\n";
  text += "  Mean: " + estimate_text(cost.mean, 2) + "\n";
  if (forecast.has_unknown_bills()) {
    text += "  Known to the gateway: " + estimate_text(forecast.cost_known, 2);
    text += ", held by reservations: " + estimate_text(forecast.cost_reserved, 2) + " (the budget counts both)\n";
  }
  text += "  P10: " + quantile_text(cost.quantiles.p10, 2);
  text += ", P50: " + quantile_text(cost.quantiles.p50, 2);
  text += ", P90: " + quantile_text(cost.quantiles.p90, 2) + "\n";
  if (!cost.quantiles.p10) text += "  too few replications: P50 takes 6 of them, P10 and P90 take 36\n";
  if (cost.p2_5 && cost.p97_5) {
    text += "  95 % lie between " + quantile_text(cost.p2_5, 2) + " and " + quantile_text(cost.p97_5, 2) + "\n";
  }
  if (!cost.sd.all) {
    return text +
           fmt::format("  Standard deviation: too few replications, it takes {} of them\n", sim::kValuesForDeviation);
  }
  text += "  Standard deviation: " + estimate_text(cost.sd.all, 2);
  text += " (" + cost.sd.shared_words() + " " + estimate_text(cost.sd.demand, 2);
  text += ", request noise " + estimate_text(cost.sd.request_noise, 2) + ")\n";
  return text;
}

std::string date_with_interval(const std::optional<DateSummary>& date) {
  if (!date) return "too few replications";
  if (!is_instant(date->low)) return instant_text(date->value);
  return fmt::format("{} ({} .. {})", instant_text(date->value), instant_text(date->low),
                     is_instant(date->high) ? instant_text(date->high) : "never");
}

std::string budget_section(const std::optional<ForecastBudget>& budget) {
  if (!budget) return "\nBudget: no monthly limit\n";
  std::string text = fmt::format("\nMonthly budget of {} USD", budget_text(budget->monthly));
  Usd spent;
  for (const auto& [provider, before] : budget->spent_before) spent += before;
  if (spent != Usd{}) text += fmt::format(", of which {} were spent before", grouped(spent.dollars(), 2));
  text += ":\n  Chance to reach";
  std::string_view separator;
  for (const ShareChance& row : budget->p_exceed) {
    text += fmt::format("{} {}: {}", separator, budget_share_text(row.share), row.chance.text);
    separator = ",";
  }
  text += "\n  Used up: P10 " + date_with_interval(budget->used_up.p10);
  text += "\n           P50 " + date_with_interval(budget->used_up.p50);
  text += "\n           P90 " + date_with_interval(budget->used_up.p90) + "\n";
  return text;
}

std::string days_section(const ForecastSummary& forecast) {
  std::vector<std::string> columns{"Month to date, USD", "P10", "P50", "P90"};
  if (forecast.budget) {
    for (const ShareChance& row : forecast.budget->p_exceed) {
      columns.push_back("P(>" + budget_share_text(row.share) + ")");
    }
  }
  TextTable table{columns};
  for (const ForecastDaySummary& day : forecast.days) {
    std::vector<std::string> cells{day.date};
    for (const auto* quantile : {&day.month_to_date.p10, &day.month_to_date.p50, &day.month_to_date.p90}) {
      cells.push_back(quantile_text(*quantile, 1));
    }
    for (const ShareChance& row : day.p_exceed) cells.push_back(row.chance.text);
    table.add(std::move(cells));
  }
  return "\nDay by day:\n" + table.text(2);
}

void add_line(TextTable& table, const char* by, const std::string& name, const std::optional<EstimateSummary>& cost,
              const std::optional<EstimateSummary>& settled = std::nullopt) {
  table.add({fmt::format("{} {}", by, name.empty() ? "(none)" : name), estimate_text(cost, 2),
             settled ? estimate_text(settled, 2) : ""});
}

std::string spend_section(const SpendSummary& spend) {
  TextTable table{{"Spend, USD", "Cost", "Budget counts"}};
  for (const auto& line : spend.by_provider) add_line(table, "provider", line.name, line.cost, line.settled);
  for (const auto& line : spend.by_variant) add_line(table, "variant", line.name, line.cost);
  for (const auto& line : spend.by_feature_version) add_line(table, "feature version", line.name, line.cost);
  for (const auto& line : spend.by_cause) add_line(table, "cause", line.name, line.cost);
  return "\nSpend:\n" + table.text(2);
}

// The refusals of our own limiters are printed even where there were none.
bool is_refusal(monitor::Outcome outcome) {
  return outcome == monitor::Outcome::refused_rate || outcome == monitor::Outcome::refused_tokens ||
         outcome == monitor::Outcome::refused_budget;
}

std::string traffic_section(const ForecastSummary& forecast) {
  const auto share_text = [](const auto& share) { return share ? share->text : std::string{"-"}; };
  std::string text = "\nTraffic:\n  Requests: " + estimate_text(forecast.requests, 0) + "\n";
  text += "  Availability: " + share_text(forecast.availability) + " of the requests that were not refused\n";
  for (std::size_t i = 0; i < forecast.outcomes.size(); ++i) {
    const auto outcome = static_cast<monitor::Outcome>(i);
    const auto& share = forecast.outcomes[i];
    if (!share || (share->never_showed() && !is_refusal(outcome))) continue;
    text += fmt::format("  {}: {}\n", name_of(outcome), share->text);
  }
  text += "  Latency";
  std::string_view separator = " -";
  const ForecastLatency& latency = forecast.latency;
  for (const auto& [name, estimate] :
       {std::pair{"P50", &latency.p50}, {"P90", &latency.p90}, {"P95", &latency.p95}, {"P99", &latency.p99}}) {
    text += fmt::format("{} {}: {}{}", separator, name, estimate_text(*estimate, 1), *estimate ? " ms" : "");
    separator = ",";
  }
  return text + "\n";
}

std::string limit_text(const HeadroomLimitSummary& limit) {
  if (!limit.rate_thousandths)
    return fmt::format("  {}: broken even at the least traffic that was tried\n", limit.limit);
  const auto times = [](std::int64_t thousandths) { return exact_decimal(thousandths, 3) + "x"; };
  const auto trial = [&](const HeadroomTrialSummary& headroom_trial_summary) {
    if (limit.share_of == "requests") {
      return fmt::format("{} of the requests in {} independent replications", headroom_trial_summary.broken.text,
                         headroom_trial_summary.replications);
    }
    return fmt::format("broken in {} of {} independent replications", headroom_trial_summary.broken.text,
                       headroom_trial_summary.replications);
  };
  std::string text =
      fmt::format("  {}: {}{}\n", limit.limit, limit.bounded ? "" : "at least ", times(*limit.rate_thousandths));
  if (limit.at_edge) {
    text += fmt::format("    at {} {}: {}\n", times(limit.at_edge->rate_thousandths), trial(*limit.at_edge),
                        limit.confirmed ? "confirmed" : "NOT CONFIRMED");
  }
  if (limit.beyond) {
    text += fmt::format("    at {} {}: {}\n", times(limit.beyond->rate_thousandths), trial(*limit.beyond),
                        limit.refuted_beyond ? "refuted" : "not refuted, the edge is not sharp");
  }
  return text;
}

std::string headroom_section(const std::optional<HeadroomSummary>& headroom) {
  if (!headroom) return {};
  const auto limits = headroom->limits();
  const bool has_shares = headroom->failures || headroom->refusals;
  std::string text = "\nHeadroom (largest traffic at which at most 5 % of the replications break it";
  if (has_shares) text += "; of a share of requests: at which all replications together keep it";
  text += "):\n";
  for (const HeadroomLimitSummary* limit : limits) text += limit_text(*limit);
  if (limits.empty()) {
    text +=
        "  no limit: the scenario has no monthly budget and no bound from above on a percentile of request_duration or "
        "on the rate of requests_failed or requests_refused, of all requests\n";
  }
  return text;
}

// Five digits are more than an interval is worth.
std::string five_digits(double value) { return std::isfinite(value) ? fmt::format("{:.5g}", value) : "never"; }

bool has_requests(const ForecastSummary& forecast) { return !forecast.requests || forecast.requests->value > 0; }

std::string finding_line(const ForecastFindingSummary& finding, const ForecastSummary& forecast, TextStyle style) {
  std::string text = fmt::format("  {} {} {}", mark(finding.verdict, style), finding.metric, finding.threshold);
  if (!finding.estimate) return text + " - " + finding.reason + "\n";
  const EstimateSummary& estimate = *finding.estimate;
  const std::string value = finding.is_chance() ? chance_text({estimate.value, estimate.low, estimate.high},
                                                              static_cast<std::size_t>(forecast.replications))
                                                : five_digits(estimate.value);
  text += fmt::format(" - it is {} (95 %: {} to {})", value, five_digits(estimate.low), five_digits(estimate.high));
  if (!finding.reason.empty()) text += ", " + finding.reason;
  if (finding.verdict != Verdict::pass && finding.origin.line > 0) {
    text += fmt::format(" [{}:{}:{}]", finding.origin.file, finding.origin.line, finding.origin.column);
  }
  return text + "\n";
}

std::string findings_section(const ForecastSummary& forecast, TextStyle style) {
  if (forecast.findings.empty()) return {};
  std::string text = "\nChecks:\n";
  for (const auto& finding : forecast.findings) text += finding_line(finding, forecast, style);
  return text;
}

std::string why_of(const ForecastSummary& forecast) {
  if (forecast.verdict == Verdict::nothing_claimed) {
    return ": the scenario has no threshold of forecast.*, and no --assert";
  }
  const bool lacks_traffic = forecast.verdict == Verdict::inconclusive && !has_requests(forecast);
  return lacks_traffic ? ": no request arrived in any replication" : "";
}

std::string verdict_block(const ForecastSummary& forecast) {
  std::string text = "\n" + double_line() + "Verdict: " + sim::verdict_words(forecast.verdict) + why_of(forecast) +
                     "\nAnswered: " + (forecast.answered ? forecast.answered->text : "-") +
                     " of the requests\nScenario: " + forecast.scenario.file;
  if (!forecast.scenario.title.empty()) text += (forecast.scenario.file.empty() ? "" : " - ") + forecast.scenario.title;
  text += "\nSeed: " + std::to_string(forecast.seed) + "\nDigest: " + hex_digits(forecast.digest) + "\n";
  const bool has_held = forecast.verdict == Verdict::pass || forecast.verdict == Verdict::nothing_claimed;
  if (!has_held && !forecast.replay.empty()) text += "Replay: " + forecast.replay + "\n";
  return text + double_line();
}

}  // namespace

std::string forecast_text(const ForecastSummary& forecast, TextStyle style) {
  return heading(forecast) + cost_section(forecast) + budget_section(forecast.budget) + days_section(forecast) +
         spend_section(forecast.spend) + traffic_section(forecast) + headroom_section(forecast.headroom) +
         findings_section(forecast, style) + verdict_block(forecast);
}

std::string forecast_csv(const ForecastSummary& forecast) {
  std::string text = "date";
  for (const char* name : {"p10", "p50", "p90"}) text += fmt::format(",{0}_usd,{0}_usd_low,{0}_usd_high", name);
  if (forecast.budget) {
    for (const ShareChance& row : forecast.budget->p_exceed) {
      text += fmt::format(",p_exceed_{0},p_exceed_{0}_low,p_exceed_{0}_high", exact_decimal(row.share.value, 6));
    }
  }
  text += "\n";
  for (const ForecastDaySummary& day : forecast.days) {
    text += day.date;
    for (const auto* quantile : {&day.month_to_date.p10, &day.month_to_date.p50, &day.month_to_date.p90}) {
      if (!*quantile) {
        text += ",,,";
        continue;
      }
      for (const UsdSum value : {(*quantile)->value, (*quantile)->low, (*quantile)->high}) {
        text += "," + exact_decimal(value.picos(), kDollarDecimals);
      }
    }
    for (const ShareChance& row : day.p_exceed) {
      // A chance without a hit is not 0: its cell shows the upper bound.
      text += "," + (row.chance.value && !row.chance.bound ? nine_digits(*row.chance.value) : row.chance.text);
      text += "," + nine_digits(row.chance.low) + "," + nine_digits(row.chance.high);
    }
    text += "\n";
  }
  return text;
}

}  // namespace windtunnel::reports
