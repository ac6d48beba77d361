// Replicas of the gateway know of each other what the scenario says, no sooner and no later.

#include "sim/world/replicas.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "sim/checks/judge.h"
#include "sim/faults/gateway_restart.h"
#include "sim/timeline/timeline_recorder.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::replicas_test {
namespace {

using namespace std::chrono_literals;
using monitor::Outcome;

constexpr Sharing kNone = std::nullopt;
constexpr Sharing kAtOnce = Duration{0};

// Requests at these instants; each takes no time and costs 9000 micro-USD: 100 tokens in and out.
Scenario at(std::vector<Duration> times, std::int64_t replicas) {
  WorkloadSpec load = workload("web", Rate{});
  load.executor = Script{};
  for (const Duration time : times) load.requests.push_back({.at = time});
  Scenario scenario = world(60s, load);
  scenario.replicas.count = replicas;
  return scenario;
}

std::vector<Outcome> outcomes(const Scenario& scenario) {
  std::vector<Outcome> all;
  for (const monitor::Record& record : KeptRun{scenario}.records) all.push_back(record.outcome);
  return all;
}

// Ten requests a second for half a minute, of which a limit admits ten a minute.
Scenario limited(std::int64_t replicas, Sharing limits) {
  Scenario scenario = world(30s, workload("web", per_second(10)));
  scenario.monitor.limits.limits = {{.id = "all", .requests = 10}};
  scenario.replicas = {.count = replicas, .limits = limits};
  return scenario;
}

std::int64_t served(const Scenario& scenario) { return std::ranges::count(outcomes(scenario), Outcome::served); }

FaultSpec restart_at(Duration at, GatewayRestart settings = {}) { return fault("deploy", settings, at); }

// --- Limits --------------------------------------------------------------------------------------------------------

TEST(Replicas, each_admits_its_own_limit_where_they_share_nothing) { EXPECT_EQ(served(limited(3, kNone)), 30); }

TEST(Replicas, admit_one_limit_together_where_they_share_at_once) { EXPECT_EQ(served(limited(3, kAtOnce)), 10); }

// Two of a limit of one: the second replica's request comes when the first one's is so old, or a nanosecond before.
TEST(Replicas, know_what_a_limit_counted_from_the_lag_on_and_no_sooner) {
  for (const Duration time : {Duration{2s} - 1ns, Duration{2s}}) {
    Scenario scenario = at({1s, time}, 2);
    scenario.monitor.limits.limits = {{.id = "all", .requests = 1}};
    scenario.replicas.limits = Duration{1s};
    EXPECT_EQ(outcomes(scenario)[1], time < 2s ? Outcome::served : Outcome::refused_rate);
  }
}

TEST(Replicas, admit_more_than_the_limit_at_most_by_what_they_had_not_heard) {
  const std::int64_t with_lag = served(limited(3, Duration{500ms}));

  EXPECT_GT(with_lag, 10);
  EXPECT_LE(with_lag, 15);
}

// --- Spend ---------------------------------------------------------------------------------------------------------

TEST(Replicas, know_what_was_spent_from_the_lag_on_and_no_sooner) {
  for (const Duration time : {Duration{2s} - 1ns, Duration{2s}}) {
    Scenario scenario = at({1s, time}, 2);
    scenario.monitor.cost_limiter.daily = cost(tariff(30'000'000, 60'000'000), Tokens{100}, Tokens{500});
    scenario.replicas.spend = Duration{1s};
    EXPECT_EQ(outcomes(scenario)[1], time < 2s ? Outcome::served : Outcome::refused_budget);
  }
}

TEST(Replicas, know_what_was_spent_of_the_month_before_the_run_and_report_it_once) {
  for (const Sharing spend : {kNone, kAtOnce, Sharing{1s}}) {
    Scenario scenario = at({1s, 2s, 3s}, 3);
    scenario.monitor.cost_limiter.monthly = Usd::from_dollars(10);
    scenario.month_spent = Usd::from_dollars(10);
    scenario.replicas.spend = spend;
    const KeptRun kept{scenario};
    for (const monitor::Record& record : kept.records) EXPECT_EQ(record.outcome, Outcome::refused_budget);
    EXPECT_EQ(kept.result.pipeline.cost_limiter().month_settled(), UsdSum{} + Usd::from_dollars(10));
  }
}

TEST(Replicas, report_what_all_have_spent_once) {
  for (const Sharing spend : {kNone, kAtOnce, Sharing{1s}, Sharing{1h}}) {
    Scenario scenario = at({1s, 2s, 3s, 4s, 5s}, 3);
    scenario.replicas.spend = spend;
    const KeptRun kept{scenario};
    UsdSum billed;
    for (const LedgerEntry& entry : kept.ledger) billed += entry.billed;
    EXPECT_EQ(kept.result.pipeline.cost_limiter().day_settled(), billed);
    EXPECT_EQ(kept.result.pipeline.cost_limiter().settled_total(), billed);
    EXPECT_EQ(kept.result.pipeline.metrics().cost(), billed);
  }
}

// --- Breakers ------------------------------------------------------------------------------------------------------

// A provider that is down: how many of its calls each way of sharing makes before every breaker is open.
std::size_t failed_calls(Sharing breakers, std::vector<FaultSpec> more = {}) {
  Scenario scenario = world(30s, workload("web", per_second(10)));
  scenario.monitor.circuit_breaker.consecutive_threshold = 4;
  scenario.monitor.circuit_breaker.open = 10min;
  scenario.faults = {fault("down", Outage{}, 0s)};
  for (FaultSpec& fault : more) scenario.faults.push_back(std::move(fault));
  scenario.replicas = {.count = 2, .breakers = breakers};
  return KeptRun{scenario}.ends.size();
}

TEST(Replicas, open_their_own_breakers_or_one_together) {
  EXPECT_EQ(failed_calls(kNone), 8U);
  EXPECT_EQ(failed_calls(kAtOnce), 4U);
}

// The failures are 100 ms apart. Of 250 ms of lag each replica makes a call more than it would if it knew at once.
TEST(Replicas, open_a_breaker_by_what_they_heard_of_each_other) {
  const std::size_t with_lag = failed_calls(Duration{250ms});

  EXPECT_GT(with_lag, 4U);
  EXPECT_LT(with_lag, 8U);
}

TEST(Replicas, a_restart_forgets_an_open_breaker_that_is_not_shared) {
  EXPECT_EQ(failed_calls(kNone, {restart_at(10s)}), 16U);
  EXPECT_EQ(failed_calls(kNone, {restart_at(10s, {.replica = 2})}), 12U);
  EXPECT_EQ(failed_calls(kNone, {restart_at(10s, {.state = GatewayState::kept})}), 8U);
  EXPECT_EQ(failed_calls(kAtOnce, {restart_at(10s)}), 4U);
}

// --- Restarts ------------------------------------------------------------------------------------------------------

TEST(Replicas, a_restart_forgets_what_a_limit_has_counted_unless_it_is_kept_or_shared) {
  for (const auto& [limits, state, admitted] :
       {std::tuple{kNone, GatewayState::lost, 20}, std::tuple{kNone, GatewayState::kept, 10},
        std::tuple{kAtOnce, GatewayState::lost, 10}, std::tuple{Sharing{1s}, GatewayState::lost, 10}}) {
    Scenario scenario = limited(1, limits);
    scenario.faults = {restart_at(10s, {.state = state})};
    EXPECT_EQ(served(scenario), admitted);
  }
}

// A call of the old process ends after the restart. The new one never counted its slot, or has heard of both.
TEST(Replicas, a_restart_leaves_no_slot_in_use_behind) {
  for (const Sharing limits : {kNone, kAtOnce, Sharing{1s}}) {
    for (const GatewayState state : {GatewayState::lost, GatewayState::kept}) {
      Scenario scenario = at({1s, 10s, 20s, 21s}, 1);
      scenario.providers = {provider("alpha", Law::fixed(5e9))};
      scenario.monitor.limits.limits = {{.id = "one", .parallel_requests = 1}};
      scenario.replicas.limits = limits;
      scenario.faults = {restart_at(3s, {.state = state})};
      EXPECT_EQ(outcomes(scenario),
                (std::vector{Outcome::served, Outcome::served, Outcome::served, Outcome::refused_rate}));
    }
  }
}

TEST(Replicas, a_restart_keeps_what_was_spent) {
  Scenario scenario = at({1s, 10s}, 1);
  scenario.monitor.cost_limiter.daily = cost(tariff(30'000'000, 60'000'000), Tokens{100}, Tokens{500});
  scenario.faults = {restart_at(3s)};
  EXPECT_EQ(outcomes(scenario)[1], Outcome::refused_budget);
}

// --- What is the same for all --------------------------------------------------------------------------------------

TEST(Replicas, the_same_seed_gives_the_same_digest) {
  Scenario scenario = limited(3, Duration{1s});
  scenario.faults = {restart_at(10s, {.replica = 2})};
  EXPECT_EQ(run(scenario, {.seed = 3}).digest, run(scenario, {.seed = 3}).digest);
}

TEST(Replicas, one_that_is_restarted_and_keeps_all_decides_as_if_it_had_not_been) {
  Scenario scenario = limited(1, kNone);
  scenario.monitor.cache.enabled = true;
  scenario.faults = {fault("burst", ErrorBurst{.rate = 0.7}, 0s)};
  const std::vector<Outcome> without = outcomes(scenario);
  scenario.faults.push_back(restart_at(500ms, {.state = GatewayState::kept}));
  EXPECT_EQ(outcomes(scenario), without);
}

TEST(Replicas, hold_every_check_however_they_share) {
  for (const Sharing sharing : {kNone, kAtOnce, Sharing{2s}}) {
    Scenario scenario = limited(3, sharing);
    scenario.replicas.spend = sharing;
    scenario.replicas.breakers = sharing;
    scenario.monitor.cost_limiter.daily = Usd::from_cents(100);
    scenario.faults = {restart_at(10s, {.replica = 2})};
    Judge judge{scenario};
    const RunResult result = run(scenario, {.observers = {&judge}});
    for (const Finding& finding : judge.judge(result).findings)
      EXPECT_NE(finding.verdict, Verdict::fail) << finding.reason;
  }
}

// The first opens its breaker after four calls of its own, and is restarted after ten seconds.
TEST(Replicas, a_timeline_shows_the_state_of_the_first) {
  Scenario scenario = world(20s, workload("web", per_second(10)));
  scenario.monitor.circuit_breaker.consecutive_threshold = 4;
  scenario.monitor.circuit_breaker.open = 10min;
  scenario.faults = {fault("down", Outage{}, 0s, 9s), restart_at(10s)};
  scenario.replicas.count = 2;
  TimelineRecorder recorder{scenario, {.step = 5s, .steps_max = 4}};
  const RunResult result = run(scenario, {.observers = {&recorder}});
  const Timeline timeline = recorder.finish(result);
  // Open until its restart; what is 0 to the end, as closed is, is not written down.
  const auto& states = timeline.providers[0].state;
  EXPECT_EQ((std::vector<std::int64_t>{states.begin(), states.end()}), (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(timeline.transitions_total, 2);
}

}  // namespace
}  // namespace windtunnel::sim::replicas_test
