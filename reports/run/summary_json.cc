#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/calendar.h"
#include "base/json_writer.h"
#include "reports/run/ab_table.h"
#include "reports/run/summary.h"
#include "reports/text/enum_names.h"

namespace windtunnel::reports {
namespace {

using monitor::ProviderId;
using monitor::RequestMetrics;

void put_money(JsonWriter& json, std::string_view key, Usd money) {
  json.key(key).text(exact_decimal(money.picos(), kDollarDecimals));
}

void put_limit(JsonWriter& json, std::string_view key, std::optional<Usd> limit) {
  if (limit) return put_money(json, key, *limit);
  json.key(key).null();
}

// part / whole to 6 decimals; null if there is nothing to divide by.
void put_share(JsonWriter& json, std::string_view key, Int128 part, Int128 whole) {
  json.key(key);
  if (whole == 0) {
    json.null();
    return;
  }
  json.decimal(rounded_ratio(part, whole, kShareDecimals), kShareDecimals);
}

void put_tokens(JsonWriter& json, Tokens input, Tokens output) {
  json.key("tokens").begin_object();
  json.key("input").integer(input.count()).key("output").integer(output.count());
  json.key("total").integer(Int128{input.count()} + output.count()).end_object();
}

void put_histogram(JsonWriter& json, std::string_view key, const Histogram& histogram) {
  json.key(key).begin_object();
  json.key("count").integer(histogram.count());
  json.key("min").milliseconds(histogram.min());
  json.key("avg").milliseconds(histogram.mean());
  json.key("p50").milliseconds(histogram.quantile(Millionths{500'000}));
  json.key("p95").milliseconds(histogram.quantile(Millionths{950'000}));
  json.key("p99").milliseconds(histogram.quantile(Millionths{990'000}));
  json.key("max").milliseconds(histogram.max());
  json.end_object();
}

// The members of an object that counts requests.
void put_requests(JsonWriter& json, const RequestMetrics& metrics) {
  json.key("requests").integer(metrics.requests());
  json.key("answered").integer(metrics.answered()).key("refused").integer(metrics.refused());
  json.key("failed").integer(metrics.failed());
  put_share(json, "success_rate", metrics.answered(), metrics.requests());
  json.key("outcomes").begin_object();
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    json.key(name_of(static_cast<monitor::Outcome>(i))).integer(metrics.outcomes[i]);
  }
  json.end_object();
  json.key("attempts").integer(metrics.attempts).key("failed_over").integer(metrics.failed_over);
  put_tokens(json, metrics.input, metrics.output);
  put_money(json, "cost_usd", metrics.cost);
  put_histogram(json, "latency_ms", metrics.latency);
  put_histogram(json, "ttft_ms", metrics.time_to_first_token);
}

void put_ledger(JsonWriter& json, const sim::LedgerTotals& ledger) {
  json.key("ledger").begin_object();
  json.key("calls").integer(ledger.calls);
  put_money(json, "billed_usd", ledger.billed);
  put_money(json, "billed_known_usd", ledger.billed_known);
  put_tokens(json, ledger.input, ledger.output);
  json.end_object();
}

void put_breaker(JsonWriter& json, const monitor::Breaker& breaker, const monitor::ProviderMetrics& metrics,
                 Instant end) {
  json.key("circuit_breaker").begin_object();
  json.key("state").text(name_of(breaker.state(end)));
  json.key("failures").integer(breaker.window_failures(end));
  json.key("successes").integer(breaker.window_successes(end));
  put_share(json, "error_rate", breaker.window_failures(end), breaker.window_calls(end));
  json.key("consecutive_failures").integer(breaker.consecutive_failures());
  json.key("opened_at_s").seconds(breaker.opened_at());
  json.key("epoch").integer(breaker.epoch());
  json.key("opened").integer(metrics.breaker_opened).key("half_opened").integer(metrics.breaker_half_opened);
  json.key("closed").integer(metrics.breaker_closed).key("late_results").integer(metrics.late_results);
  json.end_object();
}

void put_providers(JsonWriter& json, const sim::RunResult& result) {
  json.key("providers").begin_array();
  for (std::size_t i = 0; i < result.pipeline.provider_count(); ++i) {
    const ProviderId id{static_cast<std::uint8_t>(i)};
    const monitor::ProviderMetrics& metrics = result.pipeline.metrics().provider(id);
    json.begin_object();
    json.key("name").text(result.pipeline.provider(id).name).key("model").text(result.pipeline.provider(id).model);
    json.key("calls").integer(metrics.calls).key("errors").integer(metrics.errors());
    put_share(json, "error_rate", metrics.errors(), metrics.calls);
    json.key("replies").begin_object();
    for (std::size_t kind = 0; kind < monitor::kReplyKinds; ++kind) {
      json.key(name_of(static_cast<monitor::ReplyKind>(kind))).integer(metrics.replies[kind]);
    }
    json.end_object();
    put_tokens(json, metrics.input, metrics.output);
    put_money(json, "cost_usd", metrics.cost);
    put_money(json, "cost_unknown_usd", metrics.cost_unknown);
    put_histogram(json, "latency_ms", metrics.latency);
    put_breaker(json, result.pipeline.breaker(id), metrics, result.ended);
    if (i < result.ledger.size()) put_ledger(json, result.ledger[i]);
    json.end_object();
  }
  json.end_array();
}

void put_interval(JsonWriter& json, const char* name, const std::optional<Interval>& of, double scale) {
  json.key(name);
  if (!of) {
    json.null();
    return;
  }
  json.begin_object().key("difference").number(four_digits(of->difference * scale));
  json.key("low").number(four_digits(of->low * scale)).key("high").number(four_digits(of->high * scale)).end_object();
}

void put_samples(JsonWriter& json, const monitor::RouterConfig& router, const AbSamples& samples) {
  json.key("against_first").begin_array();
  const std::vector<AbComparison> comparisons = samples.comparisons();
  for (std::size_t i = 0; i < comparisons.size(); ++i) {
    json.begin_object().key("id").text(router.variants[i + 1].id);
    put_interval(json, "success_rate", comparisons[i].success, 1);
    put_interval(json, "latency_mean_ms", comparisons[i].latency_mean, 1e-6);
    put_interval(json, "cost_mean_usd", comparisons[i].cost_mean, 1e-12);
    json.end_object();
  }
  json.end_array();
  std::vector<std::int64_t> weights;
  for (const monitor::Variant& variant : router.variants) weights.push_back(variant.weight);
  const SampleRatio ratio = sample_ratio(samples.units(), weights);
  json.key("sample_ratio").begin_object().key("units").begin_array();
  for (const std::int64_t units : samples.units()) json.integer(units);
  json.end_array().key("mismatch");
  ratio.is_known ? json.boolean(ratio.is_off) : json.null();
  json.key("chi_square");
  ratio.is_known ? json.number(four_digits(ratio.chi_square)) : json.null();
  json.key("degrees_of_freedom").integer(ratio.degrees_of_freedom).end_object();
}

void put_experiment(JsonWriter& json, const RunReport& report) {
  const monitor::Pipeline& pipeline = report.result.pipeline;
  const monitor::RouterConfig& router = pipeline.config().ab_router;
  json.key("experiment");
  if (router.variants.empty()) {
    json.null();
    return;
  }
  const std::vector<RequestMetrics> variants = pipeline.metrics().variants();
  json.begin_object().key("id").text(router.experiment_id).key("variants").begin_array();
  for (std::size_t i = 0; i < router.variants.size(); ++i) {
    json.begin_object().key("id").text(router.variants[i].id);
    json.key("provider").text(pipeline.provider(router.variants[i].provider).name);
    json.key("weight").integer(router.variants[i].weight);
    put_requests(json, variants[i]);
    json.end_object();
  }
  json.end_array();
  if (report.samples != nullptr) put_samples(json, router, *report.samples);
  json.end_object();
}

// By workload: each has its labels to itself, its place in file order, from 1. One that sent nothing may have none yet.
std::vector<RequestMetrics> by_workload(const RunReport& report) {
  std::vector<RequestMetrics> metrics = report.result.pipeline.metrics().labels();
  metrics.resize(report.scenario.workloads.size() + 1);
  metrics.erase(metrics.begin());
  return metrics;
}

void put_workloads(JsonWriter& json, const RunReport& report) {
  const std::vector<RequestMetrics> metrics = by_workload(report);
  json.key("workloads").begin_array();
  for (std::size_t i = 0; i < report.scenario.workloads.size(); ++i) {
    const sim::WorkloadSpec& workload = report.scenario.workloads[i];
    json.begin_object().key("name").text(workload.name);
    json.key("feature_version").text_or_null(workload.feature_version);
    json.key("prompt_version").text_or_null(workload.prompt_version);
    put_requests(json, metrics[i]);
    json.end_object();
  }
  json.end_array();
}

// Over all workloads of one feature and prompt version, in the order in which the file first names the pair.
void put_versions(JsonWriter& json, const RunReport& report) {
  const std::vector<RequestMetrics> metrics = by_workload(report);
  std::vector<std::pair<std::pair<std::string, std::string>, RequestMetrics>> versions;
  for (std::size_t i = 0; i < report.scenario.workloads.size(); ++i) {
    const sim::WorkloadSpec& workload = report.scenario.workloads[i];
    std::pair<std::string, std::string> version{workload.feature_version, workload.prompt_version};
    std::size_t place = 0;
    while (place < versions.size() && versions[place].first != version) ++place;
    if (place == versions.size()) versions.emplace_back(std::move(version), RequestMetrics{});
    versions[place].second.add(metrics[i]);
  }
  json.key("versions").begin_array();
  for (const auto& [version, sum] : versions) {
    json.begin_object().key("feature_version").text_or_null(version.first);
    json.key("prompt_version").text_or_null(version.second);
    put_requests(json, sum);
    json.end_object();
  }
  json.end_array();
}

void put_budget_windows(JsonWriter& json, const monitor::CostLimiter& limiter) {
  json.key("windows").begin_array();
  for (const bool daily : {false, true}) {
    for (const monitor::BudgetWindow& window : limiter.windows()) {
      if (!window.live || !window.current || window.daily != daily) continue;
      json.begin_object().key("window").text(daily ? "day" : "month");
      json.key("begin").text(iso8601(window.begin));
      put_money(json, "settled_usd", window.settled);
      put_money(json, "reserved_usd", window.reserved);
      put_limit(json, "limit_usd", limiter.limit_of(window));
      json.key("alerts_fired").integer(window.alerts_fired).key("refused").boolean(window.refused);
      json.end_object();
    }
  }
  json.end_array();
}

void put_limiters(JsonWriter& json, const monitor::Pipeline& pipeline) {
  json.key("rate_limiter").begin_object().key("refused").integer(pipeline.rate_limiter().refused()).end_object();

  const monitor::TokenLimiter& tokens = pipeline.token_limiter();
  json.key("token_limiter").begin_object().key("mode").text(word_of(tokens.config().mode));
  json.key("limit").integer(tokens.config().limit.count());
  json.key("settled_requests").integer(tokens.settled_requests());
  json.key("settled_tokens").integer(tokens.settled_tokens().count());
  put_share(json, "average", tokens.settled_tokens().count(), tokens.settled_requests());
  json.key("cut").integer(tokens.cut()).key("refused").integer(tokens.refused()).end_object();

  const monitor::CostLimiter& costs = pipeline.cost_limiter();
  json.key("cost_limiter").begin_object();
  put_limit(json, "monthly_usd", costs.config().monthly);
  put_limit(json, "daily_usd", costs.config().daily);
  put_money(json, "settled_usd", costs.settled_total());
  json.key("refused").integer(costs.refused()).key("overruns").integer(costs.overruns());
  put_budget_windows(json, costs);
  json.end_object();

  const monitor::Cache& cache = pipeline.cache();
  json.key("cache").begin_object();
  json.key("entries").integer(static_cast<Int128>(cache.size()));
  json.key("capacity").integer(static_cast<Int128>(cache.config().capacity));
  json.key("hits").integer(cache.hits()).key("misses").integer(cache.misses());
  put_share(json, "hit_rate", cache.hits(), Int128{cache.hits()} + cache.misses());
  json.key("stale_hits").integer(cache.stale_hits()).key("evictions").integer(cache.evictions()).end_object();
}

void put_totals(JsonWriter& json, const sim::RunResult& result) {
  const monitor::Metrics& metrics = result.pipeline.metrics();
  Int128 billed = 0, billed_known = 0;
  for (const sim::LedgerTotals& ledger : result.ledger) {
    billed += ledger.billed.picos();
    billed_known += ledger.billed_known.picos();
  }
  json.key("calls").integer(metrics.calls());
  put_money(json, "cost_usd", metrics.cost());
  json.key("ledger").begin_object();
  json.key("billed_usd").text(exact_decimal(billed, kDollarDecimals));
  json.key("billed_known_usd").text(exact_decimal(billed_known, kDollarDecimals)).end_object();
  json.key("users").begin_object();
  put_requests(json, metrics.all());
  json.end_object();
}

void put_faults_and_coverage(JsonWriter& json, const RunReport& report) {
  json.key("faults").begin_array();
  for (std::size_t i = 0; i < report.scenario.faults.size() && i < report.result.faults.size(); ++i) {
    const sim::FaultSpec& fault = report.scenario.faults[i];
    const sim::FaultCount& counted = report.result.faults[i];
    json.begin_object().key("id").text(fault.id).key("kind").text(name_of(fault.kind()));
    json.key("phases").integer(counted.phases).key("touched").integer(counted.touched);
    json.key("affected").integer(counted.affected).key("min_affected").integer(fault.min_affected).end_object();
  }
  json.end_array();
  json.key("coverage").begin_object();
  for (const auto& [name, reached] : report.judgement.coverage) {
    const auto required = report.scenario.coverage.find(name);
    json.key(name).begin_object().key("count").integer(reached).key("required");
    required == report.scenario.coverage.end() ? json.null() : json.integer(required->second);
    json.end_object();
  }
  json.end_object();
}

void put_findings(JsonWriter& json, const sim::Judgement& judgement) {
  json.key("checks").begin_array();
  for (const std::string& check : judgement.checks) json.text(check);
  json.end_array();
  json.key("findings").begin_array();
  for (const sim::Finding& finding : judgement.findings) {
    json.begin_object().key("kind").text(name_of(finding.kind)).key("id").text(finding.id);
    json.key("verdict").text(name_of(finding.verdict));
    json.key("claim").text(finding.claim).key("reason").text(finding.reason);
    json.key("at_s").seconds(finding.at).key("request");
    finding.request ? json.integer(number_of(*finding.request)) : json.null();
    json.key("origin");
    if (finding.origin.line == 0) {
      json.null();
    } else {
      json.begin_object().key("file").text(finding.origin.file).key("line").integer(finding.origin.line);
      json.key("column").integer(finding.origin.column).key("pointer").text(finding.origin.pointer).end_object();
    }
    json.end_object();
  }
  json.end_array();
}

void put_build_and_timing(JsonWriter& json, const RunReport& report) {
  json.key("build").begin_object().key("version").text(report.build.version);
  json.key("compiler").text(report.build.compiler).key("type").text(report.build.type).end_object();
  json.key("timing").begin_object().key("wall_s");
  report.wall ? json.decimal(report.wall->count(), kSecondDecimals) : json.null();
  json.key("requests_per_second");
  if (report.wall && report.wall->count() > 0) {
    json.integer(Int128{report.result.arrivals} * 1'000'000'000 / report.wall->count());
  } else {
    json.null();
  }
  json.end_object();
}

}  // namespace

std::string summary_json(const RunReport& report) {
  const sim::RunResult& result = report.result;
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key("windtunnel_summary").integer(kSummaryVersion);
  json.key("scenario").begin_object().key("file").text(report.scenario.file);
  json.key("title").text(report.scenario.title).key("hash").hex(report.scenario.hash).end_object();
  json.key("seed").integer(result.seed).key("digest").hex(result.digest);
  json.key("verdict").text(name_of(report.judgement.verdict)).key("replay").text(report.replay);
  json.key("ended_s").seconds(result.ended).key("stopped").boolean(result.stopped);
  json.key("events").integer(result.events).key("arrivals").integer(result.arrivals);
  json.key("in_flight").integer(result.in_flight).key("in_flight_max").integer(result.in_flight_max);
  put_totals(json, result);
  put_providers(json, result);
  put_experiment(json, report);
  put_workloads(json, report);
  put_versions(json, report);
  put_limiters(json, result.pipeline);
  put_faults_and_coverage(json, report);
  put_findings(json, report.judgement);
  put_build_and_timing(json, report);
  json.end_object();
  return text + "\n";
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
