// HALF_OPEN judged by the failure rate of its probes, and counters that live through a close and so miss no outcome.

#include <gtest/gtest.h>

#include <chrono>

#include "monitor/breaker/breaker.h"
#include "monitor/breaker/breaker_presets.h"
#include "tests/monitor/breaker/breaker_calls.h"

namespace windtunnel::monitor::breaker_half_open_test {
namespace {

using namespace breaker_calls;
using namespace std::chrono_literals;

constexpr auto kFailure = BreakerOutcome::failure;
constexpr auto kSuccess = BreakerOutcome::success;
constexpr Instant kProbing = kStart + 30s;

BreakerConfig judged_by_rate(BreakerCompare compare) {
  BreakerConfig config = five_in_a_row();
  config.failure_rate_compare = compare;
  config.half_open_max_calls = 4;
  config.half_open_failure_rate = Millionths{500'000};
  return config;
}

TEST(BreakerHalfOpen, begins_with_the_first_call_after_the_open_time_where_it_is_lazy) {
  BreakerConfig config = five_in_a_row();
  config.state_view = StateView::lazy;
  Breaker breaker = opened_at(kStart, config);
  while (breaker.take_transition()) continue;
  EXPECT_FALSE(breaker.wakeup());
  EXPECT_EQ(breaker.open_end(), kProbing);
  EXPECT_FALSE(breaker.acquire(kProbing - 1ns));
  breaker.advance(kProbing + 1s);
  EXPECT_EQ(breaker.state(kProbing + 1s), BreakerState::open);
  EXPECT_TRUE(breaker.acquire(kProbing + 2s));
  EXPECT_EQ(breaker.state(kProbing + 2s), BreakerState::half_open);
  EXPECT_EQ(breaker.take_transition()->at, kProbing + 2s);
  EXPECT_FALSE(breaker.acquire(kProbing + 2s));
}

TEST(BreakerHalfOpen, closes_when_the_failure_rate_of_all_its_probes_is_low_enough) {
  struct Row {
    BreakerCompare compare;
    int failures;
    BreakerState then;
  };
  for (const Row& row :
       {Row{BreakerCompare::ge, 1, BreakerState::closed}, Row{BreakerCompare::ge, 2, BreakerState::open},
        Row{BreakerCompare::gt, 2, BreakerState::closed}, Row{BreakerCompare::gt, 3, BreakerState::open}}) {
    for (const bool failures_first : {true, false}) {
      Breaker breaker = opened_at(kStart, judged_by_rate(row.compare));
      for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(breaker.state(kProbing), BreakerState::half_open) << "it waits for all probes";
        const bool fails = failures_first ? i < row.failures : i >= 4 - row.failures;
        call(breaker, fails ? kFailure : kSuccess, kProbing);
      }
      EXPECT_EQ(breaker.state(kProbing), row.then) << row.failures;
      if (row.then == BreakerState::closed) continue;
      EXPECT_EQ(breaker.wakeup(), kProbing + 30s);
      (void)breaker.take_transition();
    }
  }
}

TEST(BreakerHalfOpen, waits_for_a_probe_in_flight_and_gives_the_place_of_an_ignored_one_to_another) {
  Breaker breaker = opened_at(kStart, judged_by_rate(BreakerCompare::ge));
  const auto hung = breaker.acquire(kProbing);
  call(breaker, kFailure, kProbing, 2);
  const auto ignored = breaker.acquire(kProbing);
  EXPECT_EQ(breaker.permits_in_flight(), 2);
  EXPECT_FALSE(breaker.acquire(kProbing));
  breaker.give_back(*ignored, kProbing);
  call(breaker, kSuccess, kProbing);
  EXPECT_EQ(breaker.state(kProbing + 1h), BreakerState::half_open);
  breaker.report(*hung, kSuccess, kProbing + 1h);
  ASSERT_EQ(breaker.state(kProbing + 1h), BreakerState::open);
  (void)breaker.take_transition();
  EXPECT_EQ(breaker.wakeup(), kProbing + 1h + 30s);
}

TEST(BreakerHalfOpen, a_reopening_by_rate_is_a_failed_probe_whatever_the_last_outcome_was) {
  Breaker breaker = opened_at(kStart, judged_by_rate(BreakerCompare::ge));
  call(breaker, kFailure, kProbing, 2);
  call(breaker, kSuccess, kProbing);
  const auto last = breaker.acquire(kProbing);
  breaker.report(*last, kSuccess, kProbing);
  const auto arrow = breaker.take_transition();
  ASSERT_TRUE(arrow);
  EXPECT_EQ(arrow->rule, TripRule::probe_failed);
}

TEST(BreakerHalfOpen, late_results_that_act_are_judged_with_the_probes) {
  BreakerConfig config = judged_by_rate(BreakerCompare::ge);
  config.late_results = LateResults::current_state;
  Breaker breaker{config};
  const auto late = breaker.acquire(kStart);
  fail(breaker, kStart, 5);
  call(breaker, kSuccess, kProbing, 3);
  breaker.report(*late, kFailure, kProbing);
  EXPECT_EQ(breaker.state(kProbing), BreakerState::closed);
}

TEST(BreakerHalfOpen, the_first_sample_after_a_close_is_the_outcome_that_closed_it) {
  BreakerConfig config = judged_by_rate(BreakerCompare::ge);
  config.on_close = OnClose::reset_plus_probe;
  config.window_type = WindowType::lifetime;
  Breaker breaker = opened_at(kStart, config);
  call(breaker, kSuccess, kProbing, 3);
  call(breaker, kFailure, kProbing);
  ASSERT_EQ(breaker.state(kProbing), BreakerState::closed);
  EXPECT_EQ(breaker.window_calls(kProbing), 1);
  EXPECT_EQ(breaker.window_failures(kProbing), 1);
  EXPECT_EQ(breaker.consecutive_failures(), 1);
}

// What the window holds after five failures, a failed and a late probe, and a close.
struct Kept {
  std::int64_t calls, failures, run;
};
Kept kept_by(OnClose on_close, BreakerConfig config = five_in_a_row()) {
  if (!config.window_type) config.window_type = WindowType::lifetime;
  config.late_results = LateResults::current_state;
  config.on_close = on_close;
  Breaker breaker{config};
  const auto late = breaker.acquire(kStart);
  const auto later = breaker.acquire(kStart);
  fail(breaker, kStart, 5);
  breaker.report(*late, kSuccess, kStart + 1s);  // OPEN
  breaker.report(*later, BreakerOutcome::ignored, kStart + 1s);
  fail(breaker, kProbing);
  succeed(breaker, kProbing + 30s);
  EXPECT_EQ(breaker.state(kProbing + 30s), BreakerState::closed);
  return {breaker.window_calls(kProbing + 30s), breaker.window_failures(kProbing + 30s),
          breaker.consecutive_failures()};
}

BreakerConfig counting_late_successes() {
  BreakerConfig config = five_in_a_row();
  config.late_success_in_open = LateSuccessInOpen::count;
  return config;
}

TEST(BreakerHalfOpen, counters_that_live_through_a_close_miss_no_outcome) {
  const Kept all = kept_by(OnClose::keep, counting_late_successes());
  EXPECT_EQ(all.calls, 8);  // five, the late one, the failed probe, the successful one
  EXPECT_EQ(all.failures, 6);
  EXPECT_EQ(all.run, 0);
  EXPECT_EQ(kept_by(OnClose::keep).calls, 7);  // OPEN drops late successes unless they are to count
  const Kept forgiven = kept_by(OnClose::reset_failures, counting_late_successes());
  EXPECT_EQ(forgiven.calls, 8);
  EXPECT_EQ(forgiven.failures, 0);
  EXPECT_EQ(forgiven.run, 0);
  EXPECT_EQ(kept_by(OnClose::reset).calls, 0);
  EXPECT_EQ(kept_by(OnClose::reset_plus_probe).calls, 1);
}

TEST(BreakerHalfOpen, every_window_can_forget_its_failures_alone) {
  BreakerConfig ring = counting_late_successes();
  ring.window_type = WindowType::count;
  ring.window_size = 6;  // the first failures have left
  BreakerConfig log = counting_late_successes();
  log.window_type = WindowType::time;
  log.window = 1h;
  BreakerConfig buckets = log;
  buckets.window_buckets = 4;
  BreakerConfig moving = buckets;
  moving.window_origin = WindowOrigin::closed_start;
  for (const BreakerConfig& config : {ring, log, buckets, moving}) {
    const Kept kept = kept_by(OnClose::reset_failures, config);
    EXPECT_EQ(kept.calls, config.window_type == WindowType::count ? 6 : 8);
    EXPECT_EQ(kept.failures, 0);
  }
}

// A dropped success does not end the run of failures either.
TEST(BreakerHalfOpen, a_late_failure_enters_the_counters_of_open_and_a_late_success_only_if_it_is_to_count) {
  for (const auto fate : {LateSuccessInOpen::drop, LateSuccessInOpen::count}) {
    BreakerConfig config = counting_late_successes();
    config.late_success_in_open = fate;
    config.late_results = LateResults::current_state;
    config.on_close = OnClose::keep;
    config.window_type = WindowType::lifetime;
    Breaker breaker{config};
    const auto first = breaker.acquire(kStart);
    const auto second = breaker.acquire(kStart);
    fail(breaker, kStart, 5);
    breaker.report(*first, kFailure, kStart + 1s);
    EXPECT_EQ(breaker.window_failures(kStart + 1s), 6);
    EXPECT_EQ(breaker.consecutive_failures(), 6);
    breaker.report(*second, kSuccess, kStart + 2s);
    EXPECT_EQ(breaker.window_calls(kStart + 2s), fate == LateSuccessInOpen::count ? 7 : 6);
    EXPECT_EQ(breaker.consecutive_failures(), fate == LateSuccessInOpen::count ? 0 : 6);
    EXPECT_EQ(breaker.state(kStart + 2s), BreakerState::open);
  }
}

TEST(BreakerHalfOpen, late_results_that_are_ignored_enter_no_counter_either) {
  BreakerConfig config = five_in_a_row();
  config.window_type = WindowType::lifetime;
  config.on_close = OnClose::keep;
  Breaker breaker{config};
  const auto late = breaker.acquire(kStart);
  fail(breaker, kStart, 5);
  breaker.report(*late, kFailure, kProbing);
  succeed(breaker, kProbing);
  EXPECT_EQ(breaker.window_calls(kProbing), 6);
  EXPECT_EQ(breaker.window_failures(kProbing), 5);
}

// Failures of HALF_OPEN weigh on CLOSED as long as the window holds them.
TEST(BreakerHalfOpen, kept_failures_of_probes_open_it_again) {
  const BreakerConfig config{.failure_rate_threshold = Millionths{500'000},
                             .minimum_calls = 5,
                             .window_type = WindowType::time,
                             .window = 60s,
                             .open = 5s,
                             .half_open_max_calls = 0,
                             .on_close = OnClose::keep};
  Breaker breaker{config};
  fail(breaker, kStart, 5);
  for (Instant probe = kStart + 5s; probe <= kStart + 25s; probe += 5s) fail(breaker, probe);
  succeed(breaker, kStart + 30s, 8);  // 10 of 18 failed
  ASSERT_EQ(breaker.state(kStart + 30s), BreakerState::closed);
  fail(breaker, kStart + 31s);
  EXPECT_EQ(breaker.state(kStart + 31s), BreakerState::open);
}

TEST(BreakerHalfOpen, a_fatal_failure_opens_at_once_in_every_state) {
  BreakerConfig config = judged_by_rate(BreakerCompare::gt);
  config.half_open_failure_rate = Millionths{1'000'000};
  Breaker breaker{config};
  call(breaker, BreakerOutcome::fatal, kStart);
  ASSERT_EQ(breaker.state(kStart), BreakerState::open);
  const auto first = breaker.take_transition();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->rule, TripRule::at_once);
  EXPECT_EQ(first->consecutive_failures, 1);
  call(breaker, kSuccess, kProbing);
  call(breaker, BreakerOutcome::fatal, kProbing);
  EXPECT_EQ(breaker.state(kProbing), BreakerState::open);
  config.half_open_failure_rate.reset();
  config.half_open_failure = HalfOpenFailure::ignore;
  Breaker forgiving = opened_at(kStart, config);
  call(forgiving, kFailure, kProbing);
  EXPECT_EQ(forgiving.state(kProbing), BreakerState::half_open);
  call(forgiving, BreakerOutcome::fatal, kProbing);
  EXPECT_EQ(forgiving.state(kProbing), BreakerState::open);
}

TEST(BreakerHalfOpen, settings_that_leave_the_rate_nothing_to_judge_are_unsupported) {
  const auto reason = [](auto change) {
    BreakerConfig config = judged_by_rate(BreakerCompare::gt);
    change(config);
    return unsupported(config).value_or("");
  };
  using C = BreakerConfig;
  EXPECT_EQ(reason([](C&) {}), "");
  EXPECT_NE(reason([](C& c) { c.half_open_max_calls = 0; }).find("half_open_max_calls"), std::string::npos);
  EXPECT_NE(reason([](C& c) { c.half_open_failure = HalfOpenFailure::ignore; }).find("ignore"), std::string::npos);
  EXPECT_EQ(reason([](C& c) { c.half_open_failure_rate->value = 0; }), "");
  EXPECT_NE(reason([](C& c) {
              c.half_open_failure_rate->value = 0;
              c.failure_rate_compare = BreakerCompare::ge;
            }).find("never close"),
            std::string::npos);
  EXPECT_NE(reason([](C& c) { c.half_open_failure_rate->value = -1; }).find("fraction"), std::string::npos);
  EXPECT_EQ(reason([](C& c) { c.half_open_failure_rate->value = 1'000'000; }), "");
  EXPECT_NE(reason([](C& c) { c.half_open_failure_rate->value = 1'000'001; }).find("fraction"), std::string::npos);
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_half_open_test
