#pragma once
// The whole scenario as it runs: every key with its value, and behind it where the value comes from.
//
// The text is JSON with comments, so that it is a scenario file too, of the same world. A comment is the place in the
// file ("outage.json:7:20"), the `--set` that wrote it, the profile of a provider ("profile seed/gpt-4"), the preset of
// a breaker ("preset polly"), or "default".

#include <string>

#include "sim/world/scenario.h"

namespace windtunnel::scenarios {

// Ends with a newline. A trace is named as the scenario names it, from the scenario's folder.
std::string effective_scenario(const sim::Scenario& scenario);

}  // namespace windtunnel::scenarios
