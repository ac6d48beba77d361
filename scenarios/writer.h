#pragma once
// Writes a scenario in the format of the catalogue: only what differs from the defaults, so that what stands there is
// what matters. Reading it again gives the same scenario, except where its traces lie in another folder.

#include <string>

#include "sim/world/scenario.h"

namespace windtunnel::scenarios {

// Ends with a newline.
std::string write_scenario(const sim::Scenario& scenario);

// Whether two scenarios are equal in everything a file can hold, and replay the same requests.
bool same_scenario(const sim::Scenario& a, const sim::Scenario& b);

}  // namespace windtunnel::scenarios
