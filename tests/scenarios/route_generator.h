#pragma once
// Models and routes for scenarios of RapidCheck.

#include <vector>

#include "sim/world/scenario.h"

namespace windtunnel::scenarios {

// The first provider becomes two models of it.
void split_into_models(std::vector<sim::ProviderSpec>& providers);
// Two routes over the deployments, in place of an experiment and of choices.
void add_routes(sim::Scenario& scenario);

}  // namespace windtunnel::scenarios
