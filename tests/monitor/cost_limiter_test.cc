#include "monitor/cost_limiter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/monitor/cost_limiter_rig.h"

namespace windtunnel::monitor::cost_limiter_test {
namespace {

using namespace std::chrono_literals;
using namespace cost_limiter_rig;

TEST(CostLimiter, admits_up_to_the_limit_and_not_a_pico_dollar_more) {
  const CostLimiter limiter{limits(usd(10))};
  EXPECT_TRUE(admits(limiter, usd(10), kNoon));
  EXPECT_FALSE(admits(limiter, usd(10) + kPico, kNoon));
}

TEST(CostLimiter, settled_and_reserved_money_both_take_room) {
  CostLimiter limiter{limits(usd(10))};
  spend(limiter, usd(3), kNoon);
  EXPECT_TRUE(reserve(limiter, usd(4), kNoon));
  EXPECT_TRUE(admits(limiter, usd(3), kNoon));
  EXPECT_FALSE(admits(limiter, usd(3) + kPico, kNoon));
}

TEST(CostLimiter, each_window_with_a_limit_must_have_room) {
  CostLimiter limiter{limits(usd(10), usd(4))};
  EXPECT_FALSE(admits(limiter, usd(4) + kPico, kNoon));
  spend(limiter, usd(4), kNoon);
  EXPECT_FALSE(admits(limiter, kPico, kNoon));
  spend(limiter, usd(4), kNoon + 24h);
  EXPECT_TRUE(admits(limiter, usd(2), kNoon + 48h));
  EXPECT_FALSE(admits(limiter, usd(2) + kPico, kNoon + 48h));
}

TEST(CostLimiter, an_absent_limit_is_unlimited_and_tracked) {
  CostLimiter limiter{limits(std::nullopt)};
  spend(limiter, usd(9'000'000), kNoon);
  EXPECT_TRUE(admits(limiter, usd(100'000), kNoon));
  EXPECT_EQ(limiter.month_settled(), usd(9'000'000));
  EXPECT_EQ(limiter.day_settled(), usd(9'000'000));
  EXPECT_EQ(words_of_events(limiter), (Words{"opened month 2024-01-01", "opened day 2024-01-20"}));
}

TEST(CostLimiter, a_limit_of_zero_admits_nothing_not_even_what_is_free) {
  EXPECT_FALSE(admits(CostLimiter{limits(Usd{})}, Usd{}, kNoon));
  EXPECT_FALSE(admits(CostLimiter{limits(std::nullopt, Usd{})}, Usd{}, kNoon));
  CostLimiter spent{limits(usd(1))};
  spend(spent, usd(1), kNoon);
  EXPECT_TRUE(admits(spent, Usd{}, kNoon));
}

TEST(CostLimiter, the_greatest_limit_does_not_overflow) {
  CostLimiter limiter{limits(kLimitMax, kLimitMax)};
  BudgetTicket ticket = reserve(limiter, kLimitMax, kNoon).value();
  EXPECT_FALSE(admits(limiter, Usd::max(), kNoon));
  EXPECT_FALSE(limiter.re_reserve(ticket, Usd::max()));
  limiter.settle(ticket, kLimitMax);
  EXPECT_FALSE(admits(limiter, Usd::max(), kNoon));
}

TEST(CostLimiter, a_reservation_shrinks_always_and_grows_if_it_fits) {
  CostLimiter limiter{limits(usd(10))};
  BudgetTicket ticket = reserve(limiter, usd(6), kNoon).value();
  EXPECT_TRUE(limiter.re_reserve(ticket, usd(2)));
  EXPECT_EQ(limiter.month_reserved(), usd(2));
  BudgetTicket other = reserve(limiter, usd(3), kNoon).value();
  EXPECT_FALSE(limiter.re_reserve(ticket, usd(7) + kPico));
  EXPECT_EQ(ticket.reserved, usd(2));
  EXPECT_EQ(limiter.refused(), 1);
  EXPECT_TRUE(limiter.re_reserve(ticket, usd(7)));
  EXPECT_EQ(limiter.month_reserved(), usd(10));
  EXPECT_EQ(limiter.day_reserved(), usd(10));

  limiter.settle(other, usd(9));  // a bill above its reservation: the month is overspent
  EXPECT_TRUE(limiter.re_reserve(ticket, usd(6)));
  EXPECT_FALSE(limiter.re_reserve(ticket, usd(6) + kPico));
}

TEST(CostLimiter, each_attempt_settles_to_its_bill) {
  CostLimiter limiter{limits(usd(10))};
  BudgetTicket ticket = reserve(limiter, usd(6), kNoon).value();
  limiter.settle(ticket, usd(4));
  EXPECT_EQ(limiter.month_settled(), usd(4));
  EXPECT_EQ(limiter.month_reserved(), Usd{});
  EXPECT_EQ(ticket.reserved, Usd{});
  EXPECT_FALSE(limiter.re_reserve(ticket, usd(6) + kPico));
  EXPECT_TRUE(limiter.re_reserve(ticket, usd(6)));
  limiter.settle(ticket, usd(1));
  limiter.close(ticket);
  EXPECT_EQ(limiter.day_settled(), usd(5));
  EXPECT_EQ(limiter.settled_total(), usd(5));
  EXPECT_EQ(limiter.day_reserved(), Usd{});
  EXPECT_EQ(limiter.overruns(), 0);
}

TEST(CostLimiter, release_and_close_give_back_what_is_left) {
  CostLimiter limiter{limits(usd(10))};
  BudgetTicket ticket = reserve(limiter, usd(6), kNoon).value();
  limiter.release(ticket);
  EXPECT_EQ(limiter.month_reserved(), Usd{});
  EXPECT_TRUE(limiter.re_reserve(ticket, usd(10)));
  limiter.close(ticket);
  limiter.close(ticket);
  EXPECT_FALSE(ticket.open);
  EXPECT_EQ(limiter.month_reserved(), Usd{});
  EXPECT_EQ(limiter.day_reserved(), Usd{});
  EXPECT_EQ(limiter.month_settled(), Usd{});
}

TEST(CostLimiter, a_ticket_that_is_not_open_cannot_be_used) {
  CostLimiter limiter;
  BudgetTicket ticket = reserve(limiter, usd(1), kNoon).value();
  BudgetTicket copy = ticket;
  limiter.close(ticket);
  EXPECT_EXIT(limiter.settle(ticket, Usd{}), testing::ExitedWithCode(1), "only an open ticket settles");
  EXPECT_EXIT(limiter.release(ticket), testing::ExitedWithCode(1), "only an open ticket");
  EXPECT_EXIT((void)limiter.re_reserve(ticket, Usd{}), testing::ExitedWithCode(1), "only an open ticket");
  copy.reserved = Usd{};
  EXPECT_EXIT(limiter.close(copy), testing::ExitedWithCode(1), "a ticket is closed once");
}

TEST(CostLimiter, a_bill_above_its_reservation_is_charged_in_full_and_counted) {
  CostLimiter limiter{limits(usd(10))};
  spend(limiter, usd(1), kNoon);
  EXPECT_EQ(limiter.overruns(), 0);
  BudgetTicket ticket = reserve(limiter, usd(1), kNoon).value();
  limiter.settle(ticket, usd(1) + kPico);
  EXPECT_EQ(limiter.month_settled(), usd(2) + kPico);
  EXPECT_EQ(limiter.month_reserved(), Usd{});
  EXPECT_EQ(limiter.overruns(), 1);
}

TEST(CostLimiter, a_reservation_that_stays_as_it_is_needs_no_room) {
  CostLimiter limiter{limits(usd(10))};
  BudgetTicket kept = reserve(limiter, usd(2), kNoon).value();
  BudgetTicket dear = reserve(limiter, usd(8), kNoon).value();
  limiter.settle(dear, usd(9));
  EXPECT_TRUE(limiter.re_reserve(kept, usd(2)));
  EXPECT_FALSE(limiter.re_reserve(kept, usd(2) + kPico));
}

TEST(CostLimiter, an_unknown_bill_settles_as_configured) {
  CostLimiterConfig config = limits(usd(10));
  CostLimiter careful{config};
  BudgetTicket ticket = reserve(careful, usd(6), kNoon).value();
  EXPECT_EQ(careful.settle_unknown(ticket), usd(6));
  EXPECT_EQ(careful.month_settled(), usd(6));
  config.unknown_usage = UnknownUsage::zero;
  CostLimiter trusting{config};
  ticket = reserve(trusting, usd(6), kNoon).value();
  EXPECT_EQ(trusting.settle_unknown(ticket), Usd{});
  EXPECT_EQ(trusting.month_settled(), Usd{});
  EXPECT_EQ(trusting.month_reserved(), Usd{});
}

TEST(CostLimiter, windows_reset_at_their_calendar_boundary) {
  for (const char* boundary : {"2024-02-01", "2024-03-01", "2023-03-01", "2024-05-01", "2025-01-01", "1970-01-01"}) {
    CostLimiter limiter{limits(usd(10), usd(10))};
    spend(limiter, usd(10), at(boundary) - 1h);
    EXPECT_FALSE(admits(limiter, kPico, at(boundary) - 1ns)) << boundary;
    EXPECT_TRUE(admits(limiter, usd(10), at(boundary))) << boundary;
  }
}

TEST(CostLimiter, the_leap_day_belongs_to_february) {
  CostLimiter limiter{limits(usd(10))};
  spend(limiter, usd(10), at("2024-02-01"));
  EXPECT_FALSE(admits(limiter, kPico, at("2024-02-29T23:59:59.999999999Z")));
  EXPECT_TRUE(admits(limiter, kPico, at("2024-03-01")));
}

TEST(CostLimiter, windows_open_and_close_once_each) {
  CostLimiter limiter{limits(usd(10))};
  limiter.advance(at("2024-12-30T10:00:00Z"));
  EXPECT_EQ(words_of_events(limiter), (Words{"opened month 2024-12-01", "opened day 2024-12-30"}));
  limiter.advance(at("2024-12-30T23:59:59.999999999Z"));
  EXPECT_EQ(words_of_events(limiter), Words{});
  limiter.advance(at("2024-12-31"));
  EXPECT_EQ(words_of_events(limiter), (Words{"closed day 2024-12-30", "opened day 2024-12-31"}));
  limiter.advance(at("2025-01-03"));
  EXPECT_EQ(words_of_events(limiter), (Words{"closed month 2024-12-01", "opened month 2025-01-01",
                                             "closed day 2024-12-31", "opened day 2025-01-03"}));
  EXPECT_EQ(limiter.windows_open(), 2U);
  EXPECT_EQ(limiter.windows().size(), 2U);  // slots are used again
}

TEST(CostLimiter, a_request_across_a_month_end_is_charged_to_its_admission) {
  CostLimiter limiter{limits(usd(10), usd(10))};
  const WallTime february = at("2024-02-01");
  spend(limiter, usd(7), february - 1s);
  BudgetTicket ticket = reserve(limiter, usd(3), february - 1ns).value();
  limiter.advance(february);
  limiter.clear_events();
  EXPECT_EQ(limiter.windows_open(), 4U);
  EXPECT_EQ(limiter.month_reserved(), Usd{});

  // A retry needs room in January, however empty February is.
  limiter.settle(ticket, usd(1));
  EXPECT_FALSE(limiter.re_reserve(ticket, usd(2) + kPico));
  EXPECT_TRUE(limiter.re_reserve(ticket, usd(2)));
  limiter.settle(ticket, usd(2));
  EXPECT_EQ(limiter.month_settled(), Usd{});
  EXPECT_EQ(words_of_events(limiter),
            (Words{"alert month 80", "alert day 80", "refused month", "refused day", "alert month 90", "alert month 95",
                   "alert month 100", "alert day 90", "alert day 95", "alert day 100"}));
  limiter.close(ticket);
  EXPECT_EQ(words_of_events(limiter), (Words{"closed month 2024-01-01", "closed day 2024-01-31"}));
  EXPECT_EQ(limiter.windows_open(), 2U);
  EXPECT_TRUE(admits(limiter, usd(10), february));
}

TEST(CostLimiter, a_window_that_closes_reports_its_spend) {
  CostLimiter limiter{limits(usd(10))};
  spend(limiter, usd(3), kNoon);
  limiter.clear_events();
  limiter.advance(at("2024-02-01"));
  const BudgetEvent& event = limiter.events().front();
  EXPECT_EQ(event.kind, Kind::window_closed);
  EXPECT_FALSE(event.daily);
  EXPECT_EQ(event.window_begin, at("2024-01-01"));
  EXPECT_EQ(event.spent, usd(3));
  EXPECT_EQ(event.reserved, Usd{});
  EXPECT_EQ(event.limit, usd(10));
}

TEST(CostLimiter, alerts_fire_once_in_order_at_the_settlement_that_reaches_them) {
  CostLimiter limiter{limits(usd(10))};
  spend(limiter, usd(8) - kPico, kNoon);
  limiter.clear_events();
  BudgetTicket ticket = reserve(limiter, usd(2), kNoon).value();
  EXPECT_EQ(words_of_events(limiter), Words{});  // reserved money fires nothing
  limiter.settle(ticket, kPico);
  EXPECT_EQ(words_of_events(limiter), (Words{"alert month 80"}));
  spend(limiter, usd(1), kNoon);
  EXPECT_EQ(words_of_events(limiter), (Words{"alert month 90"}));
  spend(limiter, usd(1), kNoon);
  EXPECT_EQ(words_of_events(limiter), (Words{"alert month 95", "alert month 100"}));
  spend(limiter, Usd{}, kNoon);
  EXPECT_EQ(words_of_events(limiter), Words{});

  limiter.advance(at("2024-02-01"));
  limiter.clear_events();
  spend(limiter, usd(8), at("2024-02-01"));
  EXPECT_EQ(words_of_events(limiter), (Words{"alert month 80"}));
}

TEST(CostLimiter, a_share_that_is_no_whole_number_of_pico_dollars_is_reached_above_it) {
  CostLimiterConfig config = limits(Usd::from_picos(5));
  config.alerts = {Millionths{500'000}};
  CostLimiter limiter{config};
  spend(limiter, Usd::from_picos(2), kNoon);
  limiter.clear_events();
  spend(limiter, kPico, kNoon);
  EXPECT_EQ(words_of_events(limiter), (Words{"alert month 50"}));
}

TEST(CostLimiter, a_share_a_millionth_above_a_pico_dollar_is_reached_at_the_next) {
  CostLimiterConfig config = limits(Usd::from_picos(500'001));
  config.alerts = {Millionths{500'001}};  // at 250,001.000001 pico-dollars
  CostLimiter limiter{config};
  limiter.advance(kNoon);
  limiter.clear_events();
  spend(limiter, Usd::from_picos(250'001), kNoon);
  EXPECT_EQ(words_of_events(limiter), Words{});
  spend(limiter, kPico, kNoon);
  EXPECT_EQ(words_of_events(limiter).size(), 1U);
}

TEST(CostLimiter, alerts_of_the_greatest_limit_are_exact) {
  CostLimiter limiter{limits(kLimitMax)};
  spend(limiter, usd(7'200'000) - kPico, kNoon);
  limiter.clear_events();
  spend(limiter, kPico, kNoon);
  EXPECT_EQ(words_of_events(limiter), (Words{"alert month 80"}));
}

TEST(CostLimiter, the_first_refusal_of_a_window_is_an_event) {
  CostLimiter limiter{limits(usd(10), usd(5))};
  limiter.advance(kNoon);
  limiter.clear_events();
  EXPECT_FALSE(reserve(limiter, usd(6), kNoon));
  EXPECT_EQ(words_of_events(limiter), (Words{"refused day"}));
  EXPECT_FALSE(reserve(limiter, usd(11), kNoon));
  EXPECT_EQ(words_of_events(limiter), (Words{"refused month"}));
  EXPECT_FALSE(reserve(limiter, usd(11), kNoon));
  EXPECT_EQ(words_of_events(limiter), Words{});
  EXPECT_EQ(limiter.refused(), 3);
  EXPECT_FALSE(reserve(limiter, usd(6), kNoon + 24h));
  EXPECT_EQ(words_of_events(limiter), (Words{"closed day 2024-01-20", "opened day 2024-01-21", "refused day"}));
}

TEST(CostLimiter, a_refusal_by_both_windows_names_the_month_first) {
  CostLimiter limiter{limits(usd(1), usd(1))};
  limiter.advance(kNoon);
  limiter.clear_events();
  EXPECT_FALSE(reserve(limiter, usd(2), kNoon));
  EXPECT_EQ(words_of_events(limiter), (Words{"refused month", "refused day"}));
}

TEST(CostLimiter, the_first_refusal_fires_the_last_alert_if_the_one_before_has_fired) {
  const auto after_refusal = [](Usd spent, CostLimiterConfig config) {
    CostLimiter limiter{config};
    spend(limiter, spent, kNoon);
    limiter.clear_events();
    EXPECT_FALSE(reserve(limiter, usd(101), kNoon));
    return words_of_events(limiter);
  };
  EXPECT_EQ(after_refusal(usd(95), limits(usd(100))), (Words{"refused month", "alert month 100"}));
  EXPECT_EQ(after_refusal(usd(95) - kPico, limits(usd(100))), (Words{"refused month"}));
  EXPECT_EQ(after_refusal(usd(100), limits(usd(100))), (Words{"refused month"}));  // it has fired already

  CostLimiterConfig config = limits(usd(100));
  config.alerts = {Millionths{1'000'000}};
  EXPECT_EQ(after_refusal(usd(99), config), (Words{"refused month"}));
  config.alerts = {Millionths{500'000}, Millionths{900'000}};
  EXPECT_EQ(after_refusal(usd(50), config), (Words{"refused month"}));
  EXPECT_EQ(after_refusal(usd(95), config), (Words{"refused month"}));
  config.alerts = {};
  EXPECT_EQ(after_refusal(usd(99), config), (Words{"refused month"}));
}

TEST(CostLimiter, an_alert_that_a_refusal_fired_does_not_fire_again) {
  CostLimiter limiter{limits(usd(100))};
  spend(limiter, usd(95), kNoon);
  EXPECT_FALSE(reserve(limiter, usd(6), kNoon));
  limiter.clear_events();
  spend(limiter, usd(5), kNoon);
  EXPECT_EQ(words_of_events(limiter), Words{});
}

TEST(CostLimiter, a_copy_goes_its_own_way) {
  CostLimiter limiter{limits(usd(10))};
  BudgetTicket ticket = reserve(limiter, usd(6), kNoon).value();
  CostLimiter copy = limiter;
  BudgetTicket copied = ticket;
  copy.settle(copied, usd(6));
  copy.close(copied);
  EXPECT_EQ(limiter.month_reserved(), usd(6));
  EXPECT_EQ(limiter.month_settled(), Usd{});
  limiter.close(ticket);
  EXPECT_EQ(copy.month_settled(), usd(6));
}

TEST(CostLimiter, configurations_out_of_range_are_invalid) {
  const auto alerts = [](std::vector<Millionths> shares) {
    CostLimiterConfig config;
    config.alerts = std::move(shares);
    return invalid(config).has_value();
  };
  EXPECT_FALSE(invalid(CostLimiterConfig{}));
  EXPECT_FALSE(invalid(limits(kLimitMax, Usd{})));
  EXPECT_TRUE(invalid(limits(kLimitMax + kPico)));
  EXPECT_TRUE(invalid(limits(std::nullopt, kLimitMax + kPico)));
  EXPECT_TRUE(invalid(limits(Usd{} - kPico)));
  EXPECT_TRUE(invalid(limits(std::nullopt, Usd{} - kPico)));
  EXPECT_FALSE(alerts({}));
  EXPECT_FALSE(alerts({{1}, {1'000'000}}));
  EXPECT_TRUE(alerts({{0}}));
  EXPECT_TRUE(alerts({{1'000'001}}));
  EXPECT_TRUE(alerts({{900'000}, {800'000}}));
  EXPECT_TRUE(alerts({{900'000}, {900'000}}));
}

// A month that is half over begins with what was spent in it.
TEST(CostLimiter, spend_that_is_carried_in_takes_room_and_fires_its_alerts) {
  CostLimiter limiter{limits(usd(10))};
  limiter.carry_in(Usd{}, kNoon);
  limiter.carry_in(usd(9), kNoon);
  EXPECT_EQ(words_of_events(limiter),
            (Words{"opened month 2024-01-01", "opened day 2024-01-20", "alert month 80", "alert month 90"}));
  EXPECT_EQ(limiter.month_settled(), usd(9));
  EXPECT_EQ(limiter.day_settled(), Usd{});
  EXPECT_EQ(limiter.settled_total(), Usd{});
  EXPECT_TRUE(admits(limiter, usd(1), kNoon));
  EXPECT_FALSE(admits(limiter, usd(1) + kPico, kNoon));
  EXPECT_TRUE(admits(limiter, usd(10), at("2024-02-01T00:00:00Z")));
}

}  // namespace
}  // namespace windtunnel::monitor::cost_limiter_test
