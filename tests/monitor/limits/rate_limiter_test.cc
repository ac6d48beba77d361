#include "monitor/limits/rate_limiter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <map>
#include <tuple>
#include <vector>

namespace windtunnel::monitor::rate_limiter_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{};
constexpr WallTime kNoon{1'705'752'000s};  // 2024-01-20T12:00:00Z, a whole minute

TEST(RateLimiter, without_a_limit_admits_everything) {
  RateLimiter limiter;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limiter.admit(kTokensMax, kStart).admitted);
  EXPECT_EQ(limiter.refused(), 0);
}

TEST(RateLimiter, admits_as_many_requests_as_the_limit_in_a_minute) {
  RateLimiter limiter{{.requests_per_minute = 2, .tokens_per_minute = std::nullopt}};
  EXPECT_TRUE(limiter.admit(Tokens{1}, kStart).admitted);
  EXPECT_TRUE(limiter.admit(Tokens{1}, kStart + 30s).admitted);
  EXPECT_FALSE(limiter.admit(Tokens{1}, kStart + 1min - 1ns).admitted);
  EXPECT_TRUE(limiter.admit(Tokens{1}, kStart + 1min).admitted);
  EXPECT_EQ(limiter.refused(), 1);
  EXPECT_EQ(limiter.window_requests(), 1);
}

TEST(RateLimiter, admits_as_many_tokens_as_the_limit_in_a_minute) {
  RateLimiter limiter{{.requests_per_minute = std::nullopt, .tokens_per_minute = Tokens{1000}}};
  EXPECT_TRUE(limiter.admit(Tokens{600}, kStart).admitted);
  EXPECT_FALSE(limiter.admit(Tokens{401}, kStart).admitted);
  EXPECT_TRUE(limiter.admit(Tokens{400}, kStart).admitted);
  EXPECT_FALSE(limiter.admit(Tokens{1}, kStart).admitted);
  EXPECT_EQ(limiter.window_tokens(), Tokens{1000});
  EXPECT_TRUE(limiter.admit(Tokens{1000}, kStart + 1min).admitted);
}

TEST(RateLimiter, windows_are_minutes_of_the_clock_not_of_the_first_request) {
  RateLimiter limiter{{.requests_per_minute = 1, .tokens_per_minute = std::nullopt}};
  EXPECT_TRUE(limiter.admit(Tokens{1}, kStart + 59s).admitted);
  EXPECT_TRUE(limiter.admit(Tokens{1}, kStart + 60s).admitted);
  EXPECT_EQ(limiter.admit(Tokens{1}, kStart + 61s).retry_after, 59s);
}

TEST(RateLimiter, retry_after_leads_to_the_next_minute) {
  RateLimiter limiter{{.requests_per_minute = 1, .tokens_per_minute = std::nullopt}};
  EXPECT_EQ(limiter.admit(Tokens{1}, kStart).retry_after, 0ns);
  EXPECT_EQ(limiter.admit(Tokens{1}, kStart).retry_after, 60s);
  EXPECT_EQ(limiter.admit(Tokens{1}, kStart + 60s - 1ns).retry_after, 1ns);
}

TEST(RateLimiter, windows_are_utc_minutes_of_the_clock_at_the_start) {
  for (const Duration late : {Duration{0}, Duration{1}, Duration{20s}, Duration{59s}}) {
    RateLimiter limiter{{.requests_per_minute = 1, .tokens_per_minute = std::nullopt}};
    limiter.align(kNoon + late);
    EXPECT_TRUE(limiter.admit(Tokens{1}, kStart).admitted);
    EXPECT_EQ(limiter.admit(Tokens{1}, kStart).retry_after, 60s - late);
    EXPECT_FALSE(limiter.admit(Tokens{1}, kStart + 60s - late - 1ns).admitted);
    EXPECT_TRUE(limiter.admit(Tokens{1}, kStart + 60s - late).admitted);
    EXPECT_EQ(limiter.admit(Tokens{1}, kStart + 60s - late).retry_after, 60s);
  }
}

TEST(RateLimiter, minutes_before_1970_are_whole_too) {
  RateLimiter limiter{{.requests_per_minute = 1, .tokens_per_minute = std::nullopt}};
  limiter.align(WallTime{-61s});
  EXPECT_TRUE(limiter.admit(Tokens{1}, kStart).admitted);
  EXPECT_EQ(limiter.admit(Tokens{1}, kStart).retry_after, 1s);
  EXPECT_TRUE(limiter.admit(Tokens{1}, kStart + 1s).admitted);
  EXPECT_EQ(limiter.admit(Tokens{1}, kStart + 61s - 1ns).retry_after, 1ns);
}

TEST(RateLimiter, a_refused_request_takes_nothing) {
  RateLimiter limiter{{.requests_per_minute = 2, .tokens_per_minute = Tokens{100}}};
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limiter.admit(Tokens{101}, kStart).admitted);
  EXPECT_TRUE(limiter.admit(Tokens{50}, kStart).admitted);
  EXPECT_TRUE(limiter.admit(Tokens{50}, kStart).admitted);
}

TEST(RateLimiter, a_request_above_the_whole_limit_is_refused_in_every_window) {
  RateLimiter limiter{{.requests_per_minute = std::nullopt, .tokens_per_minute = Tokens{100}}};
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limiter.admit(Tokens{101}, kStart + i * 1min).admitted);
}

TEST(RateLimiter, zero_admits_nothing) {
  RateLimiter requests{{.requests_per_minute = 0, .tokens_per_minute = std::nullopt}};
  EXPECT_FALSE(requests.admit(Tokens{0}, kStart).admitted);
  RateLimiter tokens{{.requests_per_minute = std::nullopt, .tokens_per_minute = Tokens{0}}};
  EXPECT_FALSE(tokens.admit(Tokens{1}, kStart).admitted);
  EXPECT_TRUE(tokens.admit(Tokens{0}, kStart).admitted);
}

TEST(RateLimiter, a_clock_that_steps_moves_no_window) {
  for (const Duration step : {Duration{-1h}, Duration{-1s}, Duration{1s}, Duration{1h}}) {
    RateLimiter limiter{{.requests_per_minute = 1, .tokens_per_minute = std::nullopt}};
    limiter.align(kNoon);
    EXPECT_TRUE(limiter.admit(Tokens{1}, kStart + 30s).admitted);
    limiter.align(kNoon + step);
    EXPECT_EQ(limiter.admit(Tokens{1}, kStart + 30s).retry_after, 30s);
    EXPECT_TRUE(limiter.admit(Tokens{1}, kStart + 60s).admitted);
  }
}

TEST(RateLimiter, negative_limits_are_invalid) {
  EXPECT_FALSE(invalid(RateLimiterConfig{}));
  EXPECT_FALSE(invalid(RateLimiterConfig{0, Tokens{0}}));
  EXPECT_TRUE(invalid(RateLimiterConfig{-1, std::nullopt}));
  EXPECT_TRUE(invalid(RateLimiterConfig{std::nullopt, Tokens{-1}}));
}

// The model keeps every admitted request and adds up those of a minute.
RC_GTEST_PROP(RateLimiter, admits_exactly_what_fits_in_its_minute, ()) {
  RateLimiterConfig config;
  if (*rc::gen::arbitrary<bool>()) config.requests_per_minute = *rc::gen::inRange<std::int64_t>(0, 6);
  if (*rc::gen::arbitrary<bool>()) config.tokens_per_minute = Tokens{*rc::gen::inRange<std::int64_t>(0, 40)};
  const auto steps = *rc::gen::container<std::vector<std::tuple<int, int>>>(
      rc::gen::tuple(rc::gen::inRange(0, 40), rc::gen::inRange(0, 20)));
  const std::int64_t phase = *rc::gen::inRange(0, 60);
  RateLimiter limiter{config};
  limiter.align(kNoon + phase * 1s);
  std::map<std::int64_t, std::vector<std::int64_t>> minutes;
  std::int64_t second = 0;
  for (const auto& [advance, tokens] : steps) {
    second += advance;
    const std::int64_t minute = (second + phase) / 60;
    std::vector<std::int64_t>& window = minutes[minute];
    std::int64_t total = tokens;
    for (const std::int64_t admitted : window) total += admitted;
    const bool fits =
        (!config.requests_per_minute || static_cast<std::int64_t>(window.size()) + 1 <= *config.requests_per_minute) &&
        (!config.tokens_per_minute || total <= config.tokens_per_minute->count());

    const RateVerdict verdict = limiter.admit(Tokens{tokens}, kStart + second * 1s);
    RC_ASSERT(verdict.admitted == fits);
    RC_ASSERT(verdict.retry_after == (fits ? 0s : ((minute + 1) * 60 - phase - second) * 1s));
    if (fits) window.push_back(tokens);
  }
}

}  // namespace
}  // namespace windtunnel::monitor::rate_limiter_test
