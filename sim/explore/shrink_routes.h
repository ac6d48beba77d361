#pragma once
// Routes that are smaller than those of a world, for a shrinker to try.

#include <cstddef>
#include <vector>

#include "sim/world/scenario.h"

namespace windtunnel::sim {

// Every deployment behind this one moves up; targets that named it are gone.
void drop_deployment(monitor::RoutesConfig& routing, std::size_t deployment);

// Each with one step less: no routes, a route with no setting but its targets, no default fallback.
[[nodiscard]] std::vector<Scenario> with_smaller_routes(const Scenario& world);

}  // namespace windtunnel::sim
