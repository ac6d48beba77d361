// Usage that comes after its answer: what the budget holds until then, and from then on.

#include <gtest/gtest.h>

#include <vector>

#include "sim/checks/judge.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::late_usage_test {
namespace {

using namespace std::chrono_literals;

// One request a second until 10 s, of 150 + 200 tokens at 10 and 30 pico-dollars, each answered after a second. Calls
// may write 500 tokens, so that 16,500 are reserved and 7,500 billed.
constexpr std::int64_t kReserved = 150 * 10 + 500 * 30;
constexpr std::int64_t kBilled = 150 * 10 + 200 * 30;

Scenario scenario() {
  Scenario made = world(60s, workload("chat", per_second(1)), provider("alpha", Law::fixed(1e9)));
  made.workloads[0].duration = 10s;
  made.workloads[0].input.law = Law::fixed(150);
  made.workloads[0].output.law = Law::fixed(200);
  made.providers[0].time_per_output_token = Law::fixed(0);
  made.providers[0].tariffs[0].tariff = tariff(10, 30);
  made.providers[0].usage_late = 1;
  made.providers[0].usage_delay = 20s;
  return made;
}

// The settled spend of the month after each second.
class Spends {
 public:
  void on(const RunBegan& event) { pipeline_ = event.pipeline; }
  void on(const ScheduledDone& event) {
    all_.resize(static_cast<std::size_t>(event.at.time_since_epoch() / 1s) + 1, all_.empty() ? 0 : all_.back());
    all_.back() = static_cast<std::int64_t>(pipeline_->cost_limiter().month_settled().picos());
  }
  [[nodiscard]] std::int64_t after(std::size_t second) const { return all_[std::min(second, all_.size() - 1)]; }

 private:
  const monitor::Pipeline* pipeline_ = nullptr;
  std::vector<std::int64_t> all_;
};

TEST(LateUsage, takes_the_place_of_the_reservation_when_it_comes) {
  const Scenario made = scenario();
  Spends spends;
  const RunResult result = run(made, {.observers = {&spends}});
  EXPECT_EQ(spends.after(1), kReserved);
  EXPECT_EQ(spends.after(15), 10 * kReserved);
  EXPECT_EQ(spends.after(20), 10 * kReserved);
  EXPECT_EQ(spends.after(21), 9 * kReserved + kBilled);
  EXPECT_EQ(spends.after(40), 10 * kBilled);
  const monitor::LateUsage& late = result.pipeline.metrics().late_usage();
  EXPECT_EQ(late.calls, 10);
  EXPECT_EQ(late.settled.picos(), 10 * kReserved);
  EXPECT_EQ(late.billed.picos(), 10 * kBilled);
  // The record and the metrics keep what was known when the call ended.
  EXPECT_EQ(result.pipeline.metrics().cost().picos(), 0);
  EXPECT_EQ(result.pipeline.cost_limiter().settled_total().picos(), 10 * kBilled);
}

TEST(LateUsage, is_charged_where_nothing_was_settled) {
  Scenario made = scenario();
  made.monitor.cost_limiter.unknown_usage = monitor::UnknownUsage::zero;
  Spends spends;
  const RunResult result = run(made, {.observers = {&spends}});
  EXPECT_EQ(spends.after(20), 0);
  EXPECT_EQ(spends.after(40), 10 * kBilled);
}

TEST(LateUsage, belongs_to_the_day_of_its_requests_admission) {
  Scenario made = scenario();
  // Five are admitted in the last seconds of a day, and all are learned in the next one.
  made.start = WallTime{24h * 20'473 - 5s};
  made.monitor.cost_limiter.daily = Usd::from_dollars(1);
  const RunResult result = run(made);
  const monitor::BudgetWindow* first = result.pipeline.cost_limiter().window_at(made.start, true);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->settled.picos(), 5 * kBilled);
  EXPECT_EQ(result.pipeline.cost_limiter().day_settled().picos(), 5 * kBilled);
}

TEST(LateUsage, frees_the_budget_for_later_requests) {
  Scenario made = scenario();
  made.workloads[0].duration = 50s;
  made.monitor.cost_limiter.daily = Usd::from_picos(10 * kReserved);
  const auto served = [](const Scenario& scenario) {
    return run(scenario).pipeline.metrics().ended_as(monitor::Outcome::served);
  };
  EXPECT_GT(served(made), 10);
  made.providers[0].usage_late = 0;
  made.providers[0].usage_missing = 1;
  EXPECT_EQ(served(made), 10);
}

// Of tokens and of money, whichever request the limit counts by and whether it counts requests or calls.
TEST(LateUsage, frees_the_limits_for_later_requests) {
  monitor::LimitConfig tokens{.period = 1h};
  tokens.tokens = Tokens{10 * 650};
  monitor::LimitConfig money{.period = 1h};
  money.usd = Usd::from_picos(10 * kReserved);
  monitor::LimitConfig of_calls = tokens;
  of_calls.per.push_back({.scope = monitor::LimitScope::deployment});
  for (const monitor::LimitConfig& limit : {tokens, money, of_calls}) {
    Scenario made = scenario();
    made.workloads[0].duration = 50s;
    made.monitor.limits.limits = {limit};
    const auto served = [](const Scenario& scenario) {
      Judge judge{scenario};
      const RunResult result = run(scenario, {.observers = {&judge}});
      for (const Finding& finding : judge.judge(result).findings) ADD_FAILURE() << finding.id << ": " << finding.reason;
      return result.pipeline.metrics().ended_as(monitor::Outcome::served);
    };
    EXPECT_GT(served(made), 10);
    made.providers[0].usage_late = 0;
    made.providers[0].usage_missing = 1;
    EXPECT_EQ(served(made), 10);
  }
}

TEST(LateUsage, is_of_some_answers_and_never_of_those_that_miss_theirs) {
  Scenario made = scenario();
  made.workloads[0].rate = per_second(100);
  made.providers[0].usage_late = 0.3;
  made.providers[0].usage_missing = 0.5;
  const RunResult result = run(made);
  EXPECT_NEAR(static_cast<double>(result.pipeline.metrics().late_usage().calls), 1000 * 0.5 * 0.3, 45);
}

TEST(LateUsage, satisfies_every_check) {
  for (const double missing : {0.0, 0.4}) {
    Scenario made = scenario();
    made.workloads[0].rate = per_second(20);
    made.workloads[0].duration.reset();
    made.providers[0].usage_late = 0.5;
    made.providers[0].usage_missing = missing;
    made.monitor.cost_limiter.daily = Usd::from_picos(300 * kReserved);
    Judge judge{made};
    const RunResult result = run(made, {.observers = {&judge}});
    EXPECT_GT(result.pipeline.metrics().late_usage().calls, 50);
    for (const Finding& finding : judge.judge(result).findings) ADD_FAILURE() << finding.id << ": " << finding.reason;
  }
}

TEST(LateUsage, moves_nothing_else) {
  Scenario made = scenario();
  made.providers[0].usage_late = 0;
  const RunResult plain = run(made);
  made.providers[0].usage_delay = 3s;
  EXPECT_EQ(run(made).digest, plain.digest);
}

}  // namespace
}  // namespace windtunnel::sim::late_usage_test
