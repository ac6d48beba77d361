#pragma once
// Whether a pipeline with these settings can recover once nothing is wrong any more, and how long that takes at most.
// Computed from the settings alone: nothing is run.
//
// Where recovery is not possible, a breaker that stays open is no bug: a timeout below the healthy latency opens it
// again and again. Liveness is claimed of a world of a swarm only where this holds.

#include <optional>
#include <string>

#include "sim/world/scenario.h"

namespace windtunnel::sim {

struct Recovery {
  bool possible = true;
  std::string reason;  // why not, with the figures; empty if it is possible
  // From the healing of the last fault on, the longest until every breaker that is asked has closed and no failure of
  // before is under way: the last call that began under a fault, then the longest OPEN or Retry-After, then the probes.
  // The pauses between two requests come on top.
  Duration time{0};
};

[[nodiscard]] Recovery recovery_of(const Scenario& scenario);

// Why this breaker may open at a success, at any time after all is well, because of failures of before; nothing if it
// cannot.
[[nodiscard]] std::optional<std::string> reopens_late(const monitor::BreakerConfig& breaker);

// The longest that a healthy provider takes for one answer to this scenario's load, in nanoseconds.
[[nodiscard]] double healthy_latency_max(const Scenario& scenario, const ProviderSpec& provider);
// More calls than are ever in flight at once, or arrive in one minute, while nothing is wrong: the load's peak with a
// margin for chance.
[[nodiscard]] double healthy_calls_at_once(const Scenario& scenario);
[[nodiscard]] double healthy_calls_per_minute(const Scenario& scenario);

}  // namespace windtunnel::sim
