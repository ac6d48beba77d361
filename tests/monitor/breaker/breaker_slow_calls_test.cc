// The rule of slow calls, as resilience4j has it.

#include <gtest/gtest.h>

#include <chrono>

#include "monitor/breaker/breaker.h"
#include "monitor/breaker/breaker_presets.h"
#include "tests/monitor/breaker/breaker_calls.h"

namespace windtunnel::monitor::breaker_slow_calls_test {
namespace {

using namespace breaker_calls;
using namespace std::chrono_literals;

constexpr auto kFailure = BreakerOutcome::failure;
constexpr auto kSuccess = BreakerOutcome::success;

// More than half of the last 4, at least 2; calls over 1 s are slow.
BreakerConfig half_of_four() {
  return {.slow_call_duration = 1s,
          .slow_call_rate = Millionths{500'000},
          .minimum_calls = 2,
          .window_type = WindowType::count,
          .window_size = 4,
          .open = 30s};
}

// One call of this length, begun at `now`; returns when it ends.
Instant call_for(Breaker& breaker, Duration length, Instant now, BreakerOutcome outcome = kSuccess) {
  const auto permit = breaker.acquire(now);
  EXPECT_TRUE(permit);
  if (permit) breaker.report(*permit, outcome, now + length);
  return now + length;
}

TEST(BreakerSlowCalls, open_it_when_they_exceed_their_rate_though_all_succeed) {
  Breaker breaker{half_of_four()};
  Instant now = call_for(breaker, 2s, kStart);
  EXPECT_EQ(breaker.state(now), BreakerState::closed) << "below minimum_calls";
  now = call_for(breaker, 1s + 1ns, now);
  EXPECT_EQ(breaker.state(now), BreakerState::open);
  EXPECT_EQ(breaker.take_transition()->rule, TripRule::slow_calls);
}

TEST(BreakerSlowCalls, are_longer_than_the_duration_and_not_as_long) {
  Breaker breaker{half_of_four()};
  const Instant now = call_for(breaker, 1s, call_for(breaker, 1s, kStart));
  EXPECT_EQ(breaker.state(now), BreakerState::closed);
}

TEST(BreakerSlowCalls, must_exceed_the_rate_or_reach_it_as_failure_rate_compare_says) {
  BreakerConfig config = half_of_four();
  for (const auto compare : {BreakerCompare::gt, BreakerCompare::ge}) {
    config.failure_rate_compare = compare;
    Breaker breaker{config};
    const Instant now = call_for(breaker, 2s, call_for(breaker, 0s, kStart));
    EXPECT_EQ(breaker.state(now), compare == BreakerCompare::ge ? BreakerState::open : BreakerState::closed);
  }
}

TEST(BreakerSlowCalls, leave_the_window_like_other_outcomes) {
  BreakerConfig config = half_of_four();
  config.minimum_calls = 4;
  Breaker breaker{config};
  Instant now = call_for(breaker, 2s, call_for(breaker, 2s, kStart));
  for (int i = 0; i < 2; ++i) now = call_for(breaker, 0s, now);
  now = call_for(breaker, 2s, call_for(breaker, 2s, now));
  EXPECT_EQ(breaker.state(now), BreakerState::closed) << "2 of the last 4";
  now = call_for(breaker, 2s, now);
  EXPECT_EQ(breaker.state(now), BreakerState::open);
}

TEST(BreakerSlowCalls, count_when_they_fail_and_not_when_they_are_ignored) {
  Breaker failed{half_of_four()};
  Instant now = call_for(failed, 2s, call_for(failed, 2s, kStart, kFailure), kFailure);
  EXPECT_EQ(failed.state(now), BreakerState::open);
  Breaker ignored{half_of_four()};
  now = kStart;
  for (int i = 0; i < 9; ++i) now = call_for(ignored, 2s, now, BreakerOutcome::ignored);
  EXPECT_EQ(ignored.state(now), BreakerState::closed);
  EXPECT_EQ(ignored.window_calls(now), 0);
}

TEST(BreakerSlowCalls, are_judged_at_a_fast_success_under_evaluate_on_any_alone) {
  for (const auto evaluate_on : {EvaluateOn::failure, EvaluateOn::any}) {
    BreakerConfig config = half_of_four();
    config.minimum_calls = 3;
    config.evaluate_on = evaluate_on;
    Breaker breaker{config};
    const Instant now = call_for(breaker, 0s, call_for(breaker, 2s, call_for(breaker, 2s, kStart)));
    EXPECT_EQ(breaker.state(now), evaluate_on == EvaluateOn::any ? BreakerState::open : BreakerState::closed);
  }
}

TEST(BreakerSlowCalls, reopen_half_open_where_its_probes_would_close_it) {
  BreakerConfig config = half_of_four();
  config.half_open_max_calls = config.half_open_success_threshold = 2;
  for (const int slow : {1, 2}) {
    Breaker breaker{config};
    Instant now = call_for(breaker, 2s, call_for(breaker, 2s, kStart)) + 30s;
    now = call_for(breaker, 2s, now);
    EXPECT_EQ(breaker.state(now), BreakerState::half_open) << "one probe is to come";
    now = call_for(breaker, slow == 2 ? 2s : 0s, now);
    EXPECT_EQ(breaker.state(now), slow == 2 ? BreakerState::open : BreakerState::closed);
    if (slow == 2) {
      EXPECT_EQ(breaker.take_transition()->rule, TripRule::slow_probes);
    }
  }
}

TEST(BreakerSlowCalls, reopen_half_open_beside_its_failure_rate) {
  BreakerConfig config = half_of_four();
  config.half_open_max_calls = 4;
  config.half_open_failure_rate = Millionths{500'000};
  Breaker breaker{config};
  Instant now = call_for(breaker, 2s, call_for(breaker, 2s, kStart)) + 30s;
  now = call_for(breaker, 2s, now, kFailure);
  for (int i = 0; i < 2; ++i) now = call_for(breaker, 2s, now);
  EXPECT_EQ(breaker.state(now), BreakerState::half_open);
  now = call_for(breaker, 0s, now);
  EXPECT_EQ(breaker.state(now), BreakerState::open) << "1 of 4 failed, 3 of 4 slow";
  EXPECT_EQ(breaker.take_transition()->rule, TripRule::slow_probes);
}

TEST(BreakerSlowCalls, are_forgotten_by_a_close_as_failures_are) {
  for (const auto on_close : {OnClose::reset, OnClose::reset_failures, OnClose::keep}) {
    BreakerConfig config = half_of_four();
    config.on_close = on_close;
    Breaker breaker{config};
    Instant now = call_for(breaker, 2s, call_for(breaker, 2s, kStart)) + 30s;
    now = call_for(breaker, 0s, now);
    ASSERT_EQ(breaker.state(now), BreakerState::closed);
    now = call_for(breaker, 0s, now, kFailure);  // which is judged
    EXPECT_EQ(breaker.state(now), BreakerState::closed);
    now = call_for(breaker, 2s, now);  // the kept window holds 2 fast ones and 2 slow ones
    now = call_for(breaker, 2s, now);  // and has lost the oldest slow one
    const bool opens = on_close != OnClose::reset_failures;
    EXPECT_EQ(breaker.state(now) == BreakerState::open, on_close == OnClose::reset ? opens : false) << int(on_close);
  }
}

TEST(BreakerSlowCalls, need_a_window_and_probes_that_are_judged) {
  const auto reason = [](auto change) {
    BreakerConfig config = half_of_four();
    change(config);
    return unsupported(config).value_or("");
  };
  using C = BreakerConfig;
  EXPECT_EQ(reason([](C&) {}), "");
  EXPECT_NE(reason([](C& c) { c.window_type.reset(); }).find("window_type"), std::string::npos);
  EXPECT_EQ(reason([](C& c) { c.slow_call_rate.reset(), c.window_type.reset(); }), "");
  EXPECT_NE(reason([](C& c) { c.slow_call_duration = -1ns; }).find("slow_call_duration"), std::string::npos);
  EXPECT_EQ(reason([](C& c) { c.slow_call_duration = 0ns; }), "");
  EXPECT_EQ(reason([](C& c) { c.slow_call_duration = kBreakerDurationMax; }), "");
  EXPECT_NE(reason([](C& c) { c.slow_call_duration = kBreakerDurationMax + 1ns; }).find("100 years"),
            std::string::npos);
  EXPECT_NE(reason([](C& c) { c.slow_call_rate = Millionths{-1}; }).find("fraction"), std::string::npos);
  EXPECT_NE(reason([](C& c) { c.slow_call_rate = Millionths{1'000'001}; }).find("fraction"), std::string::npos);
  EXPECT_EQ(reason([](C& c) { c.slow_call_rate = Millionths{0}; }), "");
  EXPECT_NE(reason([](C& c) {
              c.slow_call_rate = Millionths{0};
              c.failure_rate_compare = BreakerCompare::ge;
            }).find("never close"),
            std::string::npos);
  EXPECT_NE(reason([](C& c) { c.late_results = LateResults::origin_counts_stale_probe; }).find("slow_call_rate"),
            std::string::npos);
}

TEST(BreakerSlowCalls, open_resilience4j_when_all_of_a_hundred_are_longer_than_a_minute) {
  Breaker breaker{*breaker_preset("resilience4j")};
  Instant now = kStart;
  for (int i = 0; i < 99; ++i) now = call_for(breaker, 61s, now);
  EXPECT_EQ(breaker.state(now), BreakerState::closed);
  Breaker other = breaker;
  EXPECT_EQ(breaker.state(call_for(breaker, 61s, now)), BreakerState::open);
  EXPECT_EQ(other.state(call_for(other, 60s, now)), BreakerState::closed);
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_slow_calls_test
