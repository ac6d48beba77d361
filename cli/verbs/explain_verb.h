#pragma once
// Says what an exit code, a fault, an outcome, a counter, ... means.

#include <string>
#include <vector>

#include "cli/terminal/exit_code.h"

namespace windtunnel::cli {

struct ExplainArguments {
  std::vector<std::string> words;
  bool all = false;
};

ExitCode explain(const ExplainArguments& arguments);

}  // namespace windtunnel::cli
