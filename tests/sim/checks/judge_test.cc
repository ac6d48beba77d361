// What a run claims, and that a run without evidence does not pass.

#include "sim/checks/judge.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::judge_test {
namespace {

using namespace std::chrono_literals;

Judgement judged(const Scenario& scenario, const RunOptions& options = {}) {
  Judge judge{scenario};
  RunOptions observed = options;
  observed.observers = {&judge};
  return judge.judge(run(scenario, observed));
}

Scenario ten_requests() { return world(10s, workload("chat", per_second(1))); }

ThresholdSpec at_most(Metric metric, std::int64_t count) {
  return {.text = "count<=" + std::to_string(count),
          .metric = "m",
          .of = metric,
          .aggregate = Aggregate::count,
          .comparison = Comparison::less_equal,
          .bound = count * 1'000'000};
}

TEST(Judge, a_file_that_claims_nothing_has_nothing_that_passes) {
  EXPECT_EQ(judged(ten_requests()).verdict, Verdict::nothing_claimed);
}

TEST(Judge, a_threshold_a_minimum_and_liveness_are_claims) {
  Scenario with_threshold = ten_requests();
  with_threshold.thresholds = {at_most(Metric::requests_failed, 0)};
  EXPECT_EQ(judged(with_threshold).verdict, Verdict::pass);
  Scenario with_coverage = ten_requests();
  with_coverage.coverage["tie_in_time"] = 0;
  EXPECT_EQ(judged(with_coverage).claims, 0U) << "a minimum of 0 cannot be missed";
  with_coverage.coverage["retry"] = 1;
  EXPECT_EQ(judged(with_coverage).claims, 1U);
  Scenario with_liveness = ten_requests();
  with_liveness.liveness = LivenessSpec{.heal_at = 1s, .recover_within = 2s};
  EXPECT_EQ(judged(with_liveness).claims, 1U);
}

TEST(Judge, min_affected_is_a_claim_only_where_it_is_written_down) {
  Scenario scenario = ten_requests();
  scenario.faults = {fault("down", Outage{})};
  EXPECT_EQ(judged(scenario).verdict, Verdict::nothing_claimed);
  scenario.origins["/faults/0/expect/min_affected"] = {};
  EXPECT_EQ(judged(scenario).verdict, Verdict::pass);
  EXPECT_EQ(judged(scenario).claims, 1U);
  scenario.faults[0].min_affected = 0;
  EXPECT_EQ(judged(scenario).verdict, Verdict::nothing_claimed) << "a minimum of 0 cannot be missed";
}

TEST(Judge, without_traffic_every_run_is_inconclusive_and_a_finding_reports_why) {
  Scenario scenario = ten_requests();
  scenario.workloads[0].rate.count = Millionths{0};
  for (const bool has_claims : {false, true}) {
    if (has_claims) scenario.thresholds = {at_most(Metric::requests, 0), at_most(Metric::cost_usd, 5)};
    const Judgement judgement = judged(scenario);
    EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
    ASSERT_FALSE(judgement.findings.empty());
    EXPECT_EQ(judgement.findings.back().kind, Finding::Kind::traffic);
    EXPECT_EQ(judgement.findings.back().reason, "no request arrived, so nothing was tried");
    EXPECT_EQ(judgement.findings.back().id, "requests arrive");
    EXPECT_EQ(judgement.findings.back().claim, "at least one request arrives");
    for (const Finding& finding : judgement.findings) EXPECT_EQ(finding.verdict, Verdict::inconclusive) << finding.id;
  }
}

TEST(Judge, a_run_that_ends_before_its_first_request_is_inconclusive) {
  Scenario scenario = ten_requests();
  scenario.workloads[0].start = 1s;
  scenario.thresholds = {at_most(Metric::requests_failed, 0)};
  EXPECT_EQ(judged(scenario, {.until = 0s}).verdict, Verdict::inconclusive);
}

TEST(Judge, a_run_that_ends_before_its_first_request_has_ended_is_inconclusive) {
  Scenario scenario = world(10s, workload("chat", per_second(1)), provider("alpha", Law::fixed(100e6)));
  for (const bool has_claims : {false, true}) {
    if (has_claims) scenario.thresholds = {at_most(Metric::requests_failed, 0)};
    const Judgement judgement = judged(scenario, {.until = 0s});
    EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
    EXPECT_EQ(judgement.findings.back().reason, "1 request was in flight and none had ended, so nothing was shown");
    EXPECT_EQ(judgement.findings.back().id, "requests end");
    EXPECT_EQ(judgement.findings.back().claim, "at least one request ends");
  }
}

TEST(Judge, a_run_judges_no_threshold_of_a_forecast) {
  Scenario scenario = ten_requests();
  scenario.forecast_thresholds = {{.text = "avg<1", .metric = "forecast.cost_usd"}};
  const Judgement alone = judged(scenario);
  EXPECT_EQ(alone.verdict, Verdict::inconclusive);
  EXPECT_EQ(alone.findings.back().reason, "a run does not judge it: windtunnel forecast does");
  scenario.thresholds = {at_most(Metric::requests_failed, 0)};
  EXPECT_EQ(judged(scenario).verdict, Verdict::pass) << "the run judges its own claim";
}

// A fault must change results; calls that it touches without an effect are not enough.
TEST(Judge, a_fault_that_touches_calls_and_changes_none_is_inconclusive) {
  Scenario scenario = ten_requests();
  ErrorBurst idle;
  idle.rate = 0;
  scenario.faults = {fault("idle", idle)};
  Judge judge{scenario};
  const RunResult result = run(scenario, {.observers = {&judge}});
  ASSERT_GT(result.faults[0].touched, 0);
  ASSERT_EQ(result.faults[0].affected, 0);
  const Judgement judgement = judge.judge(result);
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  EXPECT_EQ(judgement.findings.front().reason,
            fmt::format("it touched {} calls and changed the result of 0", result.faults[0].touched));
}

TEST(Judge, min_affected_is_met_by_exactly_as_many_results) {
  Scenario scenario = ten_requests();
  scenario.faults = {fault("down", Outage{}, 0s, 4s)};
  scenario.origins["/faults/0/expect/min_affected"] = {};
  for (const std::int64_t least : {4, 5}) {
    scenario.faults[0].min_affected = least;
    EXPECT_EQ(judged(scenario).verdict, least == 4 ? Verdict::pass : Verdict::inconclusive) << least;
  }
}

// Three rows at 0, 1 and 2 s, or at twice these times.
Scenario replayed(Duration duration, double time_scale = 1) {
  WorkloadSpec load = workload("chat", Rate{});
  load.executor = TraceReplay{.trace = "t.csv", .time_scale = time_scale};
  for (int i = 0; i < 3; ++i) load.requests.push_back({.at = i * 1s});
  Scenario scenario = world(duration, load);
  scenario.thresholds = {at_most(Metric::requests_failed, 0)};
  return scenario;
}

TEST(Judge, a_run_that_does_not_play_every_row_is_inconclusive) {
  EXPECT_EQ(judged(replayed(2s + 1ns)).verdict, Verdict::pass);
  const Judgement cut = judged(replayed(2s));
  EXPECT_EQ(cut.verdict, Verdict::inconclusive);
  EXPECT_EQ(cut.findings.back().reason,
            "1 of its 3 rows come after the end at 2.000 s; \"until\" leaves rows out on purpose");
  EXPECT_EQ(judged(replayed(4s, 2)).verdict, Verdict::inconclusive);
  EXPECT_EQ(judged(replayed(4s + 1ns, 2)).verdict, Verdict::pass);
  Scenario by_load = replayed(10s);
  by_load.workloads[0].duration = 1s;
  EXPECT_EQ(judged(by_load).verdict, Verdict::inconclusive);
  Scenario script = replayed(2s);
  script.workloads[0].executor = Script{};
  EXPECT_EQ(judged(script).verdict, Verdict::inconclusive);
}

Finding finding_of(const Scenario& scenario, Finding::Kind kind) {
  for (const Finding& finding : judged(scenario).findings) {
    if (finding.kind == kind) return finding;
  }
  ADD_FAILURE() << "no such finding";
  return {};
}

// What is claimed, what was found, and where the file states it.
TEST(Judge, a_finding_has_its_claim_its_reason_and_its_place) {
  Scenario scenario = ten_requests();
  scenario.faults = {fault("down", Outage{}, 0s, 4s)};
  scenario.faults[0].min_affected = 5;
  scenario.coverage["retry"] = 2;
  scenario.origins = {{"/faults/0", {"a.json", 3, 4}}, {"/coverage/retry", {"a.json", 5, 6}}};
  const Finding of_fault = finding_of(scenario, Finding::Kind::fault);
  EXPECT_EQ(of_fault.id, "down");
  EXPECT_EQ(of_fault.claim, "down affects at least 5 calls");
  EXPECT_EQ(of_fault.reason, "it touched 4 calls and changed the result of 4");
  EXPECT_EQ(of_fault.origin.line, 3);
  const Finding of_coverage = finding_of(scenario, Finding::Kind::coverage);
  EXPECT_EQ(of_coverage.id, "retry");
  EXPECT_EQ(of_coverage.claim, "retry happens at least 2 times");
  EXPECT_EQ(of_coverage.reason, "it happened 0 times");
  EXPECT_EQ(of_coverage.origin.line, 5);
  scenario.origins.clear();
  EXPECT_EQ(finding_of(scenario, Finding::Kind::fault).origin.line, 0);

  Scenario quiet = ten_requests();
  quiet.workloads[0].rate.count = Millionths{0};
  const Finding of_traffic = finding_of(quiet, Finding::Kind::traffic);
  EXPECT_EQ(of_traffic.id, "requests arrive");
  EXPECT_EQ(of_traffic.claim, "at least one request arrives");

  Scenario forecast = ten_requests();
  forecast.forecast_thresholds = {{.text = "avg<1", .metric = "forecast.cost_usd", .origin = {"a.json", 7, 8}}};
  const Finding left = finding_of(forecast, Finding::Kind::threshold);
  EXPECT_EQ(left.id, "forecast.cost_usd: avg<1");
  EXPECT_EQ(left.claim, left.id);
  EXPECT_EQ(left.origin.line, 7);
}

TEST(Judge, rows_that_are_not_played_are_told_with_their_load_and_its_place) {
  Scenario scenario = replayed(2s);
  scenario.origins = {{"/workload/chat/trace", {"a.json", 1, 2}}, {"/duration", {"a.json", 3, 4}}};
  const Finding of_trace = finding_of(scenario, Finding::Kind::traffic);
  EXPECT_EQ(of_trace.id, "chat plays every row");
  EXPECT_EQ(of_trace.claim, "every row of chat is played");
  EXPECT_EQ(of_trace.origin.line, 1);
  scenario.workloads[0].executor = Script{};
  const Finding of_list = finding_of(scenario, Finding::Kind::traffic);
  EXPECT_EQ(of_list.reason, "1 of its 3 rows come after the end at 2.000 s");
  EXPECT_EQ(of_list.origin.line, 3);
  // A load that starts later ends with the run all the same.
  scenario.workloads[0].start = 1s;
  EXPECT_EQ(finding_of(scenario, Finding::Kind::traffic).reason, "2 of its 3 rows come after the end at 2.000 s");
}

// The ids of the invariants that are violated.
std::vector<std::string> violated(const Judgement& judgement) {
  std::vector<std::string> ids;
  for (const Finding& finding : judgement.findings) {
    if (finding.kind == Finding::Kind::invariant) ids.push_back(finding.id);
  }
  return ids;
}

TEST(Judge, a_breaker_is_held_to_the_policy_that_it_claims) {
  Scenario scenario = ten_requests();
  scenario.faults = {fault("down", Outage{})};
  scenario.monitor.circuit_breaker = monitor::seed_readme();
  scenario.breaker_held_to = "seed-readme";
  EXPECT_EQ(violated(judged(scenario)), std::vector<std::string>{});
  scenario.monitor.circuit_breaker.consecutive_threshold = 2;
  EXPECT_FALSE(violated(judged(scenario)).empty()) << "it opens after two failures and claims five";
  scenario.breaker_held_to.reset();
  EXPECT_EQ(violated(judged(scenario)), std::vector<std::string>{}) << "it follows its own settings";
}

// Calls whose callers leave the queue of a provider that works on count in its minute, which refuses the later ones.
TEST(Judge, work_that_is_left_behind_in_a_queue_counts_in_the_minute_of_its_provider) {
  Scenario scenario = world(60s, workload("chat", per_second(2)), provider("alpha", Law::fixed(5e9)));
  scenario.providers[0].concurrency = 1;
  scenario.providers[0].queue = 50;
  scenario.providers[0].rate_limit.requests_per_minute = 30;
  scenario.monitor.provider_call.timeout = 3s;
  scenario.monitor.circuit_breaker = *monitor::breaker_preset("none");
  EXPECT_EQ(violated(judged(scenario)), std::vector<std::string>{});
}

// What the pipeline counted is compared with what was seen, when the run is over: here those of a longer run.
TEST(Judge, the_invariants_of_the_end_are_judged_if_checks_are_on) {
  const Scenario scenario = ten_requests();
  const Scenario twenty_requests = world(20s, workload("chat", per_second(1)));
  const RunResult longer = run(twenty_requests);
  for (const bool is_on : {true, false}) {
    Judge judge{scenario, {.checks = {is_on ? "all" : "none"}}};
    (void)run(scenario, {.observers = {&judge}});
    const std::vector<std::string> ids = violated(judge.judge(longer));
    EXPECT_EQ(std::ranges::find(ids, "B10") != ids.end(), is_on);
  }
}

TEST(Judge, rows_beyond_the_instant_at_which_a_run_is_reported_to_stop_are_not_missed) {
  EXPECT_EQ(judged(replayed(2s), {.until = 1s}).verdict, Verdict::pass);
}

}  // namespace
}  // namespace windtunnel::sim::judge_test
