// A wall clock that goes back: months and days that it returns to.

#include <gtest/gtest.h>

#include "tests/monitor/cost_limiter_rig.h"

namespace windtunnel::monitor::cost_limiter_clock_test {
namespace {

using namespace std::chrono_literals;
using namespace cost_limiter_rig;

TEST(CostLimiterClock, a_month_that_the_clock_returns_to_has_spent_what_it_had) {
  CostLimiter limiter{limits(usd(10), usd(8))};
  spend(limiter, usd(6), at("2024-01-31T23:30:00Z"));
  spend(limiter, usd(7), at("2024-02-01T00:30:00Z"));
  limiter.clear_events();

  EXPECT_FALSE(admits(limiter, usd(2) + kPico, at("2024-01-31T23:31:00Z"))) << "of the day";
  EXPECT_TRUE(admits(limiter, usd(2), at("2024-01-31T23:31:00Z")));
  spend(limiter, usd(2), at("2024-01-31T23:31:00Z"));
  EXPECT_EQ(limiter.month_settled(), usd(8));
  EXPECT_EQ(words_of_events(limiter), (Words{"closed month 2024-02-01", "opened month 2024-01-01",
                                             "closed day 2024-02-01", "opened day 2024-01-31", "alert month 80",
                                             "alert day 80", "alert day 90", "alert day 95", "alert day 100"}));
  EXPECT_FALSE(admits(limiter, usd(3) + kPico, at("2024-02-02"))) << "of February";
  EXPECT_TRUE(admits(limiter, usd(3), at("2024-02-02")));
  EXPECT_EQ(limiter.settled_total(), usd(15));
}

TEST(CostLimiterClock, alerts_and_the_first_refusal_do_not_come_again_with_the_clock) {
  CostLimiter limiter{limits(usd(10))};
  spend(limiter, usd(9), at("2024-01-31"));
  EXPECT_FALSE(reserve(limiter, usd(2), at("2024-01-31")));
  limiter.advance(at("2024-03-01"));
  limiter.clear_events();
  EXPECT_FALSE(reserve(limiter, usd(2), at("2024-01-31")));
  spend(limiter, kPico, at("2024-01-31"));
  EXPECT_EQ(words_of_events(limiter), (Words{"closed month 2024-03-01", "opened month 2024-01-01",
                                             "closed day 2024-03-01", "opened day 2024-01-31"}));
}

TEST(CostLimiterClock, a_window_whose_request_is_under_way_is_the_same_when_the_clock_returns) {
  CostLimiter limiter{limits(usd(10))};
  BudgetTicket ticket = reserve(limiter, usd(6), kNoon).value();
  limiter.advance(at("2024-02-01"));
  limiter.clear_events();
  EXPECT_FALSE(admits(limiter, usd(5), kNoon));
  limiter.advance(kNoon);
  EXPECT_EQ(words_of_events(limiter), (Words{"closed month 2024-02-01", "closed day 2024-02-01"}));
  EXPECT_EQ(limiter.month_reserved(), usd(6));
  limiter.settle(ticket, usd(6));
  limiter.close(ticket);
  EXPECT_EQ(words_of_events(limiter), Words{});
  EXPECT_EQ(limiter.windows_open(), 2U);
}

TEST(CostLimiterClock, an_account_is_found_by_a_time_within_it) {
  CostLimiter limiter{limits(usd(10))};
  EXPECT_EQ(limiter.window_at(kNoon, false), nullptr);
  spend(limiter, usd(3), kNoon);
  limiter.advance(at("2024-02-01"));
  ASSERT_NE(limiter.window_at(kNoon, false), nullptr);
  EXPECT_EQ(limiter.window_at(kNoon, false)->settled, usd(3));
  EXPECT_EQ(limiter.window_at(at("2024-01-01"), false), limiter.window_at(at("2024-01-31T23:59:59Z"), false));
  EXPECT_EQ(limiter.window_at(at("2024-01-19"), true), nullptr);
  EXPECT_EQ(limiter.window_at(at("2024-02-01"), true)->settled, Usd{});
}

}  // namespace
}  // namespace windtunnel::monitor::cost_limiter_clock_test
