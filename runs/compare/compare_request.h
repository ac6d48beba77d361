#pragma once
// What a comparison is asked for, and what is wrong with that.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runs/memory_limit.h"
#include "runs/seed_range.h"
#include "scenarios/grammar/compare_grammar.h"

namespace windtunnel::runs {

inline constexpr std::uint64_t kCompareSeeds = 20;  // from the first scenario's own on, if none are asked for

struct CompareRequest {
  std::vector<std::string> files;
  std::vector<scenarios::VariedSets> varied;  // of the one file; empty: the files themselves are compared
  std::vector<std::string> sets;
  std::optional<SeedRange> seeds;
  unsigned jobs = 1;
  std::uint64_t memory_max = kMemoryMax;  // bytes
  std::vector<sim::RegressionRule> rules;
  std::vector<std::string> checks{"all"};
  bool of_forecasts = false;
  std::string horizon = "30d";  // of forecasts
  std::uint64_t replications = 100;
};

// Each reads what was written into the request and returns what is wrong with it; nothing: all is well.
[[nodiscard]] std::optional<std::string> read_varied(const std::vector<std::string>& written, CompareRequest& request);
[[nodiscard]] std::optional<std::string> read_rules(const std::vector<std::string>& written, CompareRequest& request);

// What only the whole request shows.
[[nodiscard]] std::optional<std::string> problem_with(const CompareRequest& request);

}  // namespace windtunnel::runs
