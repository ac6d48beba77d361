// The arrows of the drawing in breaker.h, each by its name, and both sides of every edge.

#include "monitor/breaker/breaker.h"

#include <gtest/gtest.h>

#include <chrono>

#include "monitor/breaker/breaker_presets.h"
#include "tests/monitor/breaker/breaker_calls.h"

namespace windtunnel::monitor::breaker_test {
namespace {

using namespace breaker_calls;
using namespace std::chrono_literals;

TEST(Breaker, name_of_returns_lower_case_words) {
  EXPECT_STREQ(name_of(BreakerState::closed), "closed");
  EXPECT_STREQ(name_of(BreakerState::open), "open");
  EXPECT_STREQ(name_of(BreakerState::half_open), "half_open");
  EXPECT_EXIT(name_of(static_cast<BreakerState>(3)), testing::ExitedWithCode(1),
              "believed that a breaker's state has a name \\(");
}

TEST(Breaker, closed_to_open_at_the_fifth_failure_in_a_row) {
  Breaker breaker{five_in_a_row()};
  fail(breaker, kStart, 4);
  EXPECT_EQ(breaker.state(kStart), BreakerState::closed);
  EXPECT_FALSE(breaker.take_transition());

  fail(breaker, kStart + 1s);
  EXPECT_EQ(breaker.state(kStart + 1s), BreakerState::open);
  const auto transition = breaker.take_transition();
  ASSERT_TRUE(transition);
  EXPECT_EQ(*transition, (BreakerTransition{.at = kStart + 1s,
                                            .from = BreakerState::closed,
                                            .to = BreakerState::open,
                                            .rule = TripRule::consecutive,
                                            .epoch = 1,
                                            .consecutive_failures = 5,
                                            .window_calls = 0,
                                            .window_failures = 0,
                                            .open_for = 30s}));
  EXPECT_FALSE(breaker.take_transition());
}

TEST(Breaker, a_success_resets_the_run) {
  Breaker breaker{five_in_a_row()};
  fail(breaker, kStart, 4);
  succeed(breaker, kStart);
  EXPECT_EQ(breaker.consecutive_failures(), 0);
  fail(breaker, kStart, 4);
  EXPECT_EQ(breaker.state(kStart), BreakerState::closed);
  fail(breaker, kStart);
  EXPECT_EQ(breaker.state(kStart), BreakerState::open);
}

TEST(Breaker, an_ignored_outcome_neither_counts_nor_resets_the_run) {
  Breaker breaker{five_in_a_row()};
  fail(breaker, kStart, 4);
  call(breaker, BreakerOutcome::ignored, kStart);
  EXPECT_EQ(breaker.consecutive_failures(), 4);
  EXPECT_EQ(breaker.state(kStart), BreakerState::closed);
  fail(breaker, kStart);
  EXPECT_EQ(breaker.state(kStart), BreakerState::open);
}

TEST(Breaker, closed_to_open_only_above_half_of_the_window_under_gt) {
  BreakerConfig config;
  config.failure_rate_threshold = Millionths{500'000};
  config.window_type = WindowType::count;
  config.window_size = 10;
  config.minimum_calls = 10;
  Breaker breaker{config};
  succeed(breaker, kStart, 5);
  fail(breaker, kStart, 5);
  EXPECT_EQ(breaker.window_failures(kStart), 5);
  EXPECT_EQ(breaker.state(kStart), BreakerState::closed);  // exactly half
  fail(breaker, kStart);                                   // 6 of the last 10
  EXPECT_EQ(breaker.state(kStart), BreakerState::open);
  EXPECT_EQ(breaker.take_transition()->rule, TripRule::rate);
}

TEST(Breaker, closed_to_open_at_half_of_the_window_under_ge) {
  BreakerConfig config;
  config.failure_rate_threshold = Millionths{500'000};
  config.failure_rate_compare = BreakerCompare::ge;
  config.window_type = WindowType::count;
  config.window_size = 10;
  Breaker breaker{config};
  succeed(breaker, kStart, 5);
  fail(breaker, kStart, 4);
  EXPECT_EQ(breaker.state(kStart), BreakerState::closed);
  fail(breaker, kStart);
  EXPECT_EQ(breaker.state(kStart), BreakerState::open);
}

// One third is no decimal of six places: of 3 calls, 1 failure lies above 0.333333 and below 0.333334.
TEST(Breaker, compares_rates_exactly) {
  for (const std::int64_t millionths : {333'333, 333'334}) {
    BreakerConfig config;
    config.failure_rate_threshold = Millionths{millionths};
    config.failure_rate_compare = BreakerCompare::ge;
    config.window_type = WindowType::count;
    config.window_size = 3;
    Breaker breaker{config};
    succeed(breaker, kStart, 2);
    fail(breaker, kStart);
    EXPECT_EQ(breaker.state(kStart), millionths == 333'333 ? BreakerState::open : BreakerState::closed);
  }
}

TEST(Breaker, holds_the_rate_rule_below_minimum_calls_and_no_other_rule) {
  BreakerConfig config;
  config.failure_rate_threshold = Millionths{500'000};
  config.minimum_calls = 5;
  config.window_type = WindowType::count;
  config.window_size = 10;
  Breaker breaker{config};
  fail(breaker, kStart, 4);
  EXPECT_EQ(breaker.state(kStart), BreakerState::closed);
  fail(breaker, kStart);
  EXPECT_EQ(breaker.state(kStart), BreakerState::open);

  config.failure_count_threshold = 3;
  Breaker counting{config};
  fail(counting, kStart, 2);
  EXPECT_EQ(counting.state(kStart), BreakerState::closed);
  fail(counting, kStart);
  EXPECT_EQ(counting.state(kStart), BreakerState::open);
  EXPECT_EQ(counting.take_transition()->rule, TripRule::count);
}

TEST(Breaker, names_the_first_rule_that_holds) {
  BreakerConfig config = five_in_a_row();
  config.failure_rate_threshold = Millionths{500'000};
  config.failure_count_threshold = 5;
  config.minimum_calls = 5;
  config.window_type = WindowType::lifetime;
  Breaker breaker{config};
  fail(breaker, kStart, 5);
  EXPECT_EQ(breaker.take_transition()->rule, TripRule::consecutive);

  config.consecutive_threshold = 6;
  Breaker without_run{config};
  fail(without_run, kStart, 5);
  EXPECT_EQ(without_run.take_transition()->rule, TripRule::rate);
}

TEST(Breaker, a_success_can_open_only_where_any_result_is_judged) {
  for (const auto evaluate_on : {EvaluateOn::failure, EvaluateOn::any}) {
    BreakerConfig config;
    config.failure_rate_threshold = Millionths{500'000};
    config.minimum_calls = 3;
    config.window_type = WindowType::count;
    config.window_size = 3;
    config.evaluate_on = evaluate_on;
    Breaker breaker{config};
    fail(breaker, kStart, 2);
    succeed(breaker, kStart);  // 2 of 3, and only now there are enough
    EXPECT_EQ(breaker.state(kStart), evaluate_on == EvaluateOn::any ? BreakerState::open : BreakerState::closed);
  }
}

TEST(Breaker, open_refuses_for_30_s_and_is_half_open_at_that_instant) {
  Breaker breaker = opened_at(kStart + 7s);
  EXPECT_EQ(breaker.wakeup(), kStart + 37s);
  EXPECT_FALSE(breaker.acquire(kStart + 7s));
  EXPECT_EQ(breaker.state(kStart + 37s - 1ns), BreakerState::open);
  EXPECT_FALSE(breaker.acquire(kStart + 37s - 1ns));
  EXPECT_EQ(breaker.state(kStart + 37s), BreakerState::half_open);
  EXPECT_TRUE(breaker.acquire(kStart + 37s));
  EXPECT_FALSE(breaker.wakeup());
}

TEST(Breaker, open_lasts_one_nanosecond_longer_under_gt) {
  BreakerConfig config = five_in_a_row();
  config.open_compare = BreakerCompare::gt;
  Breaker breaker = opened_at(kStart, config);
  EXPECT_EQ(breaker.wakeup(), kStart + 30s + 1ns);
  EXPECT_FALSE(breaker.acquire(kStart + 30s));
  EXPECT_TRUE(breaker.acquire(kStart + 30s + 1ns));
}

TEST(Breaker, recovers_when_it_opened_at_time_0) {
  Breaker breaker = opened_at(Instant{});
  EXPECT_EQ(breaker.opened_at(), Instant{});
  EXPECT_FALSE(breaker.acquire(Instant{30s - 1ns}));
  const auto probe = breaker.acquire(Instant{30s});
  ASSERT_TRUE(probe);
  breaker.report(*probe, BreakerOutcome::success, Instant{30s});
  EXPECT_EQ(breaker.state(Instant{30s}), BreakerState::closed);
  EXPECT_FALSE(breaker.opened_at());
}

TEST(Breaker, open_to_half_open_is_dated_when_it_was_due_however_late_the_next_call_comes) {
  for (const bool advanced : {true, false}) {
    Breaker breaker = opened_at(kStart);
    if (advanced) {
      breaker.advance(kStart + 100s);
    } else {
      EXPECT_TRUE(breaker.acquire(kStart + 100s));
    }
    const auto transition = breaker.take_transition();
    ASSERT_TRUE(transition);
    EXPECT_EQ(transition->at, kStart + 30s);
    EXPECT_EQ(transition->from, BreakerState::open);
    EXPECT_EQ(transition->to, BreakerState::half_open);
    EXPECT_EQ(transition->rule, TripRule::none);
    EXPECT_EQ(transition->epoch, 2U);
    EXPECT_FALSE(breaker.take_transition());
  }
}

TEST(Breaker, half_open_admits_one_probe_however_many_calls_come_in_the_same_instant) {
  Breaker breaker = opened_at(kStart);
  EXPECT_TRUE(breaker.acquire(kStart + 30s));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(breaker.acquire(kStart + 30s));
  EXPECT_EQ(breaker.permits_in_flight(), 1);
}

TEST(Breaker, half_open_admits_as_many_probes_as_permitted_in_total) {
  BreakerConfig config = five_in_a_row();
  config.half_open_max_calls = 3;
  config.half_open_success_threshold = 3;
  Breaker breaker = opened_at(kStart, config);
  succeed(breaker, kStart + 30s, 2);  // a success does not give its place back
  EXPECT_TRUE(breaker.acquire(kStart + 30s));
  EXPECT_FALSE(breaker.acquire(kStart + 30s));
  EXPECT_EQ(breaker.permits_in_flight(), 1);
}

TEST(Breaker, half_open_admits_every_call_when_unlimited) {
  BreakerConfig config = five_in_a_row();
  config.half_open_max_calls = 0;
  Breaker breaker = opened_at(kStart, config);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(breaker.acquire(kStart + 30s));
  EXPECT_EQ(breaker.permits_in_flight(), 100);
}

TEST(Breaker, a_hung_probe_keeps_its_place_until_it_reports) {
  Breaker breaker = opened_at(kStart);
  const auto probe = breaker.acquire(kStart + 30s);
  ASSERT_TRUE(probe);
  EXPECT_FALSE(breaker.acquire(kStart + 3'000s));
  EXPECT_EQ(breaker.state(kStart + 3'000s), BreakerState::half_open);
  breaker.report(*probe, BreakerOutcome::success, kStart + 3'001s);
  EXPECT_EQ(breaker.state(kStart + 3'001s), BreakerState::closed);
}

TEST(Breaker, an_ignored_probe_gives_its_permit_back) {
  for (const bool returned : {true, false}) {
    Breaker breaker = opened_at(kStart);
    const auto probe = breaker.acquire(kStart + 30s);
    ASSERT_TRUE(probe);
    if (returned) breaker.give_back(*probe, kStart + 31s);
    if (!returned) breaker.report(*probe, BreakerOutcome::ignored, kStart + 31s);
    EXPECT_EQ(breaker.state(kStart + 31s), BreakerState::half_open);
    EXPECT_EQ(breaker.permits_in_flight(), 0);
    EXPECT_TRUE(breaker.acquire(kStart + 31s));
    EXPECT_FALSE(breaker.acquire(kStart + 31s));
  }
}

TEST(Breaker, half_open_to_closed_at_the_last_success_needed_and_forgets_everything) {
  BreakerConfig config = seed_readme();
  config.half_open_max_calls = 2;
  config.half_open_success_threshold = 2;
  Breaker breaker = opened_at(kStart, config);
  EXPECT_EQ(breaker.window_failures(kStart + 30s), 5);  // opening keeps the counters
  succeed(breaker, kStart + 30s);
  EXPECT_EQ(breaker.state(kStart + 30s), BreakerState::half_open);
  succeed(breaker, kStart + 31s);
  EXPECT_EQ(breaker.state(kStart + 31s), BreakerState::closed);

  const auto transition = breaker.take_transition();
  ASSERT_TRUE(transition);
  EXPECT_EQ(transition->at, kStart + 31s);
  EXPECT_EQ(transition->from, BreakerState::half_open);
  EXPECT_EQ(transition->to, BreakerState::closed);
  EXPECT_EQ(transition->epoch, 3U);
  EXPECT_EQ(transition->consecutive_failures, 5);
  EXPECT_EQ(transition->window_calls, 5);
  EXPECT_EQ(transition->window_failures, 5);
  EXPECT_EQ(breaker.consecutive_failures(), 0);
  EXPECT_EQ(breaker.window_calls(kStart + 31s), 0);
  fail(breaker, kStart + 31s, 4);
  EXPECT_EQ(breaker.state(kStart + 31s), BreakerState::closed);
}

TEST(Breaker, half_open_to_open_with_a_fresh_deadline) {
  Breaker breaker = opened_at(kStart);
  fail(breaker, kStart + 40s);
  const auto transition = breaker.take_transition();
  ASSERT_TRUE(transition);
  EXPECT_EQ(transition->from, BreakerState::half_open);
  EXPECT_EQ(transition->to, BreakerState::open);
  EXPECT_EQ(transition->rule, TripRule::probe_failed);
  EXPECT_EQ(transition->open_for, 30s);
  EXPECT_EQ(breaker.opened_at(), kStart + 40s);
  EXPECT_FALSE(breaker.acquire(kStart + 70s - 1ns));
  EXPECT_TRUE(breaker.acquire(kStart + 70s));
}

TEST(Breaker, one_failed_probe_reopens_whatever_the_others_did) {
  BreakerConfig config = five_in_a_row();
  config.half_open_max_calls = 3;
  config.half_open_success_threshold = 3;
  Breaker breaker = opened_at(kStart, config);
  succeed(breaker, kStart + 30s, 2);
  fail(breaker, kStart + 30s);
  EXPECT_EQ(breaker.state(kStart + 30s), BreakerState::open);
  succeed(breaker, kStart + 60s, 2);  // successes of the earlier epoch are forgotten
  EXPECT_EQ(breaker.state(kStart + 60s), BreakerState::half_open);
}

TEST(Breaker, a_failed_probe_may_be_ignored_and_another_takes_its_place) {
  BreakerConfig config = five_in_a_row();
  config.half_open_failure = HalfOpenFailure::ignore;
  Breaker breaker = opened_at(kStart, config);
  fail(breaker, kStart + 30s);
  EXPECT_EQ(breaker.state(kStart + 30s), BreakerState::half_open);
  succeed(breaker, kStart + 30s);
  EXPECT_EQ(breaker.state(kStart + 30s), BreakerState::closed);
}

TEST(Breaker, the_kth_reopening_waits_longer_up_to_the_cap_and_a_close_forgets_it) {
  BreakerConfig config = five_in_a_row();
  config.open_backoff_multiplier = Millionths{1'500'000};
  config.open_max = 60s;
  Breaker breaker = opened_at(kStart, config);
  Instant now = kStart;
  // The opening from CLOSED waits 30 s and so does the first reopening; the second waits x 1.5, the third is capped.
  for (const Duration expected : {30s, 30s, 45s, 60s, 60s}) {
    EXPECT_EQ(*breaker.wakeup() - now, expected);
    now = *breaker.wakeup();
    fail(breaker, now);
  }
  now = *breaker.wakeup();
  succeed(breaker, now);
  fail(breaker, now, 5);
  for (const Duration expected : {30s, 30s, 45s}) {
    EXPECT_EQ(*breaker.wakeup() - now, expected);
    now = *breaker.wakeup();
    fail(breaker, now);
  }
}

TEST(Breaker, a_close_may_keep_the_probe_or_everything) {
  for (const auto on_close : {OnClose::reset, OnClose::reset_plus_probe, OnClose::keep}) {
    BreakerConfig config = seed_readme();
    config.on_close = on_close;
    Breaker breaker = opened_at(kStart, config);
    succeed(breaker, kStart + 30s);
    ASSERT_EQ(breaker.state(kStart + 30s), BreakerState::closed);
    const std::int64_t calls = on_close == OnClose::reset ? 0 : on_close == OnClose::reset_plus_probe ? 1 : 6;
    EXPECT_EQ(breaker.window_calls(kStart + 30s), calls);
    EXPECT_EQ(breaker.window_successes(kStart + 30s), on_close == OnClose::reset ? 0 : 1);
    EXPECT_EQ(breaker.consecutive_failures(), 0);  // the probe succeeded
  }
}

TEST(Breaker, transitions_not_taken_are_dropped_by_the_next_call) {
  Breaker breaker = opened_at(kStart);
  EXPECT_FALSE(breaker.acquire(kStart));
  EXPECT_FALSE(breaker.take_transition());
}

TEST(Breaker, a_wakeup_beyond_the_end_of_time_is_the_end_of_time) {
  BreakerConfig config = five_in_a_row();
  config.open = kBreakerDurationMax;
  config.open_compare = BreakerCompare::gt;
  const Instant late{Instant::max() - kBreakerDurationMax};
  EXPECT_EQ(opened_at(late - 1ns, config).wakeup(), Instant::max());
  EXPECT_EQ(opened_at(late, config).wakeup(), Instant::max());
  EXPECT_EQ(opened_at(late - 2ns, config).wakeup(), Instant::max() - 1ns);
}

TEST(BreakerDeathTest, time_that_runs_backwards_stops_the_run) {
  Breaker breaker{five_in_a_row()};
  const auto permit = breaker.acquire(kStart + 1s);
  EXPECT_EXIT((void)breaker.acquire(kStart + 1s - 1ns), testing::ExitedWithCode(1), "never goes backwards");
  EXPECT_EXIT((void)breaker.state(kStart + 1s - 1ns), testing::ExitedWithCode(1), "never goes backwards");
  EXPECT_EXIT(breaker.report(*permit, BreakerOutcome::success, kStart), testing::ExitedWithCode(1), "backwards");
  EXPECT_EXIT(breaker.advance(kStart), testing::ExitedWithCode(1), "never goes backwards");
}

TEST(BreakerDeathTest, a_probe_that_reports_twice_stops_the_run) {
  BreakerConfig config = five_in_a_row();
  config.half_open_max_calls = 2;
  config.half_open_success_threshold = 2;
  Breaker breaker = opened_at(kStart, config);
  const auto probe = breaker.acquire(kStart + 30s);
  breaker.report(*probe, BreakerOutcome::success, kStart + 30s);
  EXPECT_EXIT(breaker.report(*probe, BreakerOutcome::success, kStart + 30s), testing::ExitedWithCode(1), "once");
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_test
