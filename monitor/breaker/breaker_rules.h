#pragma once
// Whether a breaker does anything.

#include <algorithm>

#include "monitor/breaker/breaker_config.h"

namespace windtunnel::monitor {

// A rule, or a reply that opens it at once, can open it. Without one every call is admitted.
[[nodiscard]] inline bool can_open(const BreakerConfig& config) {
  const bool has_rule = config.consecutive_threshold || config.failure_rate_threshold || config.slow_call_rate ||
                        config.failure_count_threshold || config.allowed_fails;
  return has_rule ||
         std::ranges::any_of(config.allowed_fails_by, [](const auto& fails) { return fails.has_value(); }) ||
         std::ranges::any_of(config.outcomes, [](const auto& outcome) { return outcome == BreakerOutcome::fatal; });
}

}  // namespace windtunnel::monitor
