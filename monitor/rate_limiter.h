#pragma once
// Refuses what exceeds a number of requests or tokens per minute, over all providers. Off without a limit.
//
// A window is one UTC minute of the wall clock. A refused request takes nothing from the window, so that retrying
// against a full window does not lengthen it. Windows never move back: a wall time before the current window counts in
// the current one. Tokens are those asked for at admission (input + max_tokens) and are not corrected later.

#include <cstdint>
#include <optional>
#include <string>

#include "base/units.h"

namespace windtunnel::monitor {

struct RateLimiterConfig {
  std::optional<std::int64_t> requests_per_minute;  // absent: unlimited; 0: nothing is admitted
  std::optional<Tokens> tokens_per_minute;          // absent: unlimited; 0: nothing that asks for a token is admitted
  friend bool operator==(const RateLimiterConfig&, const RateLimiterConfig&) = default;
};

// Why this configuration cannot be used, as one sentence; nothing if it can.
std::optional<std::string> invalid(const RateLimiterConfig& config);

struct RateVerdict {
  bool admitted = true;
  // Until the next window begins, if refused. It may be longer than a minute after the wall clock stepped back. A
  // request of more tokens than a whole window holds is refused then too.
  Duration retry_after{0};
};

class RateLimiter {
 public:
  explicit RateLimiter(const RateLimiterConfig& config = {});

  [[nodiscard]] RateVerdict admit(Tokens reserved, WallTime wall) {
    if (!config_.requests_per_minute && !config_.tokens_per_minute) return {};
    return admit_limited(reserved, wall);
  }

  [[nodiscard]] const RateLimiterConfig& config() const { return config_; }
  // What the current window has admitted.
  [[nodiscard]] std::int64_t window_requests() const { return window_requests_; }
  [[nodiscard]] Tokens window_tokens() const { return window_tokens_; }
  // Since the start.
  [[nodiscard]] std::int64_t refused() const { return refused_; }

 private:
  [[nodiscard]] RateVerdict admit_limited(Tokens reserved, WallTime wall);

  RateLimiterConfig config_;
  WallTime window_end_ = WallTime::min();
  std::int64_t window_requests_ = 0;
  Tokens window_tokens_;
  std::int64_t refused_ = 0;
};

}  // namespace windtunnel::monitor
