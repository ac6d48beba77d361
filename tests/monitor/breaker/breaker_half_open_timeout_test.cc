// HALF_OPEN whose probes do not decide in time opens again.

#include <gtest/gtest.h>

#include <chrono>

#include "monitor/breaker/breaker.h"
#include "monitor/breaker/breaker_set.h"
#include "monitor/breaker/protocol_breaker.h"
#include "tests/monitor/breaker/breaker_calls.h"
#include "tests/monitor/breaker/breaker_history.h"

namespace windtunnel::monitor::breaker_half_open_timeout_test {
namespace {

using namespace breaker_calls;
using namespace std::chrono_literals;

constexpr Instant kProbing = kStart + 30s;

BreakerConfig within_ten_seconds() {
  BreakerConfig config = five_in_a_row();
  config.half_open_timeout = 10s;
  return config;
}

TEST(BreakerHalfOpenTimeout, opens_it_again_at_the_instant_at_which_the_time_is_over) {
  Breaker breaker = opened_at(kStart, within_ten_seconds());
  const auto probe = breaker.acquire(kProbing + 1s);
  ASSERT_TRUE(probe);
  EXPECT_EQ(breaker.wakeup(), kProbing + 11s);
  EXPECT_EQ(breaker.state(kProbing + 11s - 1ns), BreakerState::half_open);
  EXPECT_EQ(breaker.state(kProbing + 11s), BreakerState::open);
  EXPECT_EQ(breaker.state(kProbing + 41s - 1ns), BreakerState::open);
  EXPECT_EQ(breaker.state(kProbing + 41s), BreakerState::half_open);

  breaker.advance(kProbing + 12s);
  const auto arrow = breaker.take_transition();
  ASSERT_TRUE(arrow);
  EXPECT_EQ(arrow->at, kProbing + 11s);
  EXPECT_EQ(arrow->to, BreakerState::open);
  EXPECT_EQ(arrow->rule, TripRule::half_open_timeout);
  EXPECT_EQ(breaker.wakeup(), kProbing + 41s);
  EXPECT_TRUE(breaker.acquire(kProbing + 41s)) << "the place of the lost probe is free";
}

TEST(BreakerHalfOpenTimeout, lets_a_result_decide_that_comes_just_before_and_none_that_comes_at_its_end) {
  Breaker in_time = opened_at(kStart, within_ten_seconds());
  Breaker too_late = in_time;
  const auto probe = in_time.acquire(kProbing);
  EXPECT_FALSE(in_time.report(*probe, BreakerOutcome::success, kProbing + 10s - 1ns).late);
  EXPECT_EQ(in_time.state(kProbing + 10s), BreakerState::closed);
  const auto other = too_late.acquire(kProbing);
  EXPECT_TRUE(too_late.report(*other, BreakerOutcome::success, kProbing + 10s).late);
  EXPECT_EQ(too_late.state(kProbing + 10s), BreakerState::open);
}

TEST(BreakerHalfOpenTimeout, begins_with_the_first_probe_and_not_with_half_open) {
  Breaker breaker = opened_at(kStart, within_ten_seconds());
  breaker.advance(kProbing + 1h);
  EXPECT_EQ(breaker.state(kProbing + 1h), BreakerState::half_open);
  EXPECT_FALSE(breaker.wakeup());
}

TEST(BreakerHalfOpenTimeout, stops_when_every_permit_has_come_back_unused) {
  BreakerConfig config = within_ten_seconds();
  config.half_open_max_calls = 2;
  Breaker breaker = opened_at(kStart, config);
  const auto first = breaker.acquire(kProbing);
  const auto second = breaker.acquire(kProbing + 1s);
  breaker.give_back(*first, kProbing + 2s);
  EXPECT_EQ(breaker.wakeup(), kProbing + 10s) << "another one is out";
  breaker.give_back(*second, kProbing + 3s);
  EXPECT_FALSE(breaker.wakeup());
  ASSERT_TRUE(breaker.acquire(kProbing + 20s));
  EXPECT_EQ(breaker.wakeup(), kProbing + 30s);
}

TEST(BreakerHalfOpenTimeout, counts_as_one_more_reopening_in_a_row) {
  BreakerConfig config = within_ten_seconds();
  config.open_backoff_multiplier = Millionths{2'000'000};
  Breaker breaker = opened_at(kStart, config);
  Instant now = kProbing;
  for (const Duration open : {30s, 60s, 120s}) {
    ASSERT_TRUE(breaker.acquire(now));
    now += 10s;
    breaker.advance(now);
    EXPECT_EQ(*breaker.wakeup() - now, open);
    now = *breaker.wakeup();
  }
}

TEST(BreakerHalfOpenTimeout, takes_up_to_three_arrows_in_one_call) {
  BreakerConfig config = within_ten_seconds();
  config.late_results = LateResults::current_state;
  Breaker breaker = opened_at(kStart, config);
  const auto probe = breaker.acquire(kProbing);
  breaker.report(*probe, BreakerOutcome::success, kProbing + 1h);
  EXPECT_EQ(breaker.take_transition()->at, kProbing + 10s);
  EXPECT_EQ(breaker.take_transition()->at, kProbing + 40s);
  EXPECT_EQ(breaker.take_transition()->to, BreakerState::closed);
  EXPECT_FALSE(breaker.take_transition());
}

TEST(BreakerHalfOpenTimeout, leaves_a_lazy_breaker_open_until_a_call) {
  BreakerConfig config = within_ten_seconds();
  config.state_view = StateView::lazy;
  Breaker breaker = opened_at(kStart, config);
  ASSERT_TRUE(breaker.acquire(kProbing));
  EXPECT_EQ(breaker.wakeup(), kProbing + 10s);
  EXPECT_EQ(breaker.state(kProbing + 1h), BreakerState::open);
  EXPECT_TRUE(breaker.acquire(kProbing + 1h));
}

TEST(BreakerHalfOpenTimeout, must_be_longer_than_nothing) {
  BreakerConfig config = within_ten_seconds();
  for (const Duration wrong : {Duration{0}, Duration{-1}, kBreakerDurationMax + 1ns}) {
    config.half_open_timeout = wrong;
    EXPECT_TRUE(unsupported(config).value_or("").starts_with("half_open_timeout"));
  }
  for (const Duration right : {Duration{1}, kBreakerDurationMax}) {
    config.half_open_timeout = right;
    EXPECT_FALSE(unsupported(config));
  }
  Breaker breaker = opened_at(Instant::max() - 2 * kBreakerDurationMax, config);
  ASSERT_TRUE(breaker.acquire(Instant::max() - 1ns));
  EXPECT_FALSE(breaker.wakeup()) << "its end lies beyond the end of time";
}

TEST(BreakerHalfOpenTimeout, is_seen_of_a_breaker_of_another_program_that_is_asked_when_it_ends) {
  ProtocolBreaker original;
  const BreakerConfig config{.consecutive_threshold = 1, .open = 10ms, .half_open_timeout = 5ms};
  ASSERT_FALSE(original.reset(config));
  BreakerSet breakers({config}, BreakerSource::another_program);
  const ForeignBreakers foreign{&original};
  const auto permit = breakers.acquire(0, kStart, &foreign);
  breakers.report(0, *permit, BreakerOutcome::failure, kStart, &foreign);
  ASSERT_TRUE(breakers.acquire(0, kStart + 10ms, &foreign));
  ASSERT_EQ(breakers.wakeup(0), kStart + 15ms);
  breakers.advance(0, kStart + 15ms, &foreign);
  const auto arrow = breakers.take_transition(0);
  ASSERT_TRUE(arrow);
  EXPECT_EQ(arrow->rule, TripRule::half_open_timeout);
  EXPECT_EQ(arrow->at, kStart + 15ms);
  EXPECT_EQ(breakers.wakeup(0), kStart + 25ms);
}

// The other half: a lost probe no longer keeps the breaker from closing.
TEST(BreakerHalfOpenTimeout, lets_any_breaker_probe_again_though_no_permit_comes_back) {
  breaker_history::hold_often(300, [] {
    const auto drawn = breaker_history::draw_case([](BreakerConfig& config) {
      config.half_open_timeout = config.half_open_timeout.value_or(10ns);
      config.open_max = std::min(config.open_max.value_or(100ns), 100ns);
    });
    Breaker breaker{drawn.config};
    std::vector<Permit> permits;
    for (const auto& call : drawn.script) perform(breaker, permits, call);
    Instant now = drawn.script.empty() ? kStart : drawn.script.back().at;
    now += *drawn.config.half_open_timeout + 202ns;
    RC_ASSERT(breaker.acquire(now).has_value());
  });
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_half_open_timeout_test
