#pragma once
// Short words for tests that tell a breaker a story call by call.

#include <gtest/gtest.h>

#include <chrono>

#include "monitor/breaker/breaker.h"

namespace windtunnel::monitor::breaker_calls {

inline constexpr Instant kStart{};

// One call that ends at the instant it began.
inline void call(Breaker& breaker, BreakerOutcome outcome, Instant now, int times = 1) {
  for (int i = 0; i < times; ++i) {
    const auto permit = breaker.acquire(now);
    ASSERT_TRUE(permit);
    breaker.report(*permit, outcome, now);
  }
}
inline void fail(Breaker& breaker, Instant now, int times = 1) { call(breaker, BreakerOutcome::failure, now, times); }
inline void succeed(Breaker& breaker, Instant now, int times = 1) {
  call(breaker, BreakerOutcome::success, now, times);
}

// Only the rule of consecutive failures: 5 of them open it for 30 s.
inline BreakerConfig five_in_a_row() {
  BreakerConfig config;
  config.consecutive_threshold = 5;
  return config;
}

inline Breaker opened_at(Instant now, BreakerConfig config = five_in_a_row()) {
  Breaker breaker{config};
  fail(breaker, now, 5);
  EXPECT_EQ(breaker.state(now), BreakerState::open);
  return breaker;
}

}  // namespace windtunnel::monitor::breaker_calls
