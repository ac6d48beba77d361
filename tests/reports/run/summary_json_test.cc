#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/exact_decimal.h"
#include "reports/fields/field_places.h"
#include "reports/run/run_summary.h"
#include "reports/run/run_summary_fields.h"
#include "tests/reports/every_key.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::summary_json_test {
namespace {

using Json = nlohmann::ordered_json;
using monitor::ProviderId;

sim::Scenario busy_world() {
  sim::Scenario scenario = small_world();
  scenario.duration = 5min;
  scenario.workloads[0].arrival = sim::Arrival::poisson;
  scenario.workloads[0].prompts.count = 100;
  sim::WorkloadSpec second = scenario.workloads[0];
  second.name = "batch";
  sim::WorkloadSpec third = scenario.workloads[0];
  third.name = "plain";
  third.feature_version = third.prompt_version = "";
  scenario.workloads = {scenario.workloads[0], second, third};
  scenario.providers[0].time_to_first_token = sim::Law::lognormal_p50_p95(3e8, 2e9);
  scenario.monitor.ab_router = {"ab", {{"a", ProviderId{0}, 3}, {"b", ProviderId{1}, 1}}};
  scenario.faults = {outage_of("openai")};
  scenario.faults[0].at = 60s;
  scenario.faults[0].duration = 60s;
  scenario.faults[0].min_affected = 5;
  scenario.coverage = {{"failover", 5}};
  return scenario;
}

sim::Judgement some_judgement() {
  sim::Judgement judgement;
  judgement.verdict = sim::Verdict::fail;
  judgement.checks = {"B1", "C1"};
  for (const std::string_view name : sim::coverage_counters()) {
    judgement.coverage.emplace_back(name, name == "breaker_opened" ? 1 : name == "failover" ? 7 : 0);
  }
  judgement.findings = {{.kind = sim::Finding::Kind::invariant,
                         .id = "C1",
                         .verdict = sim::Verdict::fail,
                         .claim = "a \"claim\"",
                         .reason = "a reason",
                         .at = Instant{1'500ms},
                         .request = RequestId{3},
                         .origin = {"small.json", 14, 9, "/monitor"}},
                        {.kind = sim::Finding::Kind::fault, .id = "openai-down"}};
  return judgement;
}

class SummaryJson : public testing::Test {
 protected:
  sim::Scenario scenario = busy_world();
  AbSamples samples{2};
  sim::RunResult result = sim::run(scenario, {.observers = {&samples}});
  sim::Judgement judgement = some_judgement();
  RunSummary summary = run_summary({scenario, result, judgement, "again", this_build("0.1.0"), 1'500ms, &samples});
  std::string text = summary_json(summary);
  Json json = Json::parse(text);
};

void expect_money(const Json& json, UsdSum money) {
  EXPECT_EQ(parse_decimal(json.get<std::string>(), kDollarDecimals), money.picos());
}

void expect_requests(const Json& json, const monitor::RequestMetrics& metrics) {
  EXPECT_EQ(json["requests"], metrics.requests());
  EXPECT_EQ(json["answered"], metrics.answered());
  EXPECT_EQ(json["refused"], metrics.refused());
  EXPECT_EQ(json["failed"], metrics.failed());
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    EXPECT_EQ(json["outcomes"][name_of(static_cast<monitor::Outcome>(i))], metrics.outcomes[i]);
  }
  EXPECT_EQ(json["attempts"], metrics.attempts);
  EXPECT_EQ(json["failed_over"], metrics.failed_over);
  EXPECT_EQ(json["tokens"]["input"], metrics.input.count());
  EXPECT_EQ(json["tokens"]["output"], metrics.output.count());
  EXPECT_EQ(json["tokens"]["total"], (metrics.input + metrics.output).count());
  expect_money(json["cost_known_usd"], metrics.cost);
  expect_money(json["cost_reserved_usd"], metrics.cost_unknown);
  EXPECT_EQ(json["latency_ms"]["count"], metrics.latency.count());
  EXPECT_EQ(json["ttft_ms"]["count"], metrics.time_to_first_token.count());
}

// A double holds so few digits exactly: compared as what the digits say, to the nanosecond.
void expect_duration(const Json& json, std::optional<Duration> duration) {
  if (!duration) {
    EXPECT_TRUE(json.is_null());
    return;
  }
  EXPECT_EQ(json.get<double>(), static_cast<double>(duration->count()) / 1e6);
}

void expect_histogram(const Json& json, const Histogram& histogram) {
  expect_duration(json["min"], histogram.min());
  expect_duration(json["avg"], histogram.mean());
  expect_duration(json["p50"], histogram.quantile({500'000}));
  expect_duration(json["p95"], histogram.quantile({950'000}));
  expect_duration(json["p99"], histogram.quantile({990'000}));
  expect_duration(json["max"], histogram.max());
}

TEST_F(SummaryJson, names_which_run_it_was) {
  EXPECT_EQ(json.begin().key(), "windtunnel_summary");
  EXPECT_EQ(json["windtunnel_summary"], 2);
  EXPECT_EQ(json["scenario"].dump(), R"({"file":"small.json","title":"ten requests","hash":"0000000000abcdef"})");
  EXPECT_EQ(json["seed"], 7);
  EXPECT_EQ(json["digest"], hex_digits(result.digest));
  EXPECT_EQ(json["verdict"], "fail");
  EXPECT_EQ(json["events"], result.events);
  EXPECT_EQ(json["arrivals"], result.arrivals);
  EXPECT_EQ(json["in_flight"], 0);
  EXPECT_EQ(json["in_flight_max"], result.in_flight_max);
  EXPECT_EQ(json["ended_s"].get<double>(), static_cast<double>(result.ended.time_since_epoch().count()) / 1e9);
}

TEST_F(SummaryJson, has_the_figures_of_the_run) {
  const monitor::Metrics& metrics = result.pipeline.metrics();
  EXPECT_EQ(json["calls"], metrics.calls());
  expect_money(json["cost_known_usd"], metrics.cost());
  expect_requests(json["users"], metrics.all());
  expect_histogram(json["users"]["latency_ms"], metrics.all().latency);
  expect_histogram(json["users"]["ttft_ms"], metrics.all().time_to_first_token);
  ASSERT_EQ(json["experiment"]["variants"].size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) expect_requests(json["experiment"]["variants"][i], metrics.variants()[i]);
  ASSERT_EQ(json["workloads"].size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) expect_requests(json["workloads"][i], metrics.labels()[i + 1]);
}

TEST_F(SummaryJson, has_the_figures_of_each_provider) {
  std::int64_t billed = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const monitor::ProviderMetrics& metrics =
        result.pipeline.metrics().provider(ProviderId{static_cast<std::uint8_t>(i)});
    const Json& entry = json["providers"][i];
    EXPECT_EQ(entry["name"], scenario.providers[i].name);
    EXPECT_EQ(entry["model"], scenario.providers[i].model);
    EXPECT_EQ(entry["calls"], metrics.calls);
    EXPECT_EQ(entry["errors"], metrics.errors());
    for (std::size_t kind = 0; kind < monitor::kReplyKinds; ++kind) {
      EXPECT_EQ(entry["replies"][name_of(static_cast<monitor::ReplyKind>(kind))], metrics.replies[kind]);
    }
    expect_money(entry["cost_usd"], result.ledger[i].billed);
    expect_money(entry["cost_known_usd"], metrics.cost);
    expect_money(entry["cost_reserved_usd"], metrics.cost_unknown);
    expect_histogram(entry["latency_ms"], metrics.latency);
    EXPECT_EQ(entry["circuit_breaker"]["opened"], metrics.breaker_opened);
    EXPECT_EQ(parse_decimal(entry["ledger"]["billed_usd"].get<std::string>(), kDollarDecimals),
              result.ledger[i].billed.narrow().picos());
    billed += result.ledger[i].billed.narrow().picos();
  }
  EXPECT_GT(json["providers"][0]["circuit_breaker"]["opened"], 0);
  EXPECT_EQ(parse_decimal(json["ledger"]["billed_usd"].get<std::string>(), kDollarDecimals), billed);
}

TEST_F(SummaryJson, merges_workloads_of_one_version) {
  ASSERT_EQ(json["versions"].size(), 2U);
  EXPECT_EQ(json["versions"][0]["feature_version"], "1.2.3");
  EXPECT_TRUE(json["versions"][1]["feature_version"].is_null());
  EXPECT_EQ(json["versions"][0]["requests"].get<int>(),
            json["workloads"][0]["requests"].get<int>() + json["workloads"][1]["requests"].get<int>());
  EXPECT_EQ(
      json["versions"][0]["latency_ms"]["count"].get<int>(),
      json["workloads"][0]["latency_ms"]["count"].get<int>() + json["workloads"][1]["latency_ms"]["count"].get<int>());
}

TEST_F(SummaryJson, has_limiters_faults_coverage_and_findings) {
  const monitor::Pipeline& pipeline = result.pipeline;
  EXPECT_EQ(json["token_limiter"]["settled_tokens"], pipeline.token_limiter().settled_tokens().count());
  EXPECT_EQ(json["cost_limiter"]["monthly_usd"], "5000");
  EXPECT_TRUE(json["cost_limiter"]["daily_usd"].is_null());
  EXPECT_EQ(json["cost_limiter"]["windows"][0]["begin"], "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(json["cost_limiter"]["windows"][0]["settled_usd"],
            exact_decimal(pipeline.cost_limiter().month_settled().picos(), kDollarDecimals));
  EXPECT_EQ(json["cache"]["hits"], pipeline.cache().hits());
  EXPECT_GT(json["cache"]["hits"], 0);
  EXPECT_EQ(json["faults"][0].dump(), R"({"id":"openai-down","kind":"outage","phases":1,"touched":)" +
                                          std::to_string(result.faults[0].touched) + R"(,"affected":)" +
                                          std::to_string(result.faults[0].affected) + R"(,"min_affected":5})");
  EXPECT_EQ(json["coverage"].size(), sim::kCoverageCounters);
  EXPECT_EQ(json["coverage"]["breaker_opened"].dump(), R"({"count":1,"required":null})");
  EXPECT_EQ(json["coverage"]["failover"].dump(), R"({"count":7,"required":5})");
  EXPECT_EQ(json["checks"].dump(), R"(["B1","C1"])");
  EXPECT_EQ(
      json["findings"][0].dump(),
      R"({"kind":"invariant","id":"C1","verdict":"fail","claim":"a \"claim\"","reason":"a reason","at_s":1.5,)"
      R"("request":3,"origin":{"file":"small.json","line":14,"column":9,"pointer":"/monitor"},"value":null,"unit":""})");
  EXPECT_TRUE(json["findings"][1]["origin"].is_null());
}

// All that two equal runs have in common.
Json without_build_and_timing(const RunSummary& summary) {
  Json json = Json::parse(summary_json(summary));
  EXPECT_EQ(json.erase("build") + json.erase("timing"), 2U);
  return json;
}

TEST_F(SummaryJson, differs_between_equal_runs_in_build_and_timing_only) {
  AbSamples again{2};
  const sim::RunResult same = sim::run(scenario, {.observers = {&again}});
  const RunSummary other = run_summary({scenario, same, judgement, "again", {"9", "other", "Debug"}, {}, &again});
  EXPECT_NE(summary_json(other), text);
  EXPECT_EQ(without_build_and_timing(other), without_build_and_timing(summary));
  AbSamples of_another_seed{2};
  const sim::RunResult another = sim::run(scenario, {.seed = 8, .observers = {&of_another_seed}});
  EXPECT_NE(without_build_and_timing(run_summary({scenario, another, judgement, "again", {}, {}, &of_another_seed})),
            without_build_and_timing(summary));
  EXPECT_EQ(json["timing"]["wall_s"], 1.5);
  EXPECT_EQ(json["build"]["version"], "0.1.0");
}

TEST_F(SummaryJson, has_null_for_what_is_unknown) {
  sim::Scenario idle = small_world();
  idle.workloads.clear();
  const sim::RunResult nothing = sim::run(idle);
  const Json empty = Json::parse(summary_json(run_summary({idle, nothing, {}, "", {}, {}})));
  EXPECT_TRUE(empty["users"]["success_rate"].is_null());
  EXPECT_TRUE(empty["users"]["latency_ms"]["p95"].is_null());
  EXPECT_TRUE(empty["providers"][0]["error_rate"].is_null());
  EXPECT_TRUE(empty["experiment"].is_null());
  EXPECT_TRUE(empty["timing"]["wall_s"].is_null());
  EXPECT_EQ(empty["cost_usd"], "0");
}

TEST_F(SummaryJson, comes_back_as_the_summary_that_was_written) {
  const RunSummary read = read_run_summary(text, "summary.json");
  EXPECT_EQ(summary_json(read), text);
  EXPECT_EQ(read.findings[0].at, Instant{1'500ms});
  EXPECT_EQ(read.users.latency.p95, result.pipeline.metrics().all().latency.quantile({950'000}));
  EXPECT_EQ(read.ledger.billed, summary.ledger.billed);
}

TEST_F(SummaryJson, keeps_every_digit_of_a_long_run) {
  summary.ended = Instant{Duration{123'456'789'123'456'789}};
  summary.seed = UINT64_MAX;
  const RunSummary read = read_run_summary(summary_json(summary), "summary.json");
  EXPECT_EQ(read.ended, summary.ended);
  EXPECT_EQ(read.seed, UINT64_MAX);
}

TEST_F(SummaryJson, is_refused_without_any_of_its_values_and_with_one_of_another_type) {
  expect_every_value_is_needed(text, [](const std::string& document) { (void)read_run_summary(document, "a.json"); });
}

TEST_F(SummaryJson, has_each_field_at_the_place_that_a_page_names) {
  const FieldPlaces places = FieldPlaces::of(summary);
  const auto expect = [&](const auto& field, const char* pointer) {
    const Json& value = json[Json::json_pointer{pointer}];
    EXPECT_EQ(places.at(&field).pointer, pointer);
    EXPECT_EQ(places.at(&field).digits, value.is_string() ? value.get<std::string>() : value.dump());
  };
  expect(summary.users.requests, "/users/requests");
  expect(summary.providers[1].latency.p95, "/providers/1/latency_ms/p95");
  expect(summary.providers[0].ledger.bills.billed, "/providers/0/ledger/billed_usd");
  expect(summary.experiment->against_first[0].latency_mean_ms->low, "/experiment/against_first/0/latency_mean_ms/low");
  expect(summary.counter("failover")->required, "/coverage/failover/required");
  expect(summary.users.outcomes[0], "/users/outcomes/served");
  EXPECT_EQ(places.at(&summary.cost_limiter->daily).digits, "");
}

TEST(SummaryReader, refuses_what_is_no_summary_of_its_version) {
  const auto why = [](const std::string& text) {
    return refusal([](const std::string& document) { (void)read_run_summary(document, "a.json"); }, text);
  };
  EXPECT_NE(why("{").find("a.json: cannot read: "), std::string::npos);
  EXPECT_NE(why("[]").find("it has no windtunnel_summary"), std::string::npos);
  EXPECT_NE(why("{}").find("it has no windtunnel_summary"), std::string::npos);
  EXPECT_NE(why(R"({"windtunnel_summary": 99})").find("windtunnel_summary is the number 99"), std::string::npos);
  EXPECT_NE(why(R"({"windtunnel_summary": "1"})").find("is the text \"1\""), std::string::npos);
  EXPECT_NE(why(R"({"windtunnel_summary": 2})").find("/scenario is missing"), std::string::npos);
  EXPECT_NE(why(R"({"windtunnel_summary": 2, "scenario": {"file": "", "title": "", "hash": "xyz"}})").find("xyz"),
            std::string::npos);
  EXPECT_NE(why(R"({"a": 1, "a": 2})").find("\"a\" stands twice"), std::string::npos);
  EXPECT_NE(why(std::string(1000, '[')).find("nests too deeply"), std::string::npos);
}

}  // namespace
}  // namespace windtunnel::reports::summary_json_test
