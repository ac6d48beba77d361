#pragma once
// Compares variations of a scenario, or scenarios, on common random numbers.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reports/compare/compare_summary.h"
#include "runs/compare/compare_request.h"
#include "runs/problem.h"
#include "runs/scenario_source.h"
#include "sim/compare/regression.h"

namespace windtunnel::runs {

// What is compared, and how each is run again.
struct ComparePlan {
  std::vector<sim::Variation> variations;
  std::vector<reports::ComparedVariation> origins;
  std::optional<Duration> horizon;  // of forecasts
  std::vector<std::string> warnings;
  bool complete = true;            // false: a scenario has a problem, and nothing can be compared
  std::optional<Problem> problem;  // of the request itself
};

// `loaded` is called for each scenario as it is read, so that the caller can print its problem and its warnings.
ComparePlan plan_comparison(const CompareRequest& request, const std::function<void(const LoadedScenario&)>& loaded);

struct CompareDone {
  std::vector<reports::ComparedVariation> origins;
  sim::ComparisonResult comparison;
  SeedRange seeds;
  std::optional<Duration> horizon;
  std::vector<sim::RegressionRule> rules;
  std::vector<sim::RegressionFinding> regressions;

  [[nodiscard]] reports::CompareSummary summary() const;
};

CompareDone compare(ComparePlan plan, const CompareRequest& request, const std::atomic<bool>* stop,
                    std::function<void(std::uint64_t done, std::uint64_t of)> progress);

// A file that the comparison reads and that write_comparison() would replace.
std::optional<Problem> problem_with_outputs(const ComparePlan& plan, const std::string& folder);

// compare.txt, .json, .md, .csv and compare_runs.csv. Files of a comparison that was stopped stay .partial.
std::optional<Problem> write_comparison(const reports::CompareSummary& summary, const std::string& folder);

}  // namespace windtunnel::runs
