#include "monitor/rate_limiter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <tuple>
#include <vector>

namespace windtunnel::monitor::rate_limiter_test {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNoon{1'705'752'000s};  // 2024-01-20T12:00:00Z, a whole minute

TEST(RateLimiter, without_a_limit_admits_everything) {
  RateLimiter limiter;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limiter.admit(kTokensMax, kNoon).admitted);
  EXPECT_EQ(limiter.refused(), 0);
}

TEST(RateLimiter, admits_as_many_requests_as_the_limit_in_a_minute) {
  RateLimiter limiter{{.requests_per_minute = 2, .tokens_per_minute = std::nullopt}};
  EXPECT_TRUE(limiter.admit(Tokens{1}, kNoon).admitted);
  EXPECT_TRUE(limiter.admit(Tokens{1}, kNoon + 30s).admitted);
  EXPECT_FALSE(limiter.admit(Tokens{1}, kNoon + 1min - 1ns).admitted);
  EXPECT_TRUE(limiter.admit(Tokens{1}, kNoon + 1min).admitted);
  EXPECT_EQ(limiter.refused(), 1);
  EXPECT_EQ(limiter.window_requests(), 1);
}

TEST(RateLimiter, admits_as_many_tokens_as_the_limit_in_a_minute) {
  RateLimiter limiter{{.requests_per_minute = std::nullopt, .tokens_per_minute = Tokens{1000}}};
  EXPECT_TRUE(limiter.admit(Tokens{600}, kNoon).admitted);
  EXPECT_FALSE(limiter.admit(Tokens{401}, kNoon).admitted);
  EXPECT_TRUE(limiter.admit(Tokens{400}, kNoon).admitted);
  EXPECT_FALSE(limiter.admit(Tokens{1}, kNoon).admitted);
  EXPECT_EQ(limiter.window_tokens(), Tokens{1000});
  EXPECT_TRUE(limiter.admit(Tokens{1000}, kNoon + 1min).admitted);
}

TEST(RateLimiter, windows_are_minutes_of_the_clock_not_of_the_first_request) {
  RateLimiter limiter{{.requests_per_minute = 1, .tokens_per_minute = std::nullopt}};
  EXPECT_TRUE(limiter.admit(Tokens{1}, kNoon + 59s).admitted);
  EXPECT_TRUE(limiter.admit(Tokens{1}, kNoon + 60s).admitted);
  EXPECT_EQ(limiter.admit(Tokens{1}, kNoon + 61s).retry_after, 59s);
}

TEST(RateLimiter, retry_after_leads_to_the_next_minute) {
  RateLimiter limiter{{.requests_per_minute = 1, .tokens_per_minute = std::nullopt}};
  EXPECT_EQ(limiter.admit(Tokens{1}, kNoon).retry_after, 0ns);
  EXPECT_EQ(limiter.admit(Tokens{1}, kNoon).retry_after, 60s);
  EXPECT_EQ(limiter.admit(Tokens{1}, kNoon + 60s - 1ns).retry_after, 1ns);
}

TEST(RateLimiter, minutes_before_1970_are_whole_too) {
  RateLimiter limiter{{.requests_per_minute = 1, .tokens_per_minute = std::nullopt}};
  EXPECT_TRUE(limiter.admit(Tokens{1}, WallTime{-60s}).admitted);
  EXPECT_EQ(limiter.admit(Tokens{1}, WallTime{-1ns}).retry_after, 1ns);
  EXPECT_TRUE(limiter.admit(Tokens{1}, WallTime{}).admitted);
}

TEST(RateLimiter, a_refused_request_takes_nothing) {
  RateLimiter limiter{{.requests_per_minute = 2, .tokens_per_minute = Tokens{100}}};
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limiter.admit(Tokens{101}, kNoon).admitted);
  EXPECT_TRUE(limiter.admit(Tokens{50}, kNoon).admitted);
  EXPECT_TRUE(limiter.admit(Tokens{50}, kNoon).admitted);
}

TEST(RateLimiter, a_request_above_the_whole_limit_is_refused_in_every_window) {
  RateLimiter limiter{{.requests_per_minute = std::nullopt, .tokens_per_minute = Tokens{100}}};
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limiter.admit(Tokens{101}, kNoon + i * 1min).admitted);
}

TEST(RateLimiter, zero_admits_nothing) {
  RateLimiter requests{{.requests_per_minute = 0, .tokens_per_minute = std::nullopt}};
  EXPECT_FALSE(requests.admit(Tokens{0}, kNoon).admitted);
  RateLimiter tokens{{.requests_per_minute = std::nullopt, .tokens_per_minute = Tokens{0}}};
  EXPECT_FALSE(tokens.admit(Tokens{1}, kNoon).admitted);
  EXPECT_TRUE(tokens.admit(Tokens{0}, kNoon).admitted);
}

TEST(RateLimiter, a_clock_that_steps_back_opens_no_window) {
  RateLimiter limiter{{.requests_per_minute = 1, .tokens_per_minute = std::nullopt}};
  EXPECT_TRUE(limiter.admit(Tokens{1}, kNoon).admitted);
  const RateVerdict verdict = limiter.admit(Tokens{1}, kNoon - 1h);
  EXPECT_FALSE(verdict.admitted);
  EXPECT_EQ(verdict.retry_after, 61min);
  EXPECT_TRUE(limiter.admit(Tokens{1}, kNoon + 1min).admitted);
}

TEST(RateLimiter, negative_limits_are_invalid) {
  EXPECT_FALSE(invalid(RateLimiterConfig{}));
  EXPECT_FALSE(invalid(RateLimiterConfig{0, Tokens{0}}));
  EXPECT_TRUE(invalid(RateLimiterConfig{-1, std::nullopt}));
  EXPECT_TRUE(invalid(RateLimiterConfig{std::nullopt, Tokens{-1}}));
}

// The model keeps every admitted request and adds up those of a minute; the clock may step back.
RC_GTEST_PROP(RateLimiter, admits_exactly_what_fits_in_its_minute, ()) {
  RateLimiterConfig config;
  if (*rc::gen::arbitrary<bool>()) config.requests_per_minute = *rc::gen::inRange<std::int64_t>(0, 6);
  if (*rc::gen::arbitrary<bool>()) config.tokens_per_minute = Tokens{*rc::gen::inRange<std::int64_t>(0, 40)};
  const auto steps = *rc::gen::container<std::vector<std::tuple<int, int>>>(
      rc::gen::tuple(rc::gen::inRange(-20, 40), rc::gen::inRange(0, 20)));
  RateLimiter limiter{config};
  std::map<std::int64_t, std::vector<std::int64_t>> minutes;
  std::int64_t second = 0;
  std::int64_t minute = -1000;
  for (const auto& [advance, tokens] : steps) {
    second += advance;
    minute = std::max(minute, (second + 60'000) / 60 - 1000);
    std::vector<std::int64_t>& window = minutes[minute];
    std::int64_t total = tokens;
    for (const std::int64_t admitted : window) total += admitted;
    const bool fits =
        (!config.requests_per_minute || static_cast<std::int64_t>(window.size()) + 1 <= *config.requests_per_minute) &&
        (!config.tokens_per_minute || total <= config.tokens_per_minute->count());

    const RateVerdict verdict = limiter.admit(Tokens{tokens}, WallTime{second * 1s});
    RC_ASSERT(verdict.admitted == fits);
    RC_ASSERT(verdict.retry_after == (fits ? 0s : ((minute + 1) * 60 - second) * 1s));
    if (fits) window.push_back(tokens);
  }
}

}  // namespace
}  // namespace windtunnel::monitor::rate_limiter_test
