#include "sim/world/replicas.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/checks/judge.h"
#include "sim/faults/gateway_restart.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim {
namespace {

using namespace std::chrono_literals;

// Ten requests a second for half a minute, of which a limit admits ten a minute.
Scenario limited(std::int64_t replicas, Sharing limits) {
  Scenario scenario = world(30s, workload("web", per_second(10)));
  scenario.monitor.limits.limits = {{.id = "all", .requests = 10}};
  scenario.replicas = {.count = replicas, .limits = limits};
  return scenario;
}

std::int64_t served(const Scenario& scenario) {
  const KeptRun kept{scenario};
  return std::ranges::count(kept.records, monitor::Outcome::served, &monitor::Record::outcome);
}

TEST(Replicas, each_admits_its_own_limit_where_they_share_nothing) { EXPECT_EQ(served(limited(3, std::nullopt)), 30); }

TEST(Replicas, admit_one_limit_together_where_they_share_at_once) { EXPECT_EQ(served(limited(3, Duration{0})), 10); }

// Ten requests a second in turn: within half a second each has admitted one or two, and then hears of the others'.
TEST(Replicas, admit_more_than_the_limit_at_most_by_what_they_had_not_heard) {
  const std::int64_t with_lag = served(limited(3, Duration{500ms}));

  EXPECT_GT(with_lag, 10);
  EXPECT_LE(with_lag, 15);
}

TEST(Replicas, a_restart_forgets_what_a_limit_has_counted) {
  Scenario scenario = limited(1, std::nullopt);
  scenario.faults = {fault("deploy", GatewayRestart{}, 10s)};
  EXPECT_EQ(served(scenario), 20);

  std::get<GatewayRestart>(scenario.faults[0].settings).state = GatewayState::kept;
  EXPECT_EQ(served(scenario), 10);
}

TEST(Replicas, a_restart_forgets_an_open_breaker) {
  Scenario scenario = world(30s, workload("web", per_second(10)));
  scenario.monitor.circuit_breaker.consecutive_threshold = 5;
  scenario.monitor.circuit_breaker.open = 10min;
  scenario.faults = {fault("down", Outage{}, 0s), fault("deploy", GatewayRestart{}, 10s)};
  EXPECT_EQ(KeptRun{scenario}.ends.size(), 10U);

  std::get<GatewayRestart>(scenario.faults[1].settings).state = GatewayState::kept;
  EXPECT_EQ(KeptRun{scenario}.ends.size(), 5U);
}

TEST(Replicas, hold_every_check_however_they_share) {
  for (const Sharing sharing : {Sharing{}, Sharing{0s}, Sharing{2s}}) {
    Scenario scenario = limited(3, sharing);
    scenario.replicas.spend = sharing;
    scenario.replicas.breakers = sharing;
    scenario.monitor.cost_limiter.daily = Usd::from_cents(100);
    scenario.faults = {fault("deploy", GatewayRestart{.replica = 2}, 10s)};
    Judge judge{scenario};
    const RunResult result = run(scenario, {.observers = {&judge}});
    for (const Finding& finding : judge.judge(result).findings)
      EXPECT_NE(finding.verdict, Verdict::fail) << finding.reason;
  }
}

}  // namespace
}  // namespace windtunnel::sim
