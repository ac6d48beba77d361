#pragma once
// Hands a run, by the timeline.json that `run --out DIR` wrote, to other programs: Prometheus, its rule tests, and
// whatever reads CSV.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace windtunnel::cli {

struct ExportArguments {
  enum class To : std::uint8_t { openmetrics, promtest, csv };
  To to = To::openmetrics;
  std::string directory;            // of the run's reports
  std::string out;                  // empty: a file of its own name in `directory`
  std::string interval;             // a duration; empty: chosen
  std::vector<std::string> labels;  // NAME=VALUE, for every metric
  // Of promtest.
  std::vector<std::string> rules;
  std::vector<std::string> expectations;
  Format format = Format::text;
};

ExitCode export_run(const ExportArguments& arguments);

}  // namespace windtunnel::cli
