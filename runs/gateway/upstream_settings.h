#pragma once
// The providers of a scenario as a gateway calls them, with their keys from the environment or from files.

#include <string>
#include <vector>

#include "sim/world/scenario.h"
#include "wire/gateway/upstream.h"

namespace windtunnel::runs {

// Throws ProblemError: a provider has no endpoint, an address that is none, or a key that cannot be read. No text of
// it holds a key.
[[nodiscard]] std::vector<wire::Upstream> upstreams_of(const sim::Scenario& scenario);

}  // namespace windtunnel::runs
