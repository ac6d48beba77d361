#pragma once
// The fields of a run's summary, in the order of summary.json: field_writer.h describes their use.

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "reports/fields/field_writer.h"
#include "reports/run/run_summary.h"
#include "sim/checks/claims/coverage.h"

namespace windtunnel::reports {

template <>
inline constexpr std::size_t kEnumerators<sim::Verdict> = sim::kVerdicts;
template <>
inline constexpr std::size_t kEnumerators<sim::Finding::Kind> = 6;
template <>
inline constexpr std::size_t kEnumerators<monitor::BreakerState> = 3;

// Four significant digits, which is as much as the intervals of an experiment are worth.
struct AsFourDigits {
  static constexpr const char* kExpected = "a number";
  static void write(JsonWriter& json, double value) { json.number(four_digits(value)); }
  static bool read(const JsonNode& node, double& value) {
    const auto number = double_in(node);
    value = number.value_or(0);
    return number.has_value();
  }
};

// As many digits as give the same number when it is read back.
struct AsShortest {
  static constexpr const char* kExpected = "a number";
  static void write(JsonWriter& json, double value) { json.number(fmt::format("{}", value)); }
  static bool read(const JsonNode& node, double& value) { return AsFourDigits::read(node, value); }
};

// The names of an enum's values, from 0.
template <class Enum, std::size_t count>
std::array<std::string_view, count> names_of() {
  std::array<std::string_view, count> names;
  for (std::size_t i = 0; i < count; ++i) names[i] = name_of(static_cast<Enum>(i));
  return names;
}

void visit_fields(auto& fields, FieldsOf<ScenarioName> auto& scenario) {
  fields("file", scenario.file);
  fields("title", scenario.title);
  fields("hash", written_as<AsHex>(scenario.hash));
}

void visit_fields(auto& fields, FieldsOf<BuildInfo> auto& build) {
  fields("version", build.version);
  fields("compiler", build.compiler);
  fields("type", build.type);
}

void visit_fields(auto& fields, FieldsOf<TimingSummary> auto& timing) {
  fields("wall_s", written_as<AsSeconds>(timing.wall));
  fields("requests_per_second", timing.requests_per_second);
}

void visit_fields(auto& fields, FieldsOf<TokenKindCounts> auto& kinds) {
  fields("cached_input", kinds.cached_input);
  fields("cache_write", kinds.cache_write);
  fields("reasoning", kinds.reasoning);
}

void visit_fields(auto& fields, FieldsOf<TokenCounts> auto& tokens) {
  fields("input", tokens.input);
  fields("output", tokens.output);
  fields("total", tokens.total);
  fields.if_present("kinds", tokens.kinds);
}

void visit_fields(auto& fields, FieldsOf<LatencySummary> auto& latency) {
  fields("count", latency.count);
  fields("min", latency.min);
  fields("avg", latency.avg);
  fields("p50", latency.p50);
  fields("p95", latency.p95);
  fields("p99", latency.p99);
  fields("max", latency.max);
}

void visit_fields(auto& fields, FieldsOf<CostSummary> auto& cost) {
  fields("cost_usd", cost.billed);
  fields("cost_known_usd", cost.known);
  fields("cost_reserved_usd", cost.reserved);
}

void visit_fields(auto& fields, FieldsOf<RequestSummary> auto& requests) {
  fields("requests", requests.requests);
  fields("answered", requests.answered);
  fields("refused", requests.refused);
  fields("failed", requests.failed);
  fields("success_rate", requests.success_rate);
  fields.by_name("outcomes", requests.outcomes, names_of<monitor::Outcome, monitor::kOutcomes>());
  fields("attempts", requests.attempts);
  fields("failed_over", requests.failed_over);
  fields("tokens", requests.tokens);
  visit_fields(fields, requests.cost);
  fields("latency_ms", requests.latency);
  fields("ttft_ms", requests.time_to_first_token);
}

void visit_fields(auto& fields, FieldsOf<LedgerSummary> auto& ledger) {
  fields("billed_usd", ledger.billed);
  fields("billed_known_usd", ledger.billed_known);
}

void visit_fields(auto& fields, FieldsOf<ProviderLedgerSummary> auto& ledger) {
  fields("calls", ledger.calls);
  visit_fields(fields, ledger.bills);
  fields("tokens", ledger.tokens);
}

void visit_fields(auto& fields, FieldsOf<BreakerSummary> auto& breaker) {
  fields("state", breaker.state);
  fields("failures", breaker.failures);
  fields("successes", breaker.successes);
  fields("error_rate", breaker.error_rate);
  fields("consecutive_failures", breaker.consecutive_failures);
  fields("opened_at_s", breaker.opened_at);
  fields("epoch", breaker.epoch);
  fields("opened", breaker.opened);
  fields("half_opened", breaker.half_opened);
  fields("closed", breaker.closed);
  fields("late_results", breaker.late_results);
}

void visit_fields(auto& fields, FieldsOf<ProviderSummary> auto& provider) {
  fields("name", provider.name);
  fields("model", provider.model);
  fields("calls", provider.calls);
  fields("errors", provider.errors);
  fields("error_rate", provider.error_rate);
  fields.by_name("replies", provider.replies, names_of<monitor::ReplyKind, monitor::kReplyKinds>());
  fields("tokens", provider.tokens);
  visit_fields(fields, provider.cost);
  fields("latency_ms", provider.latency);
  fields("circuit_breaker", provider.breaker);
  fields("ledger", provider.ledger);
}

void visit_fields(auto& fields, FieldsOf<Interval> auto& interval) {
  fields("difference", written_as<AsFourDigits>(interval.difference));
  fields("low", written_as<AsFourDigits>(interval.low));
  fields("high", written_as<AsFourDigits>(interval.high));
  fields("no_interval", interval.no_interval);
}

void visit_fields(auto& fields, FieldsOf<VariantSummary> auto& variant) {
  fields("id", variant.id);
  fields("provider", variant.provider);
  fields("weight", variant.weight);
  visit_fields(fields, variant.requests);
}

void visit_fields(auto& fields, FieldsOf<AgainstFirstSummary> auto& against) {
  fields("id", against.id);
  fields("success_rate", against.success_rate);
  fields("latency_mean_ms", against.latency_mean_ms);
  fields("cost_mean_usd", against.cost_mean_usd);
}

void visit_fields(auto& fields, FieldsOf<SampleRatioSummary> auto& ratio) {
  fields("units", ratio.units);
  fields("mismatch", ratio.mismatch);
  fields("chi_square", written_as<AsFourDigits>(ratio.chi_square));
  fields("degrees_of_freedom", ratio.degrees_of_freedom);
}

void visit_fields(auto& fields, FieldsOf<ExperimentSummary> auto& experiment) {
  fields("id", experiment.id);
  fields("variants", experiment.variants);
  fields("intervals", experiment.intervals);
  fields("against_first", experiment.against_first);
  fields("sample_ratio", experiment.sample_ratio);
}

void visit_fields(auto& fields, FieldsOf<WorkloadSummary> auto& workload) {
  fields("name", workload.name);
  fields("feature_version", workload.feature_version);
  fields("prompt_version", workload.prompt_version);
  visit_fields(fields, workload.requests);
}

void visit_fields(auto& fields, FieldsOf<VersionSummary> auto& version) {
  fields("feature_version", version.feature_version);
  fields("prompt_version", version.prompt_version);
  visit_fields(fields, version.requests);
}

void visit_fields(auto& fields, FieldsOf<ClientSummary> auto& client) {
  fields("name", client.name);
  fields("wishes", client.wishes);
  fields("answered", client.answered);
  fields("failed", client.failed);
  fields("left", client.left);
  fields("tries", client.tries);
  fields("unread", client.unread);
  fields("calls", client.calls);
  fields("amplification", client.amplification);
}

void visit_fields(auto& fields, FieldsOf<RouteSummary> auto& route) {
  fields("name", route.name);
  visit_fields(fields, route.requests);
}

void visit_fields(auto& fields, FieldsOf<RateLimiterSummary> auto& limiter) { fields("refused", limiter.refused); }

void visit_fields(auto& fields, FieldsOf<TokenLimiterSummary> auto& limiter) {
  fields("mode", limiter.mode);
  fields("limit", limiter.limit);
  fields("settled_requests", limiter.settled_requests);
  fields("settled_tokens", limiter.settled_tokens);
  fields("average", limiter.average);
  fields("cut", limiter.cut);
  fields("refused", limiter.refused);
}

void visit_fields(auto& fields, FieldsOf<BudgetWindowSummary> auto& window) {
  fields("window", window.window);
  fields("begin", window.begin);
  fields("settled_usd", window.settled);
  fields("reserved_usd", window.reserved);
  fields("reserved_max_usd", window.reserved_max);
  fields("limit_usd", window.limit);
  fields("alerts_fired", window.alerts_fired);
  fields("alert_by_refusal", window.alert_by_refusal);
  fields("refused", window.refused);
}

void visit_fields(auto& fields, FieldsOf<LateUsageSummary> auto& late) {
  fields("calls", late.calls);
  fields("settled_usd", late.settled);
  fields("billed_usd", late.billed);
}

void visit_fields(auto& fields, FieldsOf<CostLimiterSummary> auto& limiter) {
  fields("monthly_usd", limiter.monthly);
  fields("daily_usd", limiter.daily);
  fields("settled_usd", limiter.settled);
  fields("refused", limiter.refused);
  fields("refused_by_reservation", limiter.refused_by_reservation);
  fields("overruns", limiter.overruns);
  fields.if_present("late_usage", limiter.late_usage);
  fields("windows", limiter.windows);
}

void visit_fields(auto& fields, FieldsOf<CacheSummary> auto& cache) {
  fields("entries_held", cache.entries_held);
  fields("entries_fresh", cache.entries_fresh);
  fields("capacity", cache.capacity);
  fields("hits", cache.hits);
  fields("misses", cache.misses);
  fields("hit_rate", cache.hit_rate);
  fields("stale_hits", cache.stale_hits);
  fields("evictions", cache.evictions);
}

void visit_fields(auto& fields, FieldsOf<FaultSummary> auto& fault) {
  fields("id", fault.id);
  fields("kind", fault.kind);
  fields("phases", fault.phases);
  fields("touched", fault.touched);
  fields("affected", fault.affected);
  fields("min_affected", fault.min_affected);
}

void visit_fields(auto& fields, FieldsOf<CoverageSummary> auto& counter) {
  fields("count", counter.count);
  fields("required", counter.required);
}

void visit_fields(auto& fields, FieldsOf<sim::Origin> auto& origin) {
  fields("file", origin.file);
  fields("line", origin.line);
  fields("column", origin.column);
  fields("pointer", origin.pointer);
}

void visit_fields(auto& fields, FieldsOf<sim::Finding> auto& finding) {
  fields("kind", finding.kind);
  fields("id", finding.id);
  fields("verdict", finding.verdict);
  fields("claim", finding.claim);
  fields("reason", finding.reason);
  fields("at_s", finding.at);
  fields("request", finding.request);
  fields.null_if(finding.origin.line == 0, "origin", finding.origin);
  fields("value", written_as<AsShortest>(finding.value));
  fields("unit", finding.unit);
}

void visit_fields(auto& fields, FieldsOf<TrialRequestsSummary> auto& requests) {
  fields("total", requests.total);
  for (std::size_t i = 0; i < kTrialViews.size(); ++i) fields(kTrialViews[i], requests.views[i]);
  fields("failed_over", requests.failed_over);
  fields("sent_by_a_program", requests.sent_by_a_program);
}

void visit_fields(auto& fields, FieldsOf<TrialCallsSummary> auto& calls) {
  fields("total", calls.total);
  fields("unasked", calls.unasked);
  fields("most_for_one_request", calls.most_for_one_request);
  fields("after_the_end", calls.after_the_end);
  fields("left_by_gateway", calls.left_by_gateway);
}

void visit_fields(auto& fields, FieldsOf<TrialSpansSummary> auto& spans) {
  fields("calls", spans.calls);
  fields("of_callers", spans.of_callers);
  fields("others", spans.others);
  fields("unreadable", spans.unreadable);
  fields("refused", spans.refused);
  fields("first_problem", spans.first_problem);
}

void visit_fields(auto& fields, FieldsOf<AgreementRow> auto& row) {
  fields("name", row.name);
  fields("unit", row.unit);
  fields("observed", row.observed);
  fields("low", row.low);
  fields("high", row.high);
  fields("median", row.median);
  fields("inside", row.is_inside);
  fields("explanation", row.explanation);
}

void visit_fields(auto& fields, FieldsOf<AgreementSummary> auto& agreement) {
  fields("seeds", agreement.seeds);
  fields("rows", agreement.rows);
  fields("first_divergence", agreement.first_divergence);
}

void visit_fields(auto& fields, FieldsOf<TrialSummary> auto& trial) {
  fields("gateway", trial.gateway);
  fields("clock", trial.clock);
  fields("requests", trial.requests);
  fields("calls", trial.calls);
  fields("billed_usd", trial.billed);
  fields("billed_unused_usd", trial.billed_unused);
  fields("latency_p50_ms", trial.latency_p50);
  fields("latency_p95_ms", trial.latency_p95);
  fields("first_byte_p50_ms", trial.first_byte_p50);
  fields("added_p50_ms", trial.added_p50);
  fields("added_p95_ms", trial.added_p95);
  fields("lateness_max_ms", trial.lateness_max);
  fields.if_present("spans", trial.spans);
  fields.if_present("agreement", trial.agreement);
  fields("not_observed", trial.not_observed);
}

void visit_fields(auto& fields, FieldsOf<RunSummary> auto& run) {
  fields("scenario", run.scenario);
  fields("seed", run.seed);
  fields("digest", written_as<AsHex>(run.digest));
  fields("verdict", run.verdict);
  fields("replay", run.replay);
  fields("ended_s", run.ended);
  fields("stopped", run.stopped);
  fields("events", run.events);
  fields("arrivals", run.arrivals);
  fields("in_flight", run.in_flight);
  fields("in_flight_max", run.in_flight_max);
  fields("calls", run.calls);
  visit_fields(fields, run.cost);
  fields("ledger", run.ledger);
  fields("users", run.users);
  fields("providers", run.providers);
  fields("experiment", run.experiment);
  fields("workloads", run.workloads);
  fields("versions", run.versions);
  fields("routes", run.routes);
  fields("clients", run.clients);
  fields("rate_limiter", run.rate_limiter);
  fields("token_limiter", run.token_limiter);
  fields("cost_limiter", run.cost_limiter);
  fields("cache", run.cache);
  fields("faults", run.faults);
  fields.keyed("coverage", run.coverage, sim::coverage_counters());
  fields("checks", run.checks);
  fields("findings", run.findings);
  fields("notes", run.notes);
  fields.if_present("trial", run.trial);
  fields("build", run.build);
  fields("timing", run.timing);
}

}  // namespace windtunnel::reports
