#pragma once
// Writes a scenario to start from: one with comments, or one that is fitted to a log.

#include <string>

#include "cli/terminal/exit_code.h"

namespace windtunnel::cli {

struct InitArguments {
  std::string file = "scenario.json";
  std::string from_telemetry;  // a log; empty: the starter
};

ExitCode init(const InitArguments& arguments);

}  // namespace windtunnel::cli
