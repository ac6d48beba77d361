#pragma once
// What `compare` says: one table for people (text, Markdown), the same for programs (JSON, CSV), and the value of every
// run, for whoever has statistics of their own.
//
// For people durations are seconds; a difference and its half-width are shown with two significant digits of the
// latter. For programs durations are milliseconds ("ms"), money is US dollars, doubles have 12 significant digits, and
// what is not known (no data, the interval of one value) is null, or empty in CSV. A variance-reduction factor that is
// infinite (the difference is the same in every seed) is null too, "infinite" in CSV; the half-width of such a
// difference is 0.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/compare/compare.h"

namespace windtunnel::reports {

inline constexpr int kCompareVersion = 1;  // behind "windtunnel_compare"

struct ComparedVariation {
  std::string name;
  std::string file;
  std::vector<std::string> sets;  // path=value, in the order in which they were applied
  std::string replay;             // the command that runs it; of runs, but for " --seed N"
};

struct CompareReport {
  std::vector<ComparedVariation> variations;  // as in the comparison
  const sim::ComparisonResult& comparison;
  std::uint64_t seed_first = 0;
  std::uint64_t seeds = 0;                         // asked for; of forecasts: replications
  std::optional<Duration> horizon = std::nullopt;  // of forecasts; nothing: runs are compared
  std::vector<sim::RegressionRule> rules;
  std::vector<sim::RegressionFinding> regressions;  // for each variation but the first, each rule
};

// What became of one rule: "regression preset=polly wasted_calls<=0: ...".
std::string regression_line(const CompareReport& report, const sim::RegressionFinding& finding);

std::string compare_text(const CompareReport& report);
std::string compare_markdown(const CompareReport& report);
std::string compare_json(const CompareReport& report);
// A line for each variation and metric.
std::string compare_csv(const CompareReport& report);
// A line for each variation and seed, a column for each metric.
std::string compare_runs_csv(const CompareReport& report);

}  // namespace windtunnel::reports
