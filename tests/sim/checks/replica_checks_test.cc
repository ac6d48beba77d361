// C12: what a replica admits fits beside what it has and could know, to the pico-dollar and to the nanosecond; and the
// account of each replica holds that and nothing else.

#include "sim/checks/replica_checks.h"

#include <gtest/gtest.h>

#include "sim/checks/judge.h"
#include "sim/faults/gateway_restart.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::replica_checks_test {
namespace {

using namespace std::chrono_literals;

constexpr Usd kLimit = Usd::from_picos(1'000);

// Two replicas that share a daily budget of 1000 pico-USD with a lag of a second.
Scenario two_replicas() {
  Scenario scenario = world(60s, workload("web", per_second(1)));
  scenario.monitor.cost_limiter.daily = kLimit;
  scenario.replicas = {.count = 2, .spend = Duration{1s}};
  return scenario;
}

// Says what the replicas do, without a run.
class Telling {
 public:
  explicit Telling(const Scenario& scenario)
      : pipeline_(scenario.monitor, provider_configs(scenario)), checks_(scenario, CheckSelection{{"C12"}}, true) {
    pipeline_.set_wall_clock(scenario.start);
    checks_.on(RunBegan{.pipeline = &pipeline_});
  }
  void turn(std::uint32_t replica, Duration at) {
    checks_.on(ReplicaTurn{
        .at = Instant{} + at, .replica = replica, .state = replica, .limits = replica, .pipeline = &pipeline_});
  }
  void reserve(std::uint64_t request, std::int64_t picos, Duration at) {
    checks_.on(monitor::MoneyReserved{
        .at = Instant{} + at, .request = RequestId{request}, .amount = Usd::from_picos(picos), .wall = WallTime{at}});
  }
  void settle(std::uint64_t request, std::int64_t picos, Duration at) {
    checks_.on(
        monitor::AttemptEnded{.at = Instant{} + at, .request = RequestId{request}, .settled = Usd::from_picos(picos)});
  }
  void end_of_event(Duration at) { checks_.on(ScheduledDone{.at = Instant{} + at}); }
  monitor::Pipeline& pipeline() { return pipeline_; }
  [[nodiscard]] std::size_t findings() const { return checks_.findings().size(); }

 private:
  monitor::Pipeline pipeline_;
  ReplicaChecks checks_;
};

TEST(ReplicaChecks, what_a_replica_admits_fits_beside_its_own_to_the_pico_dollar) {
  const Scenario scenario = two_replicas();
  for (const std::int64_t more : {400, 401}) {
    Telling telling{scenario};
    telling.turn(0, 1s);
    telling.reserve(0, 250, 1s);
    telling.settle(0, 100, 1s);
    telling.reserve(1, 500, 1s);
    telling.reserve(2, more, 1s);
    EXPECT_EQ(telling.findings(), more == 400 ? 0U : 1U);
  }
}

// A bill and the reservation before it are of one call; whose account it fills is another question.
TEST(ReplicaChecks, a_call_is_watched_whatever_replicas_know_of_each_other) {
  Scenario scenario = two_replicas();
  for (const Sharing spend : {Sharing{}, Sharing{Duration{0}}, Sharing{Duration{1s}}}) {
    scenario.replicas.spend = spend;
    const CheckSelection all = checks_of_all(scenario, CheckSelection{{"all"}});
    for (const CheckId id : {CheckId::C3, CheckId::C7, CheckId::C9}) EXPECT_TRUE(all.on(id));
    EXPECT_EQ(all.on(CheckId::C4), spend == Duration{0}) << "an account is whose it is";
  }
}

TEST(ReplicaChecks, what_another_spent_counts_from_the_lag_on_and_not_a_nanosecond_sooner) {
  const Scenario scenario = two_replicas();
  for (const Duration at : {Duration{2s} - 1ns, Duration{2s}}) {
    Telling telling{scenario};
    telling.turn(0, 1s);
    telling.reserve(0, 700, 1s);
    telling.settle(0, 700, 1s);
    telling.turn(1, at);
    telling.reserve(1, 301, at);
    EXPECT_EQ(telling.findings(), at < 2s ? 0U : 1U);
  }
}

TEST(ReplicaChecks, what_another_has_reserved_does_not_count) {
  const Scenario scenario = two_replicas();
  Telling telling{scenario};
  telling.turn(0, 1s);
  telling.reserve(0, 1000, 1s);
  telling.turn(1, 10s);
  telling.reserve(1, 1000, 10s);
  EXPECT_EQ(telling.findings(), 0U);
}

TEST(ReplicaChecks, what_is_given_back_has_room_again) {
  const Scenario scenario = two_replicas();
  Telling telling{scenario};
  telling.turn(0, 1s);
  telling.reserve(0, 1000, 1s);
  telling.reserve(0, 600, 1s);
  telling.reserve(1, 400, 1s);
  EXPECT_EQ(telling.findings(), 0U);
}

TEST(ReplicaChecks, an_account_that_holds_a_pico_dollar_more_is_found) {
  const Scenario scenario = two_replicas();
  for (const std::int64_t held : {700, 701}) {
    Telling telling{scenario};
    telling.turn(0, 1s);
    telling.reserve(0, 700, 1s);
    telling.settle(0, 700, 1s);
    telling.turn(1, 2s);
    telling.pipeline().hear_spend(Usd::from_picos(held), WallTime{1s}, Instant{} + 2s);
    telling.end_of_event(2s);
    EXPECT_EQ(telling.findings(), held == 700 ? 0U : 1U);
  }
}

// --- Which checks see what -----------------------------------------------------------------------------------------

std::vector<std::string> judged(const Scenario& scenario, std::vector<std::string> chosen) {
  Judge judge{scenario, {.checks = std::move(chosen)}};
  return judge.judge(run(scenario, {.observers = {&judge}})).checks;
}

TEST(ReplicaChecks, of_a_part_with_a_lag_are_off_but_for_its_own) {
  Scenario scenario = two_replicas();
  EXPECT_EQ(judged(scenario, {"C1", "C12", "B1", "T1"}), (std::vector<std::string>{"B1", "C12", "T1"}));
  scenario.replicas.breakers = Duration{1s};
  EXPECT_EQ(judged(scenario, {"B1", "L6", "T1"}), (std::vector<std::string>{"L6", "T1"}));
  scenario.replicas.spend = Duration{0};
  EXPECT_EQ(judged(scenario, {"C1", "B1"}), (std::vector<std::string>{"C1"}));
  scenario.replicas.spend = std::nullopt;
  EXPECT_EQ(judged(scenario, {"C1", "H1"}), (std::vector<std::string>{"C1", "H1"}));
}

TEST(ReplicaChecks, are_made_also_where_none_sees_the_whole_run) {
  Scenario scenario = two_replicas();
  EXPECT_EQ(judged(scenario, {"C12"}), (std::vector<std::string>{"C12"}));
}

}  // namespace
}  // namespace windtunnel::sim::replica_checks_test
