#pragma once
// Puts the parts of a sharded forecast together: the same report, byte for byte, as from one process.

#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/verbs/forecast_verb.h"

namespace windtunnel::cli {

struct MergeArguments {
  std::vector<std::string> files;
  std::vector<std::string> asserts;
  std::string out;  // a folder; empty: none
  bool html = false;
  ForecastFormat format = ForecastFormat::text;
  bool quiet = false;
  Color color = Color::automatic;
};

ExitCode merge(const MergeArguments& arguments);

}  // namespace windtunnel::cli
