// allowed_fails: a count of failures that successes do not end and time does.

#include <gtest/gtest.h>

#include "monitor/breaker/breaker.h"

namespace windtunnel::monitor::breaker_allowed_fails_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant at(Duration since) { return Instant{since}; }

BreakerConfig allows(std::int64_t fails) {
  BreakerConfig config;
  config.allowed_fails = fails;
  config.open = 10s;
  return config;
}

void report(Breaker& breaker, Instant now, BreakerOutcome outcome, ReplyKind kind = ReplyKind::server_error) {
  breaker.report(*breaker.acquire(now), outcome, now, kind);
}
void fail(Breaker& breaker, Instant now, ReplyKind kind = ReplyKind::server_error) {
  report(breaker, now, BreakerOutcome::failure, kind);
}

TEST(BreakerAllowedFails, opens_at_the_first_failure_beyond_them_whatever_succeeds_between) {
  Breaker breaker{allows(3)};
  for (int i = 0; i < 3; ++i) {
    fail(breaker, at(i * 1s));
    report(breaker, at(i * 1s), BreakerOutcome::success);
    EXPECT_EQ(breaker.state(at(i * 1s)), BreakerState::closed);
  }
  fail(breaker, at(3s));
  const auto opened = breaker.take_transition();
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->to, BreakerState::open);
  EXPECT_EQ(opened->rule, TripRule::allowed_fails);
}

TEST(BreakerAllowedFails, are_forgotten_once_more_than_the_open_time_has_passed_since_the_latest) {
  Breaker edge{allows(1)};
  fail(edge, at(1s));
  fail(edge, at(11s));
  EXPECT_EQ(edge.state(at(11s)), BreakerState::open);
  Breaker past{allows(1)};
  fail(past, at(1s));
  fail(past, at(11s) + 1ns);
  EXPECT_EQ(past.state(at(11s) + 1ns), BreakerState::closed);
  // Each of them begins the time again.
  Breaker kept{allows(2)};
  for (const Duration now : {1s, 10s, 19s}) fail(kept, at(now));
  EXPECT_EQ(kept.state(at(19s)), BreakerState::open);
}

TEST(BreakerAllowedFails, none_allowed_opens_at_the_first_failure) {
  Breaker breaker{allows(0)};
  fail(breaker, at(1s));
  EXPECT_EQ(breaker.state(at(1s)), BreakerState::open);
}

TEST(BreakerAllowedFails, by_kind_compare_one_count_with_the_number_of_the_kind_that_fails) {
  BreakerConfig config = allows(3);
  config.allowed_fails_by[index_of(ReplyKind::rate_limited)] = 1;
  Breaker breaker{config};
  fail(breaker, at(1s), ReplyKind::timeout);
  fail(breaker, at(1s), ReplyKind::rate_limited);
  EXPECT_EQ(breaker.state(at(1s)), BreakerState::open) << "one failure of any kind came before the 429";
}

TEST(BreakerAllowedFails, of_one_kind_alone_let_the_others_pass_uncounted) {
  BreakerConfig config = allows(3);
  config.allowed_fails.reset();
  config.allowed_fails_by[index_of(ReplyKind::rate_limited)] = 1;
  Breaker breaker{config};
  for (int i = 0; i < 9; ++i) fail(breaker, at(1s), ReplyKind::timeout);
  fail(breaker, at(1s), ReplyKind::rate_limited);
  EXPECT_EQ(breaker.state(at(1s)), BreakerState::closed);
  fail(breaker, at(1s), ReplyKind::rate_limited);
  EXPECT_EQ(breaker.state(at(1s)), BreakerState::open);
}

TEST(BreakerAllowedFails, are_forgotten_at_a_close_that_clears_the_counters_and_kept_by_one_that_keeps_them) {
  for (const OnClose on_close : {OnClose::reset, OnClose::keep}) {
    BreakerConfig config = allows(1);
    config.open = 1s;
    config.on_close = on_close;
    Breaker breaker{config};
    fail(breaker, at(1s));
    fail(breaker, at(1s));
    report(breaker, at(2s), BreakerOutcome::success);
    ASSERT_EQ(breaker.state(at(2s)), BreakerState::closed);
    fail(breaker, at(2s));
    EXPECT_EQ(breaker.state(at(2s)), on_close == OnClose::keep ? BreakerState::open : BreakerState::closed);
  }
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_allowed_fails_test
