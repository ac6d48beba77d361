// What is in the window and what has left it, on both sides of each edge.

#include "monitor/breaker/breaker_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "monitor/breaker/breaker.h"
#include "tests/monitor/breaker/breaker_calls.h"

namespace windtunnel::monitor::breaker_window_test {
namespace {

using namespace breaker_calls;
using namespace std::chrono_literals;

BreakerConfig window(WindowType type, Duration length, std::int64_t buckets = 0) {
  BreakerConfig config;
  config.window_type = type;
  config.window = length;
  config.window_buckets = buckets;
  return config;
}

// 2 failures of 4 attempts, 1 of them refused in OPEN: half is not more than half.
TEST(BreakerWindow, attempts_are_the_acquires_in_the_window_admitted_or_not) {
  BreakerConfig config = window(WindowType::time, 10s, 10);
  config.failure_rate_threshold = Millionths{500'000};
  config.volume = Volume::attempts;
  config.on_close = OnClose::keep;
  config.open = 1s;
  Breaker breaker{config};
  EXPECT_FALSE(breaker.decides_at_once());
  fail(breaker, kStart);
  ASSERT_FALSE(breaker.acquire(kStart + 1s - 1ns));
  succeed(breaker, kStart + 1s);
  fail(breaker, kStart + 1s);
  EXPECT_EQ(breaker.state(kStart + 1s), BreakerState::closed);
  fail(breaker, kStart + 1s);  // 3 of 5
  EXPECT_EQ(breaker.state(kStart + 1s), BreakerState::open);

  BreakerWindow attempts{config, kStart};
  attempts.add_attempt(kStart);
  attempts.add_attempt(kStart + 1s);
  EXPECT_EQ(attempts.counts(kStart + 10s - 1ns).attempts, 2);
  EXPECT_EQ(attempts.counts(kStart + 10s).attempts, 1);
  EXPECT_EQ(attempts.counts(kStart + 11s).attempts, 0);
  attempts.add_attempt(kStart + 10s);
  EXPECT_EQ(attempts.counts().attempts, 2);
  attempts.clear(kStart + 10s);
  EXPECT_EQ(attempts.counts().attempts, 0);
}

TEST(BreakerWindow, minimum_calls_are_attempts_where_those_are_the_volume) {
  BreakerConfig config = window(WindowType::time, 10s, 10);
  config.failure_rate_threshold = Millionths{100'000};
  config.minimum_calls = 3;
  for (const Volume volume : {Volume::outcomes, Volume::attempts}) {
    config.volume = volume;
    Breaker breaker{config};
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(breaker.acquire(kStart));  // these never report
    fail(breaker, kStart);
    EXPECT_EQ(breaker.state(kStart), volume == Volume::attempts ? BreakerState::open : BreakerState::closed);
  }
}

TEST(BreakerWindow, a_count_window_holds_the_last_outcomes) {
  BreakerConfig config;
  config.window_type = WindowType::count;
  config.window_size = 3;
  BreakerWindow counted{config, kStart};
  for (const bool failed : {true, false, true}) counted.add(kStart, kStart, failed);
  EXPECT_EQ(counted.counts(), (WindowCounts{3, 2}));
  counted.add(kStart, kStart, true);
  EXPECT_EQ(counted.counts(), (WindowCounts{3, 2}));  // the first failure left
  counted.add(kStart, kStart, true);
  EXPECT_EQ(counted.counts(), (WindowCounts{3, 3}));
  counted.clear(kStart);
  counted.add(kStart, kStart, true);
  EXPECT_EQ(counted.counts(), (WindowCounts{1, 1}));
}

TEST(BreakerWindow, an_outcome_leaves_an_exact_time_window_when_it_is_as_old_as_the_window) {
  BreakerWindow exact{window(WindowType::time, 10s), kStart};
  exact.add(kStart, kStart, true);
  EXPECT_EQ(exact.counts(kStart + 10s - 1ns), (WindowCounts{1, 1}));
  EXPECT_EQ(exact.counts(kStart + 10s), (WindowCounts{0, 0}));
  exact.add(kStart + 10s, kStart + 10s, false);
  EXPECT_EQ(exact.counts(), (WindowCounts{1, 0}));
}

TEST(BreakerWindow, an_exact_time_window_grows_to_what_it_has_to_hold) {
  BreakerWindow exact{window(WindowType::time, 1s), kStart};
  for (int i = 0; i < 5'000; ++i) {
    const Instant now = kStart + i * 1ms;
    exact.add(now, now, i % 2 == 0);
    EXPECT_EQ(exact.counts().calls, std::min(i + 1, 1'000));
    EXPECT_EQ(exact.counts().failures, (std::min(i + 1, 1'000) + (i % 2 == 0 ? 1 : 0)) / 2);
  }
}

TEST(BreakerWindow, an_outcome_leaves_with_its_whole_bucket) {
  BreakerWindow bucketed{window(WindowType::time, 10s, 10), kStart};
  bucketed.add(kStart + 999ms, kStart + 999ms, true);  // bucket 0
  bucketed.add(kStart + 1s, kStart + 1s, false);       // its edge: bucket 1
  EXPECT_EQ(bucketed.counts(kStart + 10s - 1ns), (WindowCounts{2, 1}));
  EXPECT_EQ(bucketed.counts(kStart + 10s), (WindowCounts{1, 0}));
  EXPECT_EQ(bucketed.counts(kStart + 11s - 1ns), (WindowCounts{1, 0}));
  EXPECT_EQ(bucketed.counts(kStart + 11s), (WindowCounts{0, 0}));
  EXPECT_EQ(bucketed.counts(kStart + 11s + 1'000'000s), (WindowCounts{0, 0}));
}

// A third of 10 ns is no whole number: edges lie at 0, 3 1/3, 6 2/3, 10.
TEST(BreakerWindow, buckets_need_not_be_whole_nanoseconds) {
  BreakerWindow bucketed{window(WindowType::time, 10ns, 3), kStart};
  bucketed.add(kStart + 3ns, kStart + 3ns, true);
  bucketed.add(kStart + 4ns, kStart + 4ns, true);
  EXPECT_EQ(bucketed.counts(kStart + 9ns), (WindowCounts{2, 2}));
  EXPECT_EQ(bucketed.counts(kStart + 10ns), (WindowCounts{1, 1}));
  EXPECT_EQ(bucketed.counts(kStart + 13ns), (WindowCounts{1, 1}));
  EXPECT_EQ(bucketed.counts(kStart + 14ns), (WindowCounts{0, 0}));
}

TEST(BreakerWindow, bucket_edges_are_exact_where_the_product_exceeds_64_bits) {
  const Duration length = kBreakerDurationMax;
  BreakerWindow bucketed{window(WindowType::time, length, 10'000'000), kStart};
  const Duration width = length / 10'000'000;
  ASSERT_EQ(width * 10'000'000, length);
  const Instant edge = kStart + width * 9'000'000;
  bucketed.add(edge - 1ns, edge - 1ns, true);
  bucketed.add(edge, edge, false);
  EXPECT_EQ(bucketed.counts(edge - width + length - 1ns), (WindowCounts{2, 1}));
  EXPECT_EQ(bucketed.counts(edge - width + length), (WindowCounts{1, 0}));
}

TEST(BreakerWindow, buckets_may_begin_at_creation_or_at_time_0) {
  for (const auto origin : {WindowOrigin::epoch, WindowOrigin::closed_start}) {
    BreakerConfig config = window(WindowType::time, 10s, 2);
    config.window_origin = origin;
    BreakerWindow bucketed{config, kStart + 4s};
    bucketed.add(kStart + 4s, kStart + 4s, true);
    EXPECT_EQ(bucketed.counts(kStart + 10s),
              (WindowCounts{origin == WindowOrigin::epoch ? 0 : 1, origin == WindowOrigin::epoch ? 0 : 1}));
    EXPECT_EQ(bucketed.counts(kStart + 14s), (WindowCounts{0, 0}));
  }
}

// A permit from before the close lies in a bucket below 0, and the product of its age and the buckets exceeds 64 bits.
TEST(BreakerWindow, a_bucket_before_the_origin_is_rounded_down_too) {
  BreakerConfig config = window(WindowType::time, 24h, 1'000'000);
  config.consecutive_threshold = 1;
  config.window_origin = WindowOrigin::closed_start;
  config.bucket_of = BucketOf::start;
  config.open = 3h + 1ns;
  config.late_results = LateResults::current_state;
  Breaker breaker{config};
  const auto early = breaker.acquire(kStart);
  call(breaker, BreakerOutcome::failure, kStart);
  const Instant closed = kStart + config.open;
  call(breaker, BreakerOutcome::success, closed);
  ASSERT_EQ(breaker.state(closed), BreakerState::closed);
  breaker.report(*early, BreakerOutcome::success, closed);
  // A nanosecond more than 125,000 buckets of 86.4 ms old, it is in bucket -125,001.
  const Instant leaves = closed + 874'999 * 86'400us;
  EXPECT_EQ(breaker.window_calls(leaves - 1ns), 1);
  EXPECT_EQ(breaker.window_calls(leaves), 0);
}

TEST(BreakerWindow, the_start_may_choose_the_bucket) {
  BreakerConfig config = window(WindowType::time, 10s, 2);
  config.bucket_of = BucketOf::start;
  BreakerWindow bucketed{config, kStart};
  bucketed.add(kStart + 4s, kStart + 6s, true);  // bucket 0
  EXPECT_EQ(bucketed.counts(kStart + 10s - 1ns), (WindowCounts{1, 1}));
  EXPECT_EQ(bucketed.counts(kStart + 10s), (WindowCounts{0, 0}));
  bucketed.add(kStart + 4s, kStart + 10s, true);  // bucket 0 has left
  EXPECT_EQ(bucketed.counts(), (WindowCounts{0, 0}));
}

TEST(BreakerWindow, a_result_whose_bucket_has_left_is_not_counted_but_the_rules_are_evaluated) {
  BreakerConfig config = window(WindowType::time, 10s, 2);
  config.bucket_of = BucketOf::start;
  config.failure_rate_threshold = Millionths{400'000};
  config.minimum_calls = 2;
  Breaker breaker{config};
  const auto slow = breaker.acquire(kStart);
  call(breaker, BreakerOutcome::failure, kStart + 8s);
  call(breaker, BreakerOutcome::success, kStart + 9s);  // 1 of 2, but a success is not judged
  ASSERT_EQ(breaker.state(kStart + 9s), BreakerState::closed);
  breaker.report(*slow, BreakerOutcome::failure, kStart + 10s);
  EXPECT_EQ(breaker.state(kStart + 10s), BreakerState::open);
  EXPECT_EQ(breaker.window_calls(kStart + 10s), 2);
  EXPECT_EQ(breaker.consecutive_failures(), 1);
}

// The inequality at its word: 0 failures >= half of 0 calls.
TEST(BreakerWindow, an_empty_window_fulfils_ge) {
  for (const auto compare : {BreakerCompare::gt, BreakerCompare::ge}) {
    BreakerConfig config = window(WindowType::time, 10s, 2);
    config.bucket_of = BucketOf::start;
    config.failure_rate_threshold = Millionths{500'000};
    config.failure_rate_compare = compare;
    Breaker breaker{config};
    const auto slow = breaker.acquire(kStart);
    breaker.report(*slow, BreakerOutcome::failure, kStart + 20s);
    EXPECT_EQ(breaker.state(kStart + 20s), compare == BreakerCompare::ge ? BreakerState::open : BreakerState::closed);
  }
}

TEST(BreakerWindow, outcomes_kept_by_a_close_move_to_the_new_buckets) {
  BreakerConfig config = window(WindowType::time, 10s, 2);
  config.window_origin = WindowOrigin::closed_start;
  config.on_close = OnClose::keep;
  config.failure_count_threshold = 2;
  config.open = 1s;
  Breaker breaker{config};
  call(breaker, BreakerOutcome::failure, kStart + 1s);
  call(breaker, BreakerOutcome::failure, kStart + 3s);  // opens; both lie in [0, 5)
  call(breaker, BreakerOutcome::success, kStart + 7s);  // closes: edges now at 2, 7, 12
  EXPECT_EQ(breaker.window_failures(kStart + 7s), 1);   // 1 s has left with its new bucket
  EXPECT_EQ(breaker.window_failures(kStart + 12s - 1ns), 1);
  EXPECT_EQ(breaker.window_failures(kStart + 12s), 0);
}

TEST(BreakerWindow, a_fixed_window_ends_strictly_after_its_length_and_begins_with_the_first_call) {
  BreakerConfig config = window(WindowType::fixed, 60s);
  config.failure_count_threshold = 3;
  Breaker breaker{config};
  call(breaker, BreakerOutcome::failure, kStart);
  call(breaker, BreakerOutcome::failure, kStart + 60s);  // its last instant
  EXPECT_EQ(breaker.window_failures(kStart + 60s), 2);
  EXPECT_EQ(breaker.epoch(), 0U);
  EXPECT_EQ(breaker.window_failures(kStart + 60s + 1ns), 0);
  call(breaker, BreakerOutcome::failure, kStart + 75s);  // begins the next one: 75 .. 135
  EXPECT_EQ(breaker.epoch(), 1U);
  EXPECT_EQ(breaker.window_failures(kStart + 75s), 1);
  EXPECT_FALSE(breaker.take_transition());
  call(breaker, BreakerOutcome::failure, kStart + 135s);
  EXPECT_EQ(breaker.window_failures(kStart + 135s), 2);
}

TEST(BreakerWindow, a_permit_of_the_last_fixed_window_is_late_and_the_run_starts_over) {
  BreakerConfig config = window(WindowType::fixed, 60s);
  config.consecutive_threshold = 2;
  Breaker breaker{config};
  const auto slow = breaker.acquire(kStart);
  call(breaker, BreakerOutcome::failure, kStart);
  EXPECT_TRUE(breaker.report(*slow, BreakerOutcome::failure, kStart + 60s + 1ns).late);
  EXPECT_EQ(breaker.consecutive_failures(), 0);
  EXPECT_EQ(breaker.state(kStart + 60s + 1ns), BreakerState::closed);
}

TEST(BreakerWindow, fixed_windows_stand_still_while_not_closed_and_begin_again_at_the_close) {
  BreakerConfig config = window(WindowType::fixed, 60s);
  config.consecutive_threshold = 1;
  config.open = 100s;
  Breaker breaker{config};
  call(breaker, BreakerOutcome::failure, kStart + 10s);
  breaker.advance(kStart + 90s);
  EXPECT_EQ(breaker.epoch(), 1U);
  EXPECT_EQ(breaker.window_failures(kStart + 90s), 1);
  call(breaker, BreakerOutcome::success, kStart + 110s);
  call(breaker, BreakerOutcome::success, kStart + 170s);
  EXPECT_EQ(breaker.window_calls(kStart + 170s), 1);
  EXPECT_EQ(breaker.window_calls(kStart + 170s + 1ns), 0);
}

TEST(BreakerWindow, a_lifetime_window_forgets_only_at_a_close) {
  BreakerConfig config = window(WindowType::lifetime, 0s);
  config.failure_count_threshold = 2;
  config.open = 1s;
  Breaker breaker{config};
  call(breaker, BreakerOutcome::failure, kStart);
  for (int i = 0; i < 100; ++i) call(breaker, BreakerOutcome::success, kStart + 1'000'000s);
  call(breaker, BreakerOutcome::failure, kStart + 2'000'000s);
  ASSERT_EQ(breaker.state(kStart + 2'000'000s), BreakerState::open);
  EXPECT_EQ(breaker.window_calls(kStart + 2'000'000s), 102);
  call(breaker, BreakerOutcome::success, kStart + 3'000'000s);
  EXPECT_EQ(breaker.window_calls(kStart + 3'000'000s), 0);
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_window_test
