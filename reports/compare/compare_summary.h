#pragma once
// What `compare` reports: every figure of a comparison, computed once. One table for people (text, Markdown), the same
// for programs (JSON, CSV), and the value of every run, for readers with statistics of their own, render this struct.
//
// For people durations are seconds; a difference and its half-width are shown with two significant digits of the
// latter. For programs, and in this struct, durations are milliseconds ("ms") and money is US dollars; doubles have 12
// significant digits, and what is not known (no data, the interval of one value) is null, or empty in CSV. A
// variance-reduction factor that is infinite (the difference is the same in every seed) is null too, "infinite" in CSV;
// the half-width of such a difference is 0.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "sim/compare/compare.h"

namespace windtunnel::reports {

inline constexpr int kCompareVersion = 1;  // behind "windtunnel_compare"

struct DifferenceSummary {
  std::int64_t n = 0;
  double mean = 0;
  std::optional<double> half_width;
};

struct CompareMetricSummary {
  std::string unit;  // ms, count, usd
  std::int64_t n = 0;
  std::optional<double> mean;  // nothing: no data, or a chance that none or all had
  std::optional<double> half_width;
  std::string text;  // of a chance that none or all had: "< 0.03"; else empty
  std::optional<DifferenceSummary> difference;
  std::optional<double> variance_reduction;  // may be infinite

  // None or all of n had it: it has no number, only words.
  [[nodiscard]] bool is_extreme() const { return n > 0 && !mean; }
};

struct ComparedVariation {
  std::string name;
  std::string file;
  std::vector<std::string> sets;  // path=value, in the order in which they were applied
  std::string replay;             // the command that runs it; of runs, but for " --seed N"
};

struct VariationSummary {
  ComparedVariation variation;
  std::uint64_t requests = 0;                           // that arrived, in all runs
  std::array<std::int64_t, sim::kVerdicts> verdicts{};  // runs by Verdict
  sim::DownPhases down_phases;
  std::vector<sim::ViolationCount> violations;
  std::array<CompareMetricSummary, sim::kCompareMetrics> metrics;             // by CompareMetric
  std::vector<std::array<std::optional<double>, sim::kCompareMetrics>> runs;  // compare_runs.csv only: by seed

  [[nodiscard]] const CompareMetricSummary& of(sim::CompareMetric metric) const {
    return metrics[static_cast<std::size_t>(metric)];
  }
};

struct ExcessSummary {
  std::string unit;
  DifferenceSummary over_bound;
};

struct RegressionSummary {
  std::string variation;
  std::string rule;
  sim::Verdict verdict{};
  std::optional<ExcessSummary> excess;
  std::optional<std::int64_t> seeds_needed;
  sim::CompareMetric metric{};  // text only
  std::string without_traffic;  // text only: the variation to which no request came, if that decided
  std::string file;             // GitHub only
};

struct SeedsSummary {
  std::uint64_t first = 0;
  std::uint64_t asked = 0;  // of forecasts: replications
  std::uint64_t complete = 0;
};

struct CompareSummary {
  SeedsSummary seeds;
  std::optional<Duration> forecast_horizon;  // nothing: runs are compared
  sim::Verdict verdict{};
  bool interrupted = false;
  std::vector<VariationSummary> variations;
  std::vector<RegressionSummary> regressions;  // for each variation but the first, each rule
};

// What a comparison leaves behind.
struct CompareReport {
  std::vector<ComparedVariation> variations;  // as in the comparison
  const sim::ComparisonResult& comparison;
  std::uint64_t seed_first = 0;
  std::uint64_t seeds = 0;
  std::optional<Duration> horizon = std::nullopt;
  std::vector<sim::RegressionRule> rules;
  std::vector<sim::RegressionFinding> regressions;
};

CompareSummary compare_summary(const CompareReport& report);

// What became of one rule: "regression preset=polly wasted_calls<=0: ...".
std::string regression_line(const CompareSummary& summary, const RegressionSummary& regression);

std::string compare_text(const CompareSummary& summary);
std::string compare_markdown(const CompareSummary& summary);
std::string compare_json(const CompareSummary& summary);
// A line for each variation and metric.
std::string compare_csv(const CompareSummary& summary);
// A line for each variation and seed, a column for each metric.
std::string compare_runs_csv(const CompareSummary& summary);

}  // namespace windtunnel::reports
