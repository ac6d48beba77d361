#include "monitor/retry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>

namespace windtunnel::monitor::retry_test {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNoon{1'705'752'000s};
constexpr RequestId kRequest{7};

RetryConfig without_jitter() { return {.max_attempts = 9, .jitter = Jitter::none}; }

TEST(Backoff, doubles_from_half_a_second_up_to_eight_seconds) {
  const RetryConfig config = without_jitter();
  const std::array expected{500ms, 1000ms, 2000ms, 4000ms, 8000ms, 8000ms};
  for (std::size_t k = 0; k < expected.size(); ++k) {
    EXPECT_EQ(backoff(config, static_cast<std::int32_t>(k), kRequest, 1), expected[k]) << k;
  }
}

TEST(Backoff, multiplies_by_decimals_exactly) {
  RetryConfig config = without_jitter();
  config.base = 100ms;
  config.multiplier = {1'500'000};
  EXPECT_EQ(backoff(config, 1, kRequest, 1), 150ms);
  EXPECT_EQ(backoff(config, 3, kRequest, 1), 337'500us);
  config.multiplier = {500'000};
  EXPECT_EQ(backoff(config, 1, kRequest, 1), 50ms);
  config.multiplier = {1'000'000};
  EXPECT_EQ(backoff(config, 30, kRequest, 1), 100ms);
}

TEST(WaitDeath, a_retry_after_has_one_of_its_forms) {
  const RetryAfter unheard_of{.form = static_cast<RetryAfter::Form>(4)};
  EXPECT_EXIT((void)wait_of(unheard_of, kNoon, 60s), testing::ExitedWithCode(1),
              "believed that a Retry-After has a form \\(");
}

TEST(Backoff, is_capped_from_the_first_retry_on) {
  RetryConfig config = without_jitter();
  config.cap = 300ms;
  EXPECT_EQ(backoff(config, 0, kRequest, 1), 300ms);
  config.cap = 500ms + 1ns;
  EXPECT_EQ(backoff(config, 0, kRequest, 1), 500ms);
  EXPECT_EQ(backoff(config, 1, kRequest, 1), 500ms + 1ns);
  config.cap = 0s;
  EXPECT_EQ(backoff(config, 0, kRequest, 1), 0s);
}

TEST(Backoff, does_not_overflow) {
  RetryConfig config = without_jitter();
  config.base = Duration::max() - 1ns;
  config.cap = Duration::max();
  config.multiplier = {INT64_MAX};
  EXPECT_EQ(backoff(config, 0, kRequest, 1), Duration::max() - 1ns);
  EXPECT_EQ(backoff(config, 1, kRequest, 1), Duration::max());
  EXPECT_EQ(backoff(config, 1000, kRequest, 1), Duration::max());
}

// These never change: the same request waits the same time in every release.
TEST(Backoff, jitter_is_pinned) {
  const RetryConfig config;
  EXPECT_EQ(backoff(config, 0, RequestId{0}, 1).count(), 169'083'300);
  EXPECT_EQ(backoff(config, 0, RequestId{1}, 1).count(), 425'286'049);
  EXPECT_EQ(backoff(config, 1, RequestId{1}, 2).count(), 934'336'668);
  EXPECT_EQ(backoff(config, 4, RequestId{123'456'789}, 5).count(), 695'012'710);
}

TEST(Backoff, differs_between_requests_and_between_attempts) {
  const RetryConfig config;
  EXPECT_NE(backoff(config, 0, RequestId{1}, 1), backoff(config, 0, RequestId{2}, 1));
  EXPECT_NE(backoff(config, 0, RequestId{1}, 1), backoff(config, 0, RequestId{1}, 2));
}

// Of 10,000 requests a tenth falls into each tenth; six standard deviations are 180.
TEST(Backoff, full_jitter_is_uniform_below_the_whole_pause) {
  const RetryConfig config;
  std::array<int, 10> tenths{};
  for (std::uint64_t id = 0; id < 10'000; ++id) {
    const Duration pause = backoff(config, 1, RequestId{id}, 2);
    ASSERT_GE(pause, 0s);
    ASSERT_LT(pause, 1s);
    ++tenths[static_cast<std::size_t>(pause / 100ms)];
  }
  for (const int count : tenths) {
    EXPECT_GT(count, 820);
    EXPECT_LT(count, 1180);
  }
}

RC_GTEST_PROP(BackoffLaw, jitter_takes_a_share_of_the_pause_without_jitter, ()) {
  RetryConfig config;
  config.base = Duration{*rc::gen::inRange<std::int64_t>(0, 10'000'000'000)};
  config.cap = Duration{*rc::gen::inRange<std::int64_t>(0, 100'000'000'000)};
  config.multiplier = {*rc::gen::inRange<std::int64_t>(0, 5'000'000)};
  const auto k = *rc::gen::inRange<std::int32_t>(0, 16);
  const RequestId id{*rc::gen::arbitrary<std::uint64_t>()};
  const auto attempt = *rc::gen::inRange<std::uint32_t>(1, 16);
  const Duration share = backoff(config, k, id, attempt);
  config.jitter = Jitter::none;
  const Duration whole = backoff(config, k, id, attempt);
  RC_ASSERT(share >= Duration{0} && share <= whole && whole <= config.cap);
  RC_ASSERT(whole == Duration{0} || share < whole);
}

Duration wait_of_seconds(double seconds, Duration cap = 60s) {
  return wait_of({.form = RetryAfter::Form::seconds, .seconds = seconds}, kNoon, cap);
}

TEST(RetryAfterWait, reads_seconds_within_zero_and_the_cap) {
  EXPECT_EQ(wait_of_seconds(0), 0s);
  EXPECT_EQ(wait_of_seconds(-0.0), 0s);
  EXPECT_EQ(wait_of_seconds(1), 1s);
  EXPECT_EQ(wait_of_seconds(0.25), 250ms);
  EXPECT_EQ(wait_of_seconds(1e-9), 1ns);
  EXPECT_EQ(wait_of_seconds(1e-10), 0ns);
  EXPECT_EQ(wait_of_seconds(59.999), 59'999ms);
  EXPECT_EQ(wait_of_seconds(60), 60s);
  EXPECT_EQ(wait_of_seconds(61), 60s);
  EXPECT_EQ(wait_of_seconds(10, 0s), 0s);
}

TEST(RetryAfterWait, survives_whatever_is_sent) {
  using Limits = std::numeric_limits<double>;
  EXPECT_EQ(wait_of_seconds(Limits::quiet_NaN()), 0s);
  EXPECT_EQ(wait_of_seconds(-Limits::quiet_NaN()), 0s);
  EXPECT_EQ(wait_of_seconds(Limits::infinity()), 60s);
  EXPECT_EQ(wait_of_seconds(-Limits::infinity()), 0s);
  EXPECT_EQ(wait_of_seconds(Limits::max()), 60s);
  EXPECT_EQ(wait_of_seconds(Limits::lowest()), 0s);
  EXPECT_EQ(wait_of_seconds(Limits::denorm_min()), 0s);
  EXPECT_EQ(wait_of_seconds(Limits::max(), Duration::max()), Duration::max());
}

// As a double it is one nanosecond longer than there is room for.
TEST(RetryAfterWait, of_the_longest_time_there_is_is_its_cap) {
  EXPECT_EQ(wait_of_seconds(9'223'372'036.854775807, Duration::max()), Duration::max());
}

TEST(RetryAfterWait, counts_a_date_from_the_wall_clock) {
  const auto wait = [](WallTime date, WallTime wall = kNoon) {
    return wait_of({.form = RetryAfter::Form::date, .date = date}, wall, 60s);
  };
  EXPECT_EQ(wait(kNoon - 1ns), 0s);
  EXPECT_EQ(wait(kNoon), 0s);
  EXPECT_EQ(wait(kNoon + 1ns), 1ns);
  EXPECT_EQ(wait(kNoon + 60s - 1ns), 60s - 1ns);
  EXPECT_EQ(wait(kNoon + 60s), 60s);
  EXPECT_EQ(wait(kNoon + 60s + 1ns), 60s);
  EXPECT_EQ(wait(WallTime::max(), WallTime::min()), 60s);
  EXPECT_EQ(wait(WallTime::min(), WallTime::max()), 0s);
}

TEST(RetryAfterWait, is_nothing_without_a_readable_header) {
  EXPECT_EQ(wait_of({}, kNoon, 60s), 0s);
  EXPECT_EQ(wait_of({.form = RetryAfter::Form::unreadable, .seconds = 30}, kNoon, 60s), 0s);
  EXPECT_EQ(wait_of({.form = RetryAfter::Form::absent, .seconds = 30}, kNoon, 60s), 0s);
}

}  // namespace
}  // namespace windtunnel::monitor::retry_test
