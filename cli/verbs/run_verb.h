#pragma once
// Runs scenarios and judges them.

#include <functional>
#include <string>

#include "cli/terminal/command_options.h"
#include "runs/run/run_plan.h"

namespace windtunnel::cli {

struct RunArguments {
  runs::RunRequest request;
  std::function<runs::RunDone(const runs::RunJob&)> perform = &runs::perform;
  bool is_slow_to_stop = false;  // it has more to end than itself, and is not ended before
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
