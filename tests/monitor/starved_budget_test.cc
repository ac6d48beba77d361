// A budget that refuses while reservations, not spend, fill it: it counts such refusals, the most that was reserved,
// and marks an alert that a refusal fires.

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "base/calendar.h"
#include "monitor/cost_limiter.h"

namespace windtunnel::monitor::starved_budget_test {
namespace {

Usd usd(std::int64_t dollars) { return Usd::from_dollars(dollars); }
const WallTime kNoon = parse_iso8601("2024-01-20T12:00:00Z").value();

CostLimiter limiter_of(std::optional<Usd> monthly, std::optional<Usd> daily = std::nullopt) {
  CostLimiterConfig config;
  config.monthly = monthly;
  config.daily = daily;
  return CostLimiter{config};
}

BudgetTicket reserve(CostLimiter& limiter, Usd worst) {
  BudgetTicket ticket;
  EXPECT_TRUE(limiter.reserve(ticket, worst, kNoon));
  return ticket;
}

bool refuses(CostLimiter& limiter, Usd worst) {
  BudgetTicket ticket;
  return !limiter.reserve(ticket, worst, kNoon);
}

void spend(CostLimiter& limiter, Usd billed) {
  BudgetTicket ticket = reserve(limiter, billed);
  limiter.settle(ticket, billed);
  limiter.close(ticket);
}

const BudgetWindow& month_of(const CostLimiter& limiter) {
  for (const BudgetWindow& window : limiter.windows()) {
    if (window.live && !window.daily) return window;
  }
  fail_check("a month is open", __FILE__, __LINE__);
}

TEST(StarvedBudget, a_refusal_is_by_reservation_if_it_fits_into_what_is_not_spent) {
  CostLimiter limiter = limiter_of(usd(10));
  spend(limiter, usd(2));
  BudgetTicket held = reserve(limiter, usd(5));
  EXPECT_TRUE(refuses(limiter, usd(4)));
  EXPECT_TRUE(refuses(limiter, usd(8)));
  EXPECT_EQ(limiter.refused_by_reservation(), 2);
  EXPECT_TRUE(refuses(limiter, usd(8) + Usd::from_picos(1))) << "more than is left, whatever is reserved";
  EXPECT_EQ(limiter.refused_by_reservation(), 2);
  EXPECT_EQ(limiter.refused(), 3);
  EXPECT_FALSE(limiter.re_reserve(held, usd(9)));
  EXPECT_EQ(limiter.refused_by_reservation(), 2) << "its own reservation does not stand in its way";
}

TEST(StarvedBudget, both_windows_must_have_room_but_for_reservations) {
  CostLimiter limiter = limiter_of(usd(10), usd(3));
  spend(limiter, usd(1));
  [[maybe_unused]] const BudgetTicket held = reserve(limiter, usd(2));
  EXPECT_TRUE(refuses(limiter, usd(2)));
  EXPECT_EQ(limiter.refused_by_reservation(), 1);
  EXPECT_TRUE(refuses(limiter, usd(3)));
  EXPECT_EQ(limiter.refused_by_reservation(), 1);
}

TEST(StarvedBudget, a_limit_of_zero_has_no_room_that_reservations_could_take) {
  CostLimiter limiter = limiter_of(Usd{});
  EXPECT_TRUE(refuses(limiter, Usd{}));
  EXPECT_EQ(limiter.refused_by_reservation(), 0);
}

TEST(StarvedBudget, a_window_remembers_the_most_that_was_reserved_at_once) {
  CostLimiter limiter = limiter_of(usd(10));
  BudgetTicket first = reserve(limiter, usd(3));
  BudgetTicket second = reserve(limiter, usd(2));
  limiter.close(first);
  EXPECT_TRUE(limiter.re_reserve(second, usd(4)));
  EXPECT_EQ(month_of(limiter).reserved_max, usd(5));
  EXPECT_TRUE(limiter.re_reserve(second, usd(6)));
  EXPECT_EQ(month_of(limiter).reserved_max, usd(6));
}

TEST(StarvedBudget, an_alert_that_a_refusal_fires_reports_so) {
  CostLimiter limiter = limiter_of(usd(100));
  spend(limiter, usd(95));
  for (const BudgetEvent& event : limiter.events()) EXPECT_FALSE(event.by_refusal);
  EXPECT_FALSE(month_of(limiter).refusal_alerted);
  limiter.clear_events();
  EXPECT_TRUE(refuses(limiter, usd(6)));
  const std::vector<BudgetEvent> events{limiter.events().begin(), limiter.events().end()};
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].kind, BudgetEvent::Kind::budget_refused);
  EXPECT_EQ(events[1].kind, BudgetEvent::Kind::alert);
  EXPECT_EQ(events[1].share, Millionths{1'000'000});
  EXPECT_TRUE(events[1].by_refusal);
  EXPECT_TRUE(month_of(limiter).refusal_alerted);
}

}  // namespace
}  // namespace windtunnel::monitor::starved_budget_test
