#pragma once
// Compares variations of a scenario, or scenarios, on common random numbers.

#include <cstdint>
#include <string>

#include "cli/terminal/command_options.h"
#include "runs/compare/compare_job.h"

namespace windtunnel::cli {

enum class CompareFormat : std::uint8_t { text, json, markdown, csv };

struct CompareArguments {
  runs::CompareRequest request;
  std::string out;  // empty: no files
  CompareFormat format = CompareFormat::text;
  bool claims_required = false;
  bool quiet = false;
};

ExitCode compare(const CompareArguments& arguments);

}  // namespace windtunnel::cli
