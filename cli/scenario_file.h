#pragma once
// Reads a scenario for a verb: errors and warnings go to stderr.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "sim/world/scenario.h"

namespace windtunnel::cli {

struct LoadedScenario {
  std::optional<sim::Scenario> scenario;  // nothing: it has errors, which have been printed
  ExitCode code = ExitCode::pass;
};

// A warning that is in `warned` is not printed again; those that are printed are put there. A scenario whose breakers
// are another program's is refused: many runs of it would wait for that program at every call.
LoadedScenario load_scenario(const std::string& file, const std::vector<std::string>& sets,
                             std::set<std::string>* warned = nullptr);

// For a verb that can do with the breakers of another program.
LoadedScenario load_scenario_with_any_breakers(const std::string& file, const std::vector<std::string>& sets,
                                               std::set<std::string>* warned = nullptr);

// A scenario that is fitted to a log of requests, with `sets` applied to it. What was fitted is printed to stderr if
// `tells`, and what cannot be fitted always is: that is inconclusive.
LoadedScenario load_fitted(const std::string& log, const std::vector<std::string>& sets, bool tells);

}  // namespace windtunnel::cli
