#pragma once
// How often a target is tried, and how long a retry waits. It stands beside the routes because each level (all calls, a
// provider, a route) may have its own.

#include <cstdint>

#include "base/units.h"

namespace windtunnel::monitor {

enum class Jitter : std::uint8_t { full, none };

// Exponential back-off before a retry at the same provider: the k-th retry waits at most min(cap, base x multiplier^k),
// k from 0; full jitter takes a uniform share of that, from a stable hash of request and attempt.
struct RetryConfig {
  std::int32_t max_attempts = 1;  // per provider, >= 1; 1 means no retry
  Duration base = std::chrono::milliseconds{500};
  Millionths multiplier{2'000'000};
  Duration cap = std::chrono::seconds{8};
  Jitter jitter = Jitter::full;
  friend bool operator==(const RetryConfig&, const RetryConfig&) = default;
};

}  // namespace windtunnel::monitor
