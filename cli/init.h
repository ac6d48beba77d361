#pragma once
// Writes a scenario to start from, with comments.

#include <string>

#include "cli/exit_code.h"

namespace windtunnel::cli {

struct InitArguments {
  std::string file = "scenario.json";
};

ExitCode init(const InitArguments& arguments);

}  // namespace windtunnel::cli
