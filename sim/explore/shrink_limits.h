#pragma once
// Scenarios with fewer or plainer limits, for the shrinker.

#include <vector>

#include "sim/world/scenario.h"

namespace windtunnel::sim {

// Limits that send requests to another route refuse them instead.
void forget_routes(monitor::LimitsConfig& limits);

// Each with one limit less, or with one that is plainer.
[[nodiscard]] std::vector<Scenario> with_smaller_limits(const Scenario& world);

}  // namespace windtunnel::sim
