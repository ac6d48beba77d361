// What a limiter hears of another replica's spend takes room, and reports count it once.

#include <gtest/gtest.h>

#include "tests/monitor/cost_limiter_rig.h"

namespace windtunnel::monitor::cost_limiter_sharing_test {
namespace {

using namespace cost_limiter_rig;

TEST(SharedSpend, takes_room_to_the_pico_dollar_and_is_not_the_limiters_own) {
  CostLimiter limiter{limits(usd(10), usd(5))};
  limiter.hear(usd(3), kNoon);
  EXPECT_TRUE(admits(limiter, usd(2), kNoon));
  EXPECT_FALSE(admits(limiter, usd(2) + kPico, kNoon));
  EXPECT_EQ(limiter.settled_total(), UsdSum{});
}

TEST(SharedSpend, of_the_month_alone_leaves_the_day_empty) {
  CostLimiter limiter{limits(usd(10), usd(5))};
  limiter.hear_month(usd(6), kNoon);
  EXPECT_FALSE(admits(limiter, usd(4) + kPico, kNoon));
  limiter.advance(kNoon);
  EXPECT_EQ(limiter.day_settled(), UsdSum{});
  EXPECT_EQ(limiter.month_settled(), UsdSum{} + usd(6));
}

TEST(SharedSpend, fills_the_window_of_its_admission_before_and_after_that_is_open) {
  CostLimiter limiter{limits(std::nullopt, usd(5))};
  limiter.advance(kNoon);
  limiter.hear(usd(5), at("2024-01-21T00:00:00Z"));
  limiter.hear(usd(4), at("2024-01-19T23:59:59Z"));
  EXPECT_EQ(limiter.day_settled(), UsdSum{});
  EXPECT_FALSE(admits(limiter, kPico, at("2024-01-21T12:00:00Z")));
  EXPECT_FALSE(admits(limiter, usd(1) + kPico, at("2024-01-19T12:00:00Z")));
  EXPECT_TRUE(admits(limiter, usd(1), at("2024-01-19T12:00:00Z")));
}

TEST(SharedSpend, fires_the_alerts_that_it_reaches) {
  CostLimiter limiter{limits(usd(10))};
  limiter.advance(kNoon);
  limiter.clear_events();
  limiter.hear(usd(8) - kPico, kNoon);
  EXPECT_TRUE(words_of_events(limiter).empty());
  limiter.clear_events();
  limiter.hear(kPico, kNoon);
  EXPECT_EQ(words_of_events(limiter), (std::vector<std::string>{"alert month 80"}));
}

// The call is not made for another reason, and by then others have spent the rest.
TEST(SharedSpend, does_not_keep_a_ticket_from_taking_back_what_it_held) {
  CostLimiter limiter{limits(usd(10))};
  BudgetTicket ticket = reserve(limiter, usd(6), kNoon).value();
  limiter.hear(usd(9), kNoon);
  EXPECT_TRUE(limiter.re_reserve(ticket, usd(1)));
  limiter.take_back(ticket, usd(6));
  EXPECT_EQ(limiter.month_reserved(), UsdSum{} + usd(6));
  limiter.close(ticket);
  EXPECT_EQ(limiter.month_reserved(), UsdSum{});
}

TEST(SharedSpend, is_reported_once) {
  CostLimiter first{limits(usd(100))};
  CostLimiter second{limits(usd(100))};
  spend(first, usd(3), kNoon);
  spend(second, usd(4), kNoon);
  spend(second, usd(5), at("2024-01-21T12:00:00Z"));
  first.hear(usd(4), kNoon);
  second.hear(usd(3), kNoon);
  first.absorb(second);
  EXPECT_EQ(first.window_at(kNoon, true)->settled, UsdSum{} + usd(7));
  EXPECT_EQ(first.window_at(at("2024-01-21T12:00:00Z"), true)->settled, UsdSum{} + usd(5));
  EXPECT_EQ(first.window_at(kNoon, false)->settled, UsdSum{} + usd(12));
  EXPECT_EQ(first.settled_total(), UsdSum{} + usd(12));
}

}  // namespace
}  // namespace windtunnel::monitor::cost_limiter_sharing_test
