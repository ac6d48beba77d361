// Questions that are right, and those that are not: the latter change nothing.

#include "monitor/breaker/protocol_breaker.h"

#include <gtest/gtest.h>

#include <chrono>

namespace windtunnel::monitor::protocol_breaker_test {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kCenturyMs = kBreakerDurationMax / 1ms;

BreakerQuestion acquire(std::int64_t t_ms) { return {.op = BreakerOp::acquire, .t_ms = t_ms}; }
BreakerQuestion state(std::int64_t t_ms) { return {.op = BreakerOp::state, .t_ms = t_ms}; }
BreakerQuestion failure(std::int64_t t_ms, std::int64_t permit) {
  return {.op = BreakerOp::report, .t_ms = t_ms, .permit = permit, .outcome = BreakerOutcome::failure};
}

TEST(ProtocolBreaker, answers_in_whole_milliseconds_with_numbered_permits) {
  ProtocolBreaker breaker;
  ASSERT_FALSE(breaker.reset({.consecutive_threshold = 2, .open = 10ms}));
  EXPECT_EQ(breaker.ask(acquire(0)).permit, 1);
  EXPECT_EQ(breaker.ask(acquire(0)).permit, 2);
  EXPECT_EQ(breaker.ask(failure(3, 2)).state, BreakerState::closed);
  EXPECT_EQ(breaker.ask(failure(5, 1)).state, BreakerState::open);
  const BreakerAnswer refused = breaker.ask(acquire(14));
  EXPECT_EQ(refused.error, "");
  EXPECT_FALSE(refused.permit);
  EXPECT_EQ(refused.state, BreakerState::open);
  EXPECT_EQ(breaker.ask(state(15)).state, BreakerState::half_open);
  EXPECT_EQ(breaker.ask(acquire(15)).permit, 3);
}

TEST(ProtocolBreaker, objects_to_a_wrong_question_and_goes_on_as_if_it_had_not_been_asked) {
  ProtocolBreaker breaker;
  EXPECT_EQ(breaker.ask(acquire(0)).error, "there is no breaker yet: a reset comes first");
  ASSERT_FALSE(breaker.reset({.consecutive_threshold = 2}));
  ASSERT_EQ(breaker.ask(acquire(7)).permit, 1);
  ASSERT_EQ(breaker.ask(acquire(7)).permit, 2);
  EXPECT_EQ(breaker.ask(state(-1)).error, "t_ms -1 is negative");
  EXPECT_EQ(breaker.ask(state(kCenturyMs + 1)).error, "t_ms 3153600000001 is beyond 100 years");
  EXPECT_EQ(breaker.ask(acquire(6)).error, "time runs backwards: t_ms 6 after 7");
  for (const std::int64_t unknown : {-1, 0, 3}) {
    EXPECT_EQ(breaker.ask(failure(8, unknown)).error, "permit " + std::to_string(unknown) + " is unknown");
  }
  EXPECT_EQ(breaker.ask(failure(7, 1)).error, "");
  EXPECT_EQ(breaker.ask(failure(8, 1)).error, "permit 1 has reported already");
  EXPECT_EQ(breaker.ask(failure(7, 2)).state, BreakerState::open);
  EXPECT_EQ(breaker.ask(failure(7, 2)).error, "permit 2 has reported already");
  EXPECT_EQ(breaker.ask(state(kCenturyMs)).error, "");
}

TEST(ProtocolBreaker, a_reset_starts_over_and_one_that_cannot_be_honoured_changes_nothing) {
  ProtocolBreaker breaker;
  ASSERT_FALSE(breaker.reset({.consecutive_threshold = 1}));
  ASSERT_EQ(breaker.ask(acquire(50)).permit, 1);
  ASSERT_EQ(breaker.ask(acquire(50)).permit, 2);
  ASSERT_EQ(breaker.ask(failure(50, 1)).state, BreakerState::open);
  EXPECT_TRUE(breaker.reset({.consecutive_threshold = 0}));
  EXPECT_EQ(breaker.ask(state(51)).state, BreakerState::open);
  ASSERT_FALSE(breaker.reset({.consecutive_threshold = 1}));
  EXPECT_EQ(breaker.ask(failure(0, 2)).error, "permit 2 is unknown");
  EXPECT_EQ(breaker.ask(acquire(0)).permit, 1);
}

TEST(ProtocolBreaker, a_fixed_window_begins_with_a_query_too) {
  ProtocolBreaker breaker;
  ASSERT_FALSE(breaker.reset({.failure_count_threshold = 2, .window_type = WindowType::fixed, .window = 10ms}));
  const auto open_after = [&breaker](bool asked_between) {
    (void)breaker.reset({.failure_count_threshold = 2, .window_type = WindowType::fixed, .window = 10ms});
    if (asked_between) (void)breaker.ask(state(11));  // so that the next window is (11, 21]
    (void)breaker.ask(acquire(15));
    (void)breaker.ask(failure(15, 1));
    (void)breaker.ask(acquire(22));
    return breaker.ask(failure(22, 2)).state;
  };
  EXPECT_EQ(open_after(false), BreakerState::open);  // both lie in the window that began at 15
  EXPECT_EQ(open_after(true), BreakerState::closed);
}

TEST(ProtocolBreaker, a_query_ends_open_where_reading_does) {
  ProtocolBreaker breaker;
  ASSERT_FALSE(breaker.reset({.consecutive_threshold = 1, .open = 10ms, .state_view = StateView::on_read}));
  (void)breaker.ask(acquire(0));
  ASSERT_EQ(breaker.ask(failure(0, 1)).state, BreakerState::open);
  EXPECT_EQ(breaker.ask(state(9)).state, BreakerState::open);
  EXPECT_EQ(breaker.ask(state(10)).state, BreakerState::half_open);
}

}  // namespace
}  // namespace windtunnel::monitor::protocol_breaker_test
