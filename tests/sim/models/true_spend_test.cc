#include "sim/models/true_spend.h"

#include <gtest/gtest.h>

#include "sim/checks/judge.h"
#include "sim/models/budget_model.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::true_spend_test {
namespace {

using namespace std::chrono_literals;

const WallTime kMarch = WallTime{std::chrono::sys_days{std::chrono::year{2026} / 3 / 31}.time_since_epoch()} + 12h;
constexpr Usd usd(std::int64_t dollars) { return Usd::from_dollars(dollars); }

monitor::CostLimiterConfig ten_a_month() {
  monitor::CostLimiterConfig config;
  config.monthly = usd(10);
  config.daily = usd(6);
  return config;
}

TEST(TrueSpend, counts_in_the_true_month_what_the_clock_put_elsewhere_and_calls_it_strayed) {
  TrueSpend spend{usd(10), usd(6)};
  TrueSpend::add(spend.place_of(kMarch - 72h, kMarch - 72h), usd(5));
  TrueSpend::add(spend.place_of(kMarch, kMarch), usd(5));
  const TrueSpend::Place strayed = spend.place_of(kMarch, kMarch + 24h);
  TrueSpend::add(strayed, usd(4));
  EXPECT_EQ(strayed.month->held, usd(14));
  EXPECT_EQ(strayed.month->strayed, usd(4));
  EXPECT_TRUE(strayed.month->is_within());
  EXPECT_EQ(strayed.day->held, usd(9));
  EXPECT_TRUE(strayed.day->is_within());
  // One pico-dollar more that did not stray is too much.
  const TrueSpend::Place stayed = spend.place_of(kMarch, kMarch - 1h);
  TrueSpend::add(stayed, Usd::from_picos(1));
  EXPECT_FALSE(stayed.month->is_within());
  EXPECT_TRUE(stayed.day->is_within());
  TrueSpend::add(stayed, Usd{} - Usd::from_picos(1));
  EXPECT_TRUE(stayed.month->is_within());
}

TEST(TrueSpend, strays_from_the_day_within_a_month) {
  TrueSpend spend{usd(10), usd(6)};
  const TrueSpend::Place place = spend.place_of(kMarch, kMarch - 24h);
  EXPECT_TRUE(place.day_strays);
  EXPECT_FALSE(place.month_strays);
}

TEST(BudgetModel, keeps_the_account_of_a_month_for_a_clock_that_returns) {
  BudgetModel model{ten_a_month()};
  model.advance(kMarch);
  const std::uint32_t march = model.month();
  model.window(march).settled = usd(9);
  model.advance(kMarch + 24h);
  EXPECT_NE(model.month(), march);
  EXPECT_EQ(model.window(model.month()).settled, Usd{});
  model.advance(kMarch);
  EXPECT_EQ(model.month(), march);
  EXPECT_EQ(model.window(march).settled, usd(9));
}

// The clock goes to another month and comes back, often and by odd amounts, where both budgets and the rate bind.
TEST(TrueSpend, of_a_run_whose_clock_steps_is_what_the_checks_expect) {
  Scenario scenario = world(30min, workload("chat", per_second(1)), provider("alpha", Law::fixed(700e6)));
  scenario.start = kMarch + 11h + 50min;
  scenario.monitor.cost_limiter.monthly = Usd::from_cents(600);
  scenario.monitor.cost_limiter.daily = Usd::from_cents(500);
  scenario.monitor.rate_limiter.requests_per_minute = 45;
  for (const auto& [at, offset] : std::vector<std::pair<Duration, Duration>>{
           {3min + 1s, -1h}, {5min, 31 * 24h}, {8min + 300ms, -24h}, {20min, -17s}}) {
    scenario.faults.push_back(fault("step " + std::to_string(at.count()), WallClockStep{.offset = offset}, at, 2min));
  }
  Judge judge{scenario};
  const RunResult result = run(scenario, {.observers = {&judge}});
  for (const Finding& finding : judge.judge(result).findings) {
    EXPECT_NE(finding.kind, Finding::Kind::invariant) << finding.id << ": " << finding.reason;
  }
  const monitor::RequestMetrics& all = result.pipeline.metrics().all();
  EXPECT_GT(all.count(monitor::Outcome::refused_budget), 0);
  EXPECT_GT(all.count(monitor::Outcome::refused_rate), 0);
}

}  // namespace
}  // namespace windtunnel::sim::true_spend_test
