// Rates in whole percent, as Failsafe compares them.

#include <gtest/gtest.h>

#include <chrono>

#include "monitor/breaker/breaker.h"
#include "tests/monitor/breaker/breaker_calls.h"

namespace windtunnel::monitor::breaker_rounding_test {
namespace {

using namespace breaker_calls;
using namespace std::chrono_literals;

BreakerConfig at_least(std::int64_t millionths, std::int64_t window) {
  return {.failure_rate_threshold = Millionths{millionths},
          .failure_rate_compare = BreakerCompare::ge,
          .rate_rounding = RateRounding::percent_int,
          .minimum_calls = window,
          .window_type = WindowType::count,
          .window_size = window,
          .open = 30s};
}

BreakerState after(const BreakerConfig& config, int successes, int failures) {
  Breaker breaker{config};
  succeed(breaker, kStart, successes);
  fail(breaker, kStart, failures);
  return breaker.state(kStart);
}

TEST(BreakerRounding, takes_a_third_for_33_percent_and_two_thirds_for_67) {
  EXPECT_EQ(after(at_least(330'000, 3), 2, 1), BreakerState::open);
  EXPECT_EQ(after(at_least(330'001, 3), 2, 1), BreakerState::closed) << "a third is above it, 33 % is not";
  EXPECT_EQ(after(at_least(670'000, 3), 1, 2), BreakerState::open) << "two thirds are below it, 67 % are not";
  EXPECT_EQ(after(at_least(670'001, 3), 1, 2), BreakerState::closed);
}

TEST(BreakerRounding, rounds_a_half_up) {
  EXPECT_EQ(after(at_least(130'000, 8), 7, 1), BreakerState::open) << "12.5 %";
  EXPECT_EQ(after(at_least(120'001, 200), 176, 24), BreakerState::closed) << "12 %";
  EXPECT_EQ(after(at_least(130'000, 200), 175, 25), BreakerState::open) << "12.5 %";
}

TEST(BreakerRounding, keeps_nothing_and_all_as_they_are) {
  EXPECT_EQ(after(at_least(1'000'000, 3), 0, 3), BreakerState::open);
  EXPECT_EQ(after(at_least(1'000'000, 200), 1, 199), BreakerState::open) << "99.5 %";
  EXPECT_EQ(after(at_least(1'000'000, 300), 2, 298), BreakerState::closed) << "99.3 %";
}

TEST(BreakerRounding, rounds_the_rate_of_probes_and_of_slow_calls_too) {
  BreakerConfig config = at_least(10'000, 1);
  config.half_open_max_calls = 3;
  config.half_open_failure_rate = Millionths{340'000};
  Breaker breaker{config};
  fail(breaker, kStart);
  succeed(breaker, kStart + 30s, 2);
  fail(breaker, kStart + 30s);
  EXPECT_EQ(breaker.state(kStart + 30s), BreakerState::closed) << "33 %";
  config.half_open_failure_rate = Millionths{330'000};
  Breaker other{config};
  fail(other, kStart);
  succeed(other, kStart + 30s, 2);
  fail(other, kStart + 30s);
  EXPECT_EQ(other.state(kStart + 30s), BreakerState::open);

  BreakerConfig slow = at_least(1'000'000, 3);
  slow.slow_call_duration = 1s;
  for (const auto& [rate, then] : {std::pair{670'000, BreakerState::open}, {670'001, BreakerState::closed}}) {
    slow.slow_call_rate = Millionths{rate};
    Breaker third{slow};
    succeed(third, kStart);
    const auto one = third.acquire(kStart);
    const auto two = third.acquire(kStart);
    third.report(*one, BreakerOutcome::success, kStart + 2s);
    third.report(*two, BreakerOutcome::success, kStart + 2s);
    EXPECT_EQ(third.state(kStart + 2s), then);
  }
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_rounding_test
