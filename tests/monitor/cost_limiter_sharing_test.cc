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

TEST(SharedSpend, of_several_replicas_is_reported_once) {
  std::vector<CostLimiter> all(3, CostLimiter{limits(usd(100))});
  for (CostLimiter& limiter : all) spend(limiter, usd(3), kNoon);
  for (CostLimiter& limiter : all) limiter.hear(usd(6), kNoon);
  all[0].absorb(all[1]);
  all[0].absorb(all[2]);
  EXPECT_EQ(all[0].month_settled(), UsdSum{} + usd(9));
}

TEST(SharedSpend, is_reported_with_what_is_reserved_refused_and_overrun) {
  CostLimiter first{limits(usd(10))};
  CostLimiter second{limits(usd(10))};
  BudgetTicket open = reserve(first, usd(2), kNoon).value();
  for (int i = 0; i < 2; ++i) {
    BudgetTicket ticket = reserve(second, usd(1), kNoon).value();
    second.settle(ticket, usd(1) + kPico);
    second.close(ticket);
  }
  BudgetTicket other = reserve(second, usd(6), kNoon).value();
  EXPECT_FALSE(reserve(second, usd(7), kNoon)) << "the reservation stands in its way";
  EXPECT_FALSE(reserve(second, usd(11), kNoon));
  first.absorb(second);
  const BudgetWindow& month = *first.window_at(kNoon, false);
  EXPECT_EQ(month.reserved, UsdSum{} + usd(8));
  EXPECT_EQ(month.reserved_max, UsdSum{} + usd(8));
  EXPECT_TRUE(month.refused);
  EXPECT_EQ(first.refused(), 2);
  EXPECT_EQ(first.refused_by_reservation(), 1);
  EXPECT_EQ(first.overruns(), 2);
  second.close(other);
  first.absorb(CostLimiter{limits(usd(10))});
  EXPECT_TRUE(first.window_at(kNoon, false)->refused);
  static_cast<void>(open);
}

// A clock that returned from a day without spend has left an empty place among the windows.
TEST(SharedSpend, is_reported_of_windows_that_are_there) {
  CostLimiter first{limits(usd(10))};
  CostLimiter second{limits(usd(10))};
  spend(second, usd(1), kNoon);
  second.advance(at("2024-01-21T12:00:00Z"));
  second.advance(kNoon);
  first.advance(kNoon);
  const std::size_t before = first.windows().size();
  first.absorb(second);
  EXPECT_EQ(first.windows().size(), before);
}

}  // namespace
}  // namespace windtunnel::monitor::cost_limiter_sharing_test
