#include "reports/run/run_summary.h"

// This file is long because what each block of the summary takes from a run stands beside the others.

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "monitor/breaker/breaker_rules.h"
#include "reports/text/enum_names.h"

namespace windtunnel::reports {
namespace {

using monitor::ProviderId;
using monitor::RequestMetrics;

// part / whole to 6 decimals; nothing if the whole is 0.
std::optional<Millionths> share_of(Int128 part, Int128 whole) {
  if (whole == 0) return std::nullopt;
  return Millionths{static_cast<std::int64_t>(rounded_ratio(part, whole, kShareDecimals))};
}

TokenCounts tokens_of(Tokens input, Tokens output, const TokenKinds& kinds) {
  const TokenKindCounts each{kinds.cached_input.count(), kinds.cache_write.count(), kinds.reasoning.count()};
  return {input.count(), output.count(), (input + output).count(), kinds.any() ? std::optional{each} : std::nullopt};
}

LatencySummary latency_of(const Histogram& histogram) {
  return {.count = static_cast<std::int64_t>(histogram.count()),
          .min = histogram.min(),
          .avg = histogram.mean(),
          .p50 = histogram.quantile(Millionths{500'000}),
          .p95 = histogram.quantile(Millionths{950'000}),
          .p99 = histogram.quantile(Millionths{990'000}),
          .max = histogram.max()};
}

// `billed_unknown`: for their calls whose usage is unknown.
RequestSummary requests_of(const RequestMetrics& metrics, UsdSum billed_unknown) {
  return {.requests = metrics.requests(),
          .answered = metrics.answered(),
          .refused = metrics.refused(),
          .failed = metrics.failed(),
          .success_rate = share_of(metrics.answered(), metrics.requests()),
          .outcomes = metrics.outcomes,
          .attempts = metrics.attempts,
          .failed_over = metrics.failed_over,
          .tokens = tokens_of(metrics.input, metrics.output, metrics.kinds),
          .cost = {.billed = metrics.cost + billed_unknown, .known = metrics.cost, .reserved = metrics.cost_unknown},
          .latency = latency_of(metrics.latency),
          .time_to_first_token = latency_of(metrics.time_to_first_token)};
}

// A trial shows no reservation.
RequestSummary without_reservations(RequestSummary summary, const RunReport& report) {
  if (report.seen != nullptr) summary.cost.reserved.reset();
  return summary;
}

const monitor::Metrics& metrics_of(const RunReport& report) {
  return report.seen == nullptr ? report.result.pipeline.metrics() : *report.seen;
}

BreakerSummary breaker_of(const monitor::Breaker& breaker, const monitor::ProviderMetrics& metrics, Instant end) {
  return {.state = can_open(breaker.config()) ? std::optional{breaker.state(end)} : std::nullopt,
          .failures = breaker.window_failures(end),
          .successes = breaker.window_successes(end),
          .error_rate = share_of(breaker.window_failures(end), breaker.window_calls(end)),
          .consecutive_failures = breaker.consecutive_failures(),
          .opened_at = breaker.opened_at(),
          .epoch = breaker.epoch(),
          .opened = metrics.breaker_opened,
          .half_opened = metrics.breaker_half_opened,
          .closed = metrics.breaker_closed,
          .late_results = metrics.late_results};
}

ProviderSummary provider_of(const RunReport& report, std::size_t place) {
  const sim::RunResult& result = report.result;
  const ProviderId id{static_cast<std::uint8_t>(place)};
  const bool is_inside = report.seen == nullptr;
  const monitor::ProviderMetrics& metrics = metrics_of(report).provider(id);
  const sim::LedgerTotals& ledger = result.ledger[place];
  return {.name = result.pipeline.provider(id).name,
          .model = result.pipeline.provider(id).model,
          .calls = metrics.calls,
          .errors = metrics.errors(),
          .error_rate = share_of(metrics.errors(), metrics.calls),
          .replies = metrics.replies,
          .tokens = tokens_of(metrics.input, metrics.output, metrics.kinds),
          .cost = {.billed = ledger.billed,
                   .known = metrics.cost,
                   .reserved = is_inside ? std::optional{metrics.cost_unknown} : std::nullopt},
          .latency = latency_of(metrics.latency),
          .breaker =
              is_inside ? std::optional{breaker_of(result.pipeline.breaker(id), metrics, result.ended)} : std::nullopt,
          .ledger = {.calls = ledger.calls,
                     .bills = {.billed = ledger.billed, .billed_known = ledger.billed_known},
                     .tokens = tokens_of(ledger.input, ledger.output, ledger.kinds)}};
}

// --- The experiment --------------------------------------------------------------------------------------------------

// As four_digits() writes it, so that a summary that is read back is the one that was written.
double in_four_digits(double value) {
  const std::string digits = four_digits(value);
  double rounded = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), rounded);
  return rounded;
}

std::optional<Interval> in_unit(const std::optional<Interval>& interval, double scale) {
  if (!interval) return std::nullopt;
  Interval scaled{.difference = in_four_digits(interval->difference * scale), .no_interval = interval->no_interval};
  if (interval->low) scaled.low = in_four_digits(*interval->low * scale);
  if (interval->high) scaled.high = in_four_digits(*interval->high * scale);
  return scaled;
}

SampleRatioSummary sample_ratio_of(const std::vector<std::int64_t>& units, const monitor::RouterConfig& router) {
  std::vector<std::int64_t> weights;
  for (const monitor::Variant& variant : router.variants) weights.push_back(variant.weight);
  const SampleRatio ratio = sample_ratio(units, weights);
  SampleRatioSummary summary{.units = units, .degrees_of_freedom = ratio.degrees_of_freedom};
  if (!ratio.is_known) return summary;
  summary.mismatch = ratio.is_off;
  summary.chi_square = in_four_digits(ratio.chi_square);
  return summary;
}

std::optional<ExperimentSummary> experiment_of(const RunReport& report) {
  const monitor::Pipeline& pipeline = report.result.pipeline;
  const monitor::RouterConfig& router = pipeline.config().ab_router;
  if (router.variants.empty() || report.seen != nullptr) return std::nullopt;
  check(report.samples != nullptr, "a run with an experiment has its samples");
  ExperimentSummary experiment{.id = router.experiment_id, .intervals = kAbIntervals};
  const std::vector<RequestMetrics> variants = pipeline.metrics().variants();
  const std::vector<AbMeans> means = report.samples->means();
  for (std::size_t i = 0; i < router.variants.size(); ++i) {
    const auto in_ms = means[i].latency_ns ? std::optional{in_four_digits(*means[i].latency_ns / 1e6)} : std::nullopt;
    const auto in_usd = means[i].cost_picos ? std::optional{in_four_digits(*means[i].cost_picos / 1e12)} : std::nullopt;
    experiment.variants.push_back({.id = router.variants[i].id,
                                   .provider = pipeline.provider(router.variants[i].provider).name,
                                   .weight = router.variants[i].weight,
                                   .requests = requests_of(variants[i], report.result.unknown.by_variant[i]),
                                   .latency_mean_ms = in_ms,
                                   .cost_mean_usd = in_usd});
  }
  const std::vector<AbComparison> comparisons = report.samples->comparisons();
  for (std::size_t i = 0; i < comparisons.size(); ++i) {
    experiment.against_first.push_back({.id = router.variants[i + 1].id,
                                        .success_rate = in_unit(comparisons[i].success, 1),
                                        .latency_mean_ms = in_unit(comparisons[i].latency_mean, 1e-6),
                                        .cost_mean_usd = in_unit(comparisons[i].cost_mean, 1e-12)});
  }
  experiment.sample_ratio = sample_ratio_of(report.samples->units(), router);
  return experiment;
}

// --- Workloads -------------------------------------------------------------------------------------------------------

// By workload: each has its labels to itself, its place in file order, from 1. One that sent nothing may have none yet.
struct Labelled {
  RequestMetrics metrics;
  UsdSum billed_unknown;
};
std::vector<Labelled> by_workload(const RunReport& report) {
  std::vector<RequestMetrics> metrics = metrics_of(report).labels();
  metrics.resize(report.scenario.workloads.size() + 1);
  std::vector<Labelled> workloads;
  for (std::size_t i = 1; i < metrics.size(); ++i) {
    workloads.push_back({std::move(metrics[i]), report.result.unknown.by_labels[i]});
  }
  return workloads;
}

RequestSummary requests_of(const Labelled& labelled) { return requests_of(labelled.metrics, labelled.billed_unknown); }

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

// Versions stand in the order in which the file first names the pair.
void add_workloads(RunSummary& summary, const RunReport& report) {
  const std::vector<Labelled> metrics = by_workload(report);
  std::vector<std::pair<std::pair<std::string, std::string>, Labelled>> versions;
  for (std::size_t i = 0; i < report.scenario.workloads.size(); ++i) {
    const sim::WorkloadSpec& workload = report.scenario.workloads[i];
    summary.workloads.push_back({.name = workload.name,
                                 .feature_version = unless_empty(workload.feature_version),
                                 .prompt_version = unless_empty(workload.prompt_version),
                                 .requests = without_reservations(requests_of(metrics[i]), report)});
    std::pair<std::string, std::string> version{workload.feature_version, workload.prompt_version};
    const auto known = std::ranges::find(versions, version, [](const auto& entry) { return entry.first; });
    if (known != versions.end()) {
      known->second.metrics.add(metrics[i].metrics);
      known->second.billed_unknown += metrics[i].billed_unknown;
    } else {
      versions.emplace_back(std::move(version), metrics[i]);
    }
  }
  for (const auto& [version, sum] : versions) {
    summary.versions.push_back({.feature_version = unless_empty(version.first),
                                .prompt_version = unless_empty(version.second),
                                .requests = without_reservations(requests_of(sum), report)});
  }
}

// A route's requests are those of the workloads that ask for it, unless the rows of a trace name routes.
void add_routes(RunSummary& summary, const RunReport& report) {
  const auto& routes = report.scenario.monitor.routing.routes;
  const std::vector<Labelled> metrics = by_workload(report);
  std::vector<Labelled> sums(routes.size());
  const std::vector<RequestMetrics>& counted = metrics_of(report).routes();
  for (std::size_t i = 0; i < counted.size(); ++i) sums[i] = {counted[i], report.result.unknown.by_route[i]};
  for (std::size_t i = 0; counted.empty() && !routes.empty() && i < metrics.size(); ++i) {
    Labelled& sum = sums[index_of(route_of(report.scenario, report.scenario.workloads[i]))];
    sum.metrics.add(metrics[i].metrics);
    sum.billed_unknown += metrics[i].billed_unknown;
  }
  for (std::size_t i = 0; i < routes.size(); ++i) {
    summary.routes.push_back({.name = routes[i].name, .requests = requests_of(sums[i])});
  }
}

void add_clients(RunSummary& summary, const RunReport& report) {
  for (std::size_t i = 0; i < report.result.callers.size(); ++i) {
    if (!report.scenario.workloads[i].client) continue;
    const sim::CallerTotals& totals = report.result.callers[i];
    summary.clients.push_back({.name = report.scenario.workloads[i].name,
                               .wishes = totals.wishes,
                               .answered = totals.answered,
                               .failed = totals.failed,
                               .left = totals.left,
                               .tries = totals.tries,
                               .unread = totals.unread,
                               .calls = totals.calls,
                               .amplification = share_of(totals.calls, totals.wishes)});
  }
}

// --- Limiters and cache ----------------------------------------------------------------------------------------------

RateLimiterSummary rate_limiter_of(const monitor::RateLimiter& limiter) {
  RateLimiterSummary summary{.refused = limiter.refused()};
  if (const auto& requests = limiter.config().requests_per_minute) summary.requests_per_minute = *requests;
  if (const auto& tokens = limiter.config().tokens_per_minute) summary.tokens_per_minute = tokens->count();
  return summary;
}

TokenLimiterSummary token_limiter_of(const monitor::TokenLimiter& limiter) {
  return {.mode = name_of(limiter.config().mode),
          .limit = limiter.config().limit.count(),
          .settled_requests = limiter.settled_requests(),
          .settled_tokens = limiter.settled_tokens().count(),
          .average = share_of(limiter.settled_tokens().count(), limiter.settled_requests()),
          .cut = limiter.cut(),
          .refused = limiter.refused()};
}

CostLimiterSummary cost_limiter_of(const monitor::CostLimiter& limiter, const monitor::LateUsage& late) {
  CostLimiterSummary summary{.monthly = limiter.config().monthly,
                             .daily = limiter.config().daily,
                             .settled = limiter.settled_total(),
                             .refused = limiter.refused(),
                             .refused_by_reservation = limiter.refused_by_reservation(),
                             .overruns = limiter.overruns()};
  if (late.calls > 0) summary.late_usage = {.calls = late.calls, .settled = late.settled, .billed = late.billed};
  for (const bool daily : {false, true}) {
    for (const monitor::BudgetWindow& window : limiter.windows()) {
      if (!window.live || !window.current || window.daily != daily) continue;
      const auto& alerts = limiter.config().alerts;
      summary.windows.push_back(
          {.window = daily ? "day" : "month",
           .begin = iso8601(window.begin),
           .settled = window.settled,
           .reserved = window.reserved,
           .reserved_max = window.reserved_max,
           .limit = limiter.limit_of(window),
           .alerts_fired = static_cast<std::int64_t>(window.alerts_fired),
           .alert_by_refusal = window.refusal_alerted,
           .refused = window.refused,
           .alerts = {alerts.begin(), alerts.begin() + static_cast<std::ptrdiff_t>(window.alerts_fired)}});
    }
  }
  return summary;
}

CacheSummary cache_of(const monitor::Cache& cache, Instant end) {
  return {.entries_held = static_cast<std::int64_t>(cache.size()),
          .entries_fresh = static_cast<std::int64_t>(cache.fresh(end)),
          .capacity = static_cast<std::int64_t>(cache.config().capacity),
          .hits = cache.hits(),
          .misses = cache.misses(),
          .hit_rate = share_of(cache.hits(), Int128{cache.hits()} + cache.misses()),
          .stale_hits = cache.stale_hits(),
          .evictions = cache.evictions(),
          .on = cache.on()};
}

// --- The whole -------------------------------------------------------------------------------------------------------

void add_faults_and_coverage(RunSummary& summary, const RunReport& report) {
  for (std::size_t i = 0; i < report.scenario.faults.size(); ++i) {
    const sim::FaultSpec& fault = report.scenario.faults[i];
    const sim::FaultCount& counted = report.result.faults[i];
    summary.faults.push_back({.id = fault.id,
                              .kind = name_of(fault.kind()),
                              .phases = counted.phases,
                              .touched = counted.touched,
                              .affected = counted.affected,
                              .min_affected = fault.min_affected});
  }
  for (const auto& [name, reached] : report.judgement.coverage) {
    const auto required = report.scenario.coverage.find(name);
    const bool is_unseen = std::ranges::find(report.unseen_counters, name) != report.unseen_counters.end();
    CoverageSummary& counter = summary.coverage.emplace_back(
        CoverageSummary{.name = name, .count = is_unseen ? std::nullopt : std::optional{reached}, .required = {}});
    if (required != report.scenario.coverage.end()) counter.required = required->second;
  }
}

TimingSummary timing_of(const RunReport& report) {
  TimingSummary timing{.wall = report.wall};
  if (report.wall && report.wall->count() > 0) {
    timing.requests_per_second =
        static_cast<std::int64_t>(Int128{report.result.arrivals} * 1'000'000'000 / report.wall->count());
  }
  return timing;
}

}  // namespace

const CoverageSummary* RunSummary::counter(std::string_view name) const {
  const auto found = std::ranges::find(coverage, name, &CoverageSummary::name);
  return found == coverage.end() ? nullptr : &*found;
}

RunSummary run_summary(const RunReport& report) {
  const sim::RunResult& result = report.result;
  const monitor::Metrics& metrics = metrics_of(report);
  RunSummary summary;
  summary.scenario = {report.scenario.file, report.scenario.title, report.scenario.hash};
  summary.seed = result.seed;
  summary.seed_is_the_files = result.seed == report.scenario.seed;
  summary.digest = result.digest;
  summary.verdict = report.judgement.verdict;
  summary.replay = report.replay;
  summary.ended = result.ended;
  summary.stopped = result.stopped;
  summary.events = result.events;
  summary.arrivals = result.arrivals;
  summary.in_flight = result.in_flight;
  summary.in_flight_max = result.in_flight_max;
  summary.calls = metrics.calls();
  const std::vector<UsdSum>& unknown = result.unknown.by_labels;
  summary.users = without_reservations(
      requests_of(metrics.all(), std::accumulate(unknown.begin(), unknown.end(), UsdSum{})), report);
  for (std::size_t i = 0; i < result.pipeline.provider_count(); ++i) {
    const ProviderSummary& provider = summary.providers.emplace_back(provider_of(report, i));
    summary.ledger.billed += provider.ledger.bills.billed;
    summary.ledger.billed_known += provider.ledger.bills.billed_known;
    summary.cost.billed += provider.cost.billed;
    summary.cost.known += provider.cost.known;
    if (provider.cost.reserved) *summary.cost.reserved += *provider.cost.reserved;
  }
  if (report.seen != nullptr) summary.cost.reserved.reset();
  summary.experiment = experiment_of(report);
  add_workloads(summary, report);
  add_routes(summary, report);
  add_clients(summary, report);
  if (report.seen == nullptr) {
    summary.rate_limiter = rate_limiter_of(result.pipeline.rate_limiter());
    summary.token_limiter = token_limiter_of(result.pipeline.token_limiter());
    summary.cost_limiter = cost_limiter_of(result.pipeline.cost_limiter(), result.pipeline.metrics().late_usage());
    summary.cache = cache_of(result.pipeline.cache(), result.ended);
  }
  add_faults_and_coverage(summary, report);
  summary.checks = report.judgement.checks;
  summary.findings = report.judgement.findings;
  summary.notes = report.judgement.notes;
  summary.build = report.build;
  summary.timing = timing_of(report);
  return summary;
}

BuildInfo this_build(std::string version) {
#if defined(__clang__)
  const std::string compiler = "clang " __clang_version__;
#elif defined(__GNUC__)
  const std::string compiler = "g++ " __VERSION__;
#else
  const std::string compiler = "unknown";
#endif
#if defined(__OPTIMIZE__)
  const std::string type = "Release";
#else
  const std::string type = "Debug";
#endif
  return {std::move(version), compiler, type};
}

}  // namespace windtunnel::reports
