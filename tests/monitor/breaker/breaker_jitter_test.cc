// OPEN that lasts longer by a share that depends on the instant at which it began.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/stable_hash.h"
#include "monitor/breaker/breaker.h"
#include "tests/monitor/breaker/breaker_calls.h"

namespace windtunnel::monitor::breaker_jitter_test {
namespace {

using namespace breaker_calls;
using namespace std::chrono_literals;

BreakerConfig jittered(std::int64_t millionths) {
  BreakerConfig config{.consecutive_threshold = 1, .open = 10s};
  config.open_jitter = Millionths{millionths};
  return config;
}

Duration open_time(const BreakerConfig& config, Instant opened) {
  Breaker breaker{config, kStart};
  fail(breaker, opened);
  const auto arrow = breaker.take_transition();
  EXPECT_EQ(*breaker.wakeup(), opened + arrow->open_for);
  return arrow->open_for;
}

TEST(BreakerJitter, of_nothing_changes_nothing) { EXPECT_EQ(open_time(jittered(0), kStart + 7s), 10s); }

// A change of these figures changes every run with jitter.
TEST(BreakerJitter, is_the_documented_share_of_the_instant) {
  const std::uint64_t salt = stable_hash("breaker/open_jitter");
  for (const std::int64_t ns : {std::int64_t{0}, std::int64_t{1}, std::int64_t{7'000'000'000}}) {
    const double share = static_cast<double>(stable_hash(static_cast<std::uint64_t>(ns), salt)) / 0x1p64;
    const auto longer = open_time(jittered(500'000), Instant{Duration{ns}}) - 10s;
    EXPECT_NEAR(static_cast<double>(longer.count()), share * 5e9, 1.0);
  }
}

TEST(BreakerJitter, lies_evenly_between_nothing_and_its_fraction) {
  std::array<int, 10> bins{};
  for (int i = 0; i < 10'000; ++i) {
    const Duration longer = open_time(jittered(200'000), kStart + i * 1s) - 10s;
    ASSERT_TRUE(longer >= 0s && longer < 2s);
    ++bins[static_cast<std::size_t>(longer / 200ms)];
  }
  // Five standard deviations of a binomial number are 150.
  for (const int count : bins) EXPECT_NEAR(count, 1000, 150);
}

TEST(BreakerJitter, is_added_after_the_back_off_and_its_cap) {
  BreakerConfig config = jittered(1'000'000);
  config.open_backoff_multiplier = Millionths{2'000'000};
  config.open_max = 30s;
  Breaker breaker{config};
  fail(breaker, kStart);
  Instant now = *breaker.wakeup();
  for (const Duration wait : {10s, 20s, 30s, 30s}) {
    fail(breaker, now);
    const Duration open = *breaker.wakeup() - now;
    EXPECT_TRUE(open >= wait && open < 2 * wait) << open.count();
    now = *breaker.wakeup();
  }
}

TEST(BreakerJitter, ends_open_at_one_instant_for_every_question) {
  Breaker breaker{jittered(1'000'000)};
  fail(breaker, kStart + 3s);
  const Instant end = *breaker.wakeup();
  EXPECT_EQ(breaker.state(end - 1ns), BreakerState::open);
  EXPECT_EQ(breaker.state(end), BreakerState::half_open);
  EXPECT_FALSE(breaker.acquire(end - 1ns));
  EXPECT_TRUE(breaker.acquire(end));
}

TEST(BreakerJitter, is_a_fraction_and_needs_an_open_that_nothing_prolongs) {
  for (const std::int64_t wrong : {-1, 1'000'001}) {
    EXPECT_TRUE(unsupported(jittered(wrong)).value_or("").starts_with("open_jitter")) << wrong;
  }
  for (const std::int64_t right : {0, 1'000'000}) EXPECT_FALSE(unsupported(jittered(right)));
  BreakerConfig forced = jittered(1);
  forced.late_results = LateResults::origin_forces;
  forced.state_view = StateView::lazy;
  EXPECT_NE(unsupported(forced).value_or("").find("open_jitter"), std::string::npos);
  forced.open_jitter = Millionths{0};
  EXPECT_FALSE(unsupported(forced));
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_jitter_test
