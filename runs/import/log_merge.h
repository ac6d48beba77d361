#pragma once
// Joins an imported configuration with a log: routes and limits come from the one, traffic, latency, errors and prices
// from the other.

#include <string>
#include <vector>

#include "sim/world/scenario.h"

namespace windtunnel::runs {

// Changes the imported scenario. A deployment has the figures of the fitted provider that serves its model; a workload
// asks for the route that has such a deployment. Returns what was taken from where, one line each, for people.
std::vector<std::string> take_from_log(sim::Scenario& imported, const sim::Scenario& fitted);

}  // namespace windtunnel::runs
