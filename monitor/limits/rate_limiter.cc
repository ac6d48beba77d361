#include "monitor/limits/rate_limiter.h"

#include <chrono>

namespace windtunnel::monitor {

std::optional<std::string> invalid(const RateLimiterConfig& config) {
  if (config.requests_per_minute && *config.requests_per_minute < 0) return "requests_per_minute is negative";
  if (config.tokens_per_minute && *config.tokens_per_minute < Tokens{0}) return "tokens_per_minute is negative";
  return std::nullopt;
}

RateLimiter::RateLimiter(const RateLimiterConfig& config) : config_(config) {
  check(!invalid(config), "the rate limiter's configuration is valid");
}

RateVerdict RateLimiter::admit_limited(Tokens reserved, Instant now) {
  if (now >= window_end_) {
    const auto minute = std::chrono::floor<std::chrono::minutes>(now.time_since_epoch() + phase_);
    window_end_ = Instant{minute + std::chrono::minutes{1} - phase_};
    window_requests_ = 0;
    window_tokens_ = Tokens{0};
  }
  const bool requests_fit = !config_.requests_per_minute || window_requests_ < *config_.requests_per_minute;
  const bool tokens_fit = !config_.tokens_per_minute || reserved <= *config_.tokens_per_minute - window_tokens_;
  if (!requests_fit || !tokens_fit) {
    ++refused_;
    return {.admitted = false, .retry_after = window_end_ - now};
  }
  ++window_requests_;
  window_tokens_ += reserved;
  return {};
}

}  // namespace windtunnel::monitor
