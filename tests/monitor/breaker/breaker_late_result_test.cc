// Results that come back in another epoch than that of their permit, in each state that can hear one.

#include <gtest/gtest.h>

#include <chrono>

#include "monitor/breaker/breaker.h"
#include "tests/monitor/breaker/breaker_calls.h"

namespace windtunnel::monitor::breaker_late_result_test {
namespace {

using namespace breaker_calls;
using namespace std::chrono_literals;

// A breaker that opened while one call, made in CLOSED, was still out.
struct Late {
  Breaker breaker;
  Permit permit;
};
Late with_a_slow_call(LateResults late_results, Instant opened) {
  BreakerConfig config = five_in_a_row();
  config.late_results = late_results;
  Breaker breaker{config};
  const auto slow = breaker.acquire(kStart);
  fail(breaker, opened, 5);
  return {breaker, slow.value_or(Permit{})};
}

TEST(BreakerLateResult, changes_nothing_in_open_half_open_or_closed) {
  for (const auto outcome : {BreakerOutcome::success, BreakerOutcome::failure, BreakerOutcome::ignored}) {
    for (const Instant when : {kStart + 10s, kStart + 30s, kStart + 50s}) {
      auto [breaker, slow] = with_a_slow_call(LateResults::ignore, kStart);
      if (when == kStart + 50s) succeed(breaker, kStart + 40s);  // closed again
      const auto state = breaker.state(when);
      breaker.advance(when);
      const auto epoch = breaker.epoch();
      EXPECT_TRUE(breaker.report(slow, outcome, when).late);
      EXPECT_EQ(breaker.state(when), state);
      EXPECT_EQ(breaker.epoch(), epoch);
      EXPECT_EQ(breaker.late_results(), 1);
      EXPECT_EQ(breaker.consecutive_failures(), when == kStart + 50s ? 0 : 5);
      EXPECT_FALSE(breaker.take_transition());
      if (state == BreakerState::half_open) {
        EXPECT_TRUE(breaker.acquire(when));
        EXPECT_FALSE(breaker.acquire(when));
      }
    }
  }
}

TEST(BreakerLateResult, counts_in_closed_where_the_current_state_takes_it) {
  auto [breaker, slow] = with_a_slow_call(LateResults::current_state, kStart);
  succeed(breaker, kStart + 30s);
  EXPECT_TRUE(breaker.report(slow, BreakerOutcome::failure, kStart + 31s).late);
  EXPECT_EQ(breaker.consecutive_failures(), 1);
}

TEST(BreakerLateResult, decides_half_open_where_the_current_state_takes_it_and_may_end_open_first) {
  auto [breaker, slow] = with_a_slow_call(LateResults::current_state, kStart);
  breaker.report(slow, BreakerOutcome::failure, kStart + 35s);
  const auto first = breaker.take_transition();
  const auto second = breaker.take_transition();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->to, BreakerState::half_open);
  EXPECT_EQ(first->at, kStart + 30s);
  EXPECT_EQ(second->to, BreakerState::open);
  EXPECT_EQ(second->at, kStart + 35s);
  EXPECT_EQ(breaker.wakeup(), kStart + 65s);
}

TEST(BreakerLateResult, is_of_no_use_to_open) {
  auto [breaker, slow] = with_a_slow_call(LateResults::current_state, kStart);
  EXPECT_TRUE(breaker.report(slow, BreakerOutcome::success, kStart + 30s - 1ns).late);
  EXPECT_EQ(breaker.state(kStart + 30s - 1ns), BreakerState::open);
  EXPECT_EQ(breaker.consecutive_failures(), 5);
}

BreakerConfig by_origin(LateResults late_results) {
  BreakerConfig config = five_in_a_row();
  config.state_view = StateView::lazy;
  config.half_open_max_calls = 0;
  config.late_results = late_results;
  config.late_success_in_open = LateSuccessInOpen::count;
  return config;
}

TEST(BreakerLateResult, prolongs_open_where_the_origin_forces_and_does_not_where_it_counts) {
  for (const LateResults late : {LateResults::origin_forces, LateResults::origin_counts_stale_probe}) {
    Breaker breaker{by_origin(late)};
    const auto slow = breaker.acquire(kStart);
    fail(breaker, kStart, 5);
    EXPECT_TRUE(breaker.report(*slow, BreakerOutcome::failure, kStart + 20s).late);
    EXPECT_FALSE(breaker.take_transition());
    EXPECT_EQ(breaker.consecutive_failures(), 6);
    const bool prolonged = late == LateResults::origin_forces;
    EXPECT_EQ(breaker.acquire(kStart + 30s).has_value(), !prolonged);
    EXPECT_FALSE(prolonged && breaker.acquire(kStart + 50s - 1ns));
    EXPECT_TRUE(breaker.acquire(kStart + 50s));
  }
}

TEST(BreakerLateResult, of_closed_fails_half_open_where_the_run_is_long_enough) {
  for (const auto& [late, ends_the_run] : {std::pair{LateResults::origin_counts_stale_probe, false},
                                           {LateResults::origin_counts_stale_probe, true},
                                           {LateResults::origin_counts, false},
                                           {LateResults::origin_counts, true}}) {
    Breaker breaker{by_origin(late)};
    const auto first = breaker.acquire(kStart);
    const auto second = breaker.acquire(kStart);
    fail(breaker, kStart, 5);
    ASSERT_TRUE(breaker.acquire(kStart + 30s));
    if (ends_the_run) breaker.report(*first, BreakerOutcome::success, kStart + 31s);
    EXPECT_EQ(breaker.state(kStart + 31s), BreakerState::half_open);
    breaker.report(*second, BreakerOutcome::failure, kStart + 32s);
    EXPECT_EQ(breaker.state(kStart + 32s), ends_the_run ? BreakerState::half_open : BreakerState::open);
    EXPECT_EQ(breaker.consecutive_failures(), ends_the_run ? 1 : 6);
  }
}

TEST(BreakerLateResult, of_an_old_probe_closes_open_where_the_origin_forces_and_does_not_where_it_counts) {
  for (const LateResults late : {LateResults::origin_forces, LateResults::origin_counts_stale_probe}) {
    Breaker breaker = opened_at(kStart, by_origin(late));
    const auto probe = breaker.acquire(kStart + 30s);
    fail(breaker, kStart + 31s);
    ASSERT_EQ(breaker.state(kStart + 31s), BreakerState::open);
    breaker.report(*probe, BreakerOutcome::success, kStart + 32s);
    const bool forces = late == LateResults::origin_forces;
    EXPECT_EQ(breaker.state(kStart + 32s), forces ? BreakerState::closed : BreakerState::open);
    EXPECT_EQ(breaker.consecutive_failures(), 0);
  }
}

TEST(BreakerLateResult, of_an_old_probe_opens_closed_by_one_failure_where_the_origin_counts) {
  Breaker breaker = opened_at(kStart, by_origin(LateResults::origin_counts_stale_probe));
  const auto probe = breaker.acquire(kStart + 30s);
  succeed(breaker, kStart + 31s);
  ASSERT_EQ(breaker.state(kStart + 31s), BreakerState::closed);
  while (breaker.take_transition()) continue;
  breaker.report(*probe, BreakerOutcome::failure, kStart + 32s);
  const auto arrow = breaker.take_transition();
  ASSERT_TRUE(arrow);
  EXPECT_EQ(arrow->from, BreakerState::closed);
  EXPECT_EQ(arrow->to, BreakerState::open);
  EXPECT_EQ(arrow->rule, TripRule::probe_failed);
}

TEST(BreakerLateResult, of_an_old_probe_counts_nowhere_where_only_calls_of_closed_count) {
  for (const auto outcome : {BreakerOutcome::success, BreakerOutcome::failure}) {
    Breaker breaker = opened_at(kStart, by_origin(LateResults::origin_counts));
    const auto first = breaker.acquire(kStart + 30s);
    const auto second = breaker.acquire(kStart + 30s);
    fail(breaker, kStart + 31s);
    ASSERT_TRUE(breaker.acquire(kStart + 61s));
    EXPECT_TRUE(breaker.report(*first, outcome, kStart + 62s).late);
    EXPECT_EQ(breaker.state(kStart + 62s), BreakerState::half_open);
    EXPECT_EQ(breaker.consecutive_failures(), 6);
    succeed(breaker, kStart + 63s);
    ASSERT_EQ(breaker.state(kStart + 63s), BreakerState::closed);
    breaker.report(*second, outcome, kStart + 64s);
    EXPECT_EQ(breaker.state(kStart + 64s), BreakerState::closed);
    EXPECT_EQ(breaker.consecutive_failures(), 0);
  }
}

// A result without a permit of this epoch has no place in it to give back.
TEST(BreakerLateResult, frees_no_place_in_half_open_where_the_current_state_takes_it) {
  for (const auto outcome : {BreakerOutcome::success, BreakerOutcome::ignored}) {
    BreakerConfig config = five_in_a_row();
    config.late_results = LateResults::current_state;
    config.half_open_max_calls = 2;
    config.half_open_success_threshold = 2;
    Breaker breaker{config};
    const auto slow = breaker.acquire(kStart);
    fail(breaker, kStart, 5);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(breaker.acquire(kStart + 30s));
    EXPECT_TRUE(breaker.report(*slow, outcome, kStart + 30s).late);
    EXPECT_EQ(breaker.state(kStart + 30s), BreakerState::half_open);
    EXPECT_EQ(breaker.permits_in_flight(), 2);
    EXPECT_FALSE(breaker.acquire(kStart + 30s));
  }
}

TEST(BreakerLateResult, may_be_a_probe_of_the_half_open_before) {
  BreakerConfig config = five_in_a_row();
  config.half_open_max_calls = 2;
  Breaker breaker = opened_at(kStart, config);
  const auto hung = breaker.acquire(kStart + 30s);
  fail(breaker, kStart + 30s);  // reopens
  ASSERT_TRUE(breaker.acquire(kStart + 60s));
  EXPECT_TRUE(breaker.report(*hung, BreakerOutcome::success, kStart + 60s).late);
  EXPECT_EQ(breaker.state(kStart + 60s), BreakerState::half_open);
  EXPECT_EQ(breaker.permits_in_flight(), 1);
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_late_result_test
