// A limiter that begins in the middle of a window, as an earlier process left it.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "monitor/cost_limiter.h"
#include "tests/monitor/cost_limiter_rig.h"

namespace windtunnel::monitor::cost_limiter_restore_test {
namespace {

using namespace std::chrono_literals;
using namespace cost_limiter_rig;

// 2024-01-01, the month of kNoon.
SavedWindow month(Usd settled, std::uint32_t alerts_fired) {
  return {.begin = kNoon - 19 * 24h - 12h, .daily = false, .settled = settled, .alerts_fired = alerts_fired};
}

std::size_t alerts_of(const CostLimiter& limiter) {
  return static_cast<std::size_t>(std::ranges::count_if(
      limiter.events(), [](const BudgetEvent& event) { return event.kind == BudgetEvent::Kind::alert; }));
}

TEST(CostLimiterRestore, a_window_goes_on_with_what_it_had_spent) {
  CostLimiter limiter{limits(usd(10))};
  ASSERT_TRUE(limiter.restore(month(usd(9), 2), kNoon));
  EXPECT_EQ(limiter.month_settled(), usd(9));
  EXPECT_TRUE(admits(limiter, usd(1), kNoon));
  EXPECT_FALSE(admits(limiter, usd(1) + kPico, kNoon));
}

TEST(CostLimiterRestore, alerts_that_had_fired_do_not_fire_again_and_those_that_are_due_do) {
  CostLimiter fired{limits(usd(10))};
  ASSERT_TRUE(fired.restore(month(usd(9), 2), kNoon));
  EXPECT_EQ(alerts_of(fired), 0U);
  CostLimiter due{limits(usd(10))};
  ASSERT_TRUE(due.restore(month(usd(9), 1), kNoon));
  EXPECT_EQ(alerts_of(due), 1U);
}

TEST(CostLimiterRestore, a_window_that_had_spent_nothing_goes_on_too) {
  CostLimiter limiter{limits(usd(10))};
  ASSERT_TRUE(limiter.restore(month(usd(0), 0), kNoon));
  EXPECT_EQ(limiter.month_settled(), Usd{});
}

TEST(CostLimiterRestore, a_window_that_had_refused_tells_no_first_refusal_again) {
  for (const bool had_refused : {false, true}) {
    CostLimiter limiter{limits(usd(10))};
    SavedWindow saved = month(usd(10), 3);
    saved.refused = had_refused;
    ASSERT_TRUE(limiter.restore(saved, kNoon));
    limiter.clear_events();
    EXPECT_FALSE(reserve(limiter, usd(1), kNoon));
    EXPECT_EQ(words_of_events(limiter), had_refused ? Words{} : Words{"refused month"});
  }
}

TEST(CostLimiterRestore, a_window_whose_time_is_over_is_not_restored) {
  CostLimiter limiter{limits(usd(10))};
  EXPECT_FALSE(limiter.restore(month(usd(9), 2), kNoon + 31 * 24h));
  EXPECT_EQ(limiter.month_settled(), Usd{});
}

TEST(CostLimiterChange, a_window_keeps_what_it_holds_under_another_limit) {
  CostLimiter limiter{limits(usd(10))};
  spend(limiter, usd(4), kNoon);
  BudgetTicket open = reserve(limiter, usd(3), kNoon).value();
  limiter.change(limits(usd(9)));
  EXPECT_TRUE(admits(limiter, usd(2), kNoon));
  EXPECT_FALSE(admits(limiter, usd(2) + kPico, kNoon)) << "4 spent and 3 reserved of 9";
  limiter.settle(open, usd(1));
  limiter.close(open);
  EXPECT_EQ(limiter.month_settled(), usd(5));
  EXPECT_TRUE(admits(limiter, usd(4), kNoon));
}

TEST(CostLimiterChange, a_limit_below_the_spend_admits_nothing_and_fires_what_is_reached) {
  CostLimiter limiter{limits(usd(100))};
  spend(limiter, usd(85), kNoon);
  EXPECT_EQ(alerts_of(limiter), 1U);
  limiter.clear_events();
  limiter.change(limits(usd(90)));
  EXPECT_EQ(alerts_of(limiter), 1U) << "0.9; 0.8 has fired";
  EXPECT_TRUE(admits(limiter, usd(5), kNoon));
  limiter.change(limits(usd(85)));
  EXPECT_EQ(alerts_of(limiter), 3U);
  EXPECT_FALSE(admits(limiter, kPico, kNoon));
  limiter.change(limits(std::nullopt));
  EXPECT_TRUE(admits(limiter, usd(1000), kNoon));
}

// A clock that returned from a day without spend has left an empty place among the windows.
TEST(CostLimiterChange, fires_no_alert_for_a_window_that_is_not_there) {
  CostLimiter limiter{limits(usd(10), usd(10))};
  spend(limiter, usd(1), kNoon);
  limiter.advance(kNoon + 24h);
  limiter.advance(kNoon);
  limiter.clear_events();
  limiter.change(limits(usd(0)));
  EXPECT_EQ(alerts_of(limiter), limiter.config().alerts.size()) << "of the month";
}

}  // namespace
}  // namespace windtunnel::monitor::cost_limiter_restore_test
