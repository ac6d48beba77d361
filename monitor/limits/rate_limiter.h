#pragma once
// Refuses what exceeds a number of requests or tokens per minute, over all providers. Off without a limit.
//
// A window is one minute of monotonic time, so that no step of the wall clock opens or prolongs one; the first wall
// clock gives the windows their phase, so that they are UTC minutes until it steps. A refused request takes nothing
// from the window, so that retrying against a full window does not lengthen it. Tokens are those asked for at admission
// (input + max_tokens) and are not corrected later.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/units.h"

namespace windtunnel::monitor {

struct RateLimiterConfig {
  std::optional<std::int64_t> requests_per_minute;  // absent: unlimited; 0: nothing is admitted
  std::optional<Tokens> tokens_per_minute;          // absent: unlimited; 0: no request with a token is admitted
  friend bool operator==(const RateLimiterConfig&, const RateLimiterConfig&) = default;
};

// Why this configuration cannot be used, as one sentence; nothing if it can.
std::optional<std::string> invalid(const RateLimiterConfig& config);

struct RateVerdict {
  bool admitted = true;
  // Until the next window begins, if refused: at most a minute. A request of more tokens than a whole window holds is
  // refused then too.
  Duration retry_after{0};
};

class RateLimiter {
 public:
  explicit RateLimiter(const RateLimiterConfig& config = {});

  // Windows begin where the wall clock, which shows `at_zero` at Instant{}, shows whole minutes. Only the first call
  // has an effect, because a wall clock that is set again has stepped.
  void align(WallTime at_zero) {
    if (is_aligned_) return;
    is_aligned_ = true;
    phase_ = at_zero - std::chrono::floor<std::chrono::minutes>(at_zero);
  }

  // `now` never goes backwards from call to call.
  [[nodiscard]] RateVerdict admit(Tokens reserved, Instant now) {
    if (!config_.requests_per_minute && !config_.tokens_per_minute) return {};
    return admit_limited(reserved, now);
  }

  [[nodiscard]] const RateLimiterConfig& config() const { return config_; }
  // What the current window has admitted.
  [[nodiscard]] std::int64_t window_requests() const { return window_requests_; }
  [[nodiscard]] Tokens window_tokens() const { return window_tokens_; }
  // Since the start.
  [[nodiscard]] std::int64_t refused() const { return refused_; }

 private:
  [[nodiscard]] RateVerdict admit_limited(Tokens reserved, Instant now);

  RateLimiterConfig config_;
  Duration phase_{0};  // of its minute that has passed at Instant{}
  bool is_aligned_ = false;
  Instant window_end_ = Instant::min();
  std::int64_t window_requests_ = 0;
  Tokens window_tokens_;
  std::int64_t refused_ = 0;
};

}  // namespace windtunnel::monitor
