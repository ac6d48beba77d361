#pragma once
// Makes what shells and `man` read about this command line.

#include "cli/terminal/exit_code.h"
#include "runs/manual/manual_files.h"

namespace windtunnel::cli {

struct GenerateArguments {
  runs::ManualRequest request;
  runs::VerbEntry program;
};

ExitCode generate(const GenerateArguments& arguments);

}  // namespace windtunnel::cli
