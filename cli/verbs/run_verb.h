#pragma once
// Runs scenarios and judges them.

#include <string>

#include "cli/terminal/command_options.h"
#include "runs/run/run_plan.h"

namespace windtunnel::cli {

struct RunArguments {
  runs::RunRequest request;
  unsigned jobs = 1;
  std::string junit;  // one file for all runs; empty: none but those in the runs' folders
  bool fail_fast = false;
  Format format = Format::text;
  bool claims_required = false;
  bool quiet = false;
  Color color = Color::automatic;
};

ExitCode run(const RunArguments& arguments);

}  // namespace windtunnel::cli
