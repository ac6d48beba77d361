#pragma once
// Why nothing in a scenario can break a threshold that holds: what it counts or sums is 0 there, whatever a run draws.
//
// Read from the settings alone. Only what is certain is named: that a breaker has no rule, that no limiter and no limit
// refuses in this way, that the cache is off, that no call can wait or cost anything. What depends on the course of a
// run (no call happened to fail) can break the threshold.

#include <string>

#include "sim/world/scenario.h"

namespace windtunnel::sim {

// A clause, such as "no breaker of it can open: it has no rule"; empty: something can break it.
[[nodiscard]] std::string why_unbreakable(const Scenario& scenario, const ThresholdSpec& threshold);
// The same of another gateway: what it may do is not in the scenario, but for which providers there are.
[[nodiscard]] std::string why_unbreakable_outside(const Scenario& scenario, const ThresholdSpec& threshold);
// Why the bound is one that no figure can miss: none is negative, and no share is above 1. Empty: one can.
[[nodiscard]] std::string why_always(const ThresholdSpec& threshold, bool is_share);
// Why no limit and no budget can refuse a request; empty: one can.
[[nodiscard]] std::string why_not_refused(const Scenario& scenario);

}  // namespace windtunnel::sim
