#pragma once
// Reads a scenario for a verb: errors and warnings go to stderr.

#include <optional>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "sim/world/scenario.h"

namespace windtunnel::cli {

struct LoadedScenario {
  std::optional<sim::Scenario> scenario;  // nothing: it has errors, which have been printed
  ExitCode code = ExitCode::pass;
};

LoadedScenario load_scenario(const std::string& file, const std::vector<std::string>& sets);

}  // namespace windtunnel::cli
