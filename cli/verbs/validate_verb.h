#pragma once
// Checks scenario files without running them.

#include <string>
#include <vector>

#include "cli/terminal/exit_code.h"

namespace windtunnel::cli {

struct ValidateArguments {
  std::vector<std::string> files;
  std::vector<std::string> sets;
  bool effective = false;
  bool quiet = false;
};

ExitCode validate(const ValidateArguments& arguments);

}  // namespace windtunnel::cli
