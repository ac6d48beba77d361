#pragma once
// Compares variations of a scenario, or scenarios, on common random numbers.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "scenarios/grammar/compare_grammar.h"
#include "sim/compare/compare.h"

namespace windtunnel::cli {

enum class CompareFormat : std::uint8_t { text, json, markdown, csv };

inline constexpr std::uint64_t kCompareSeeds = 20;  // from the first scenario's own on, if none are asked for

struct CompareArguments {
  std::vector<std::string> files;
  std::vector<scenarios::VariedSets> varied;  // of the one file; empty: the files themselves are compared
  std::vector<std::string> sets;
  std::optional<SeedRange> seeds;
  unsigned jobs = 1;
  std::vector<sim::RegressionRule> rules;
  std::vector<std::string> checks{"all"};
  std::string out;  // empty: no files
  CompareFormat format = CompareFormat::text;
  bool of_forecasts = false;
  std::string horizon = "30d";  // of forecasts
  std::uint64_t replications = 100;
  bool quiet = false;
};

ExitCode compare(const CompareArguments& arguments);

}  // namespace windtunnel::cli
