#pragma once
// What `compare` reports: every figure of a comparison, computed once. One table for people (text, Markdown), the same
// for programs (JSON, CSV), and the value of every run, for readers with statistics of their own, render this struct.
//
// For people durations are seconds; a difference and the reach of its interval are shown with two significant digits of
// the latter. For programs, and in this struct, durations are milliseconds ("ms") and money is US dollars; doubles have
// 12 significant digits, and what is not known (no data, the interval of one value or of values that are all alike) is
// null, or empty in CSV. A variance-reduction factor that is infinite (the difference is the same in every seed) is
// null too, "infinite" in CSV. `half_width` is half of low to high, which need not lie evenly about the mean.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "sim/compare/regression.h"

namespace windtunnel::reports {

inline constexpr int kCompareVersion = 1;  // behind "windtunnel_compare"

// Of a 95 % interval. Nothing: there is one value only, or all are alike.
struct CompareInterval {
  std::optional<double> low;
  std::optional<double> high;
  std::optional<double> half_width;
};

struct DifferenceSummary {
  std::int64_t n = 0;
  double mean = 0;
  CompareInterval interval;
};

struct CompareMetricSummary {
  std::string unit;  // ms, count, usd, ratio, share
  std::int64_t n = 0;
  std::optional<double> mean;  // nothing: no data
  CompareInterval interval;
  std::optional<std::string> text;  // for people, of a chance that none or all of n had: "< 0.03"
  std::optional<DifferenceSummary> difference;
  std::int64_t differing = 0;                // of the difference's n: how many are not 0
  std::optional<double> variance_reduction;  // may be infinite
};

struct ComparedVariation {
  std::string name;
  std::string file;
  std::vector<std::string> sets;        // path=value, in the order in which they were applied
  std::string replay;                   // the command that runs it; of runs, but for " --seed N"
  std::vector<std::string> notes = {};  // of the defaults that decide much in it
};

struct VariationSummary {
  ComparedVariation variation;
  std::uint64_t requests = 0;                           // that arrived, in all runs
  std::uint64_t answered = 0;                           // of these
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
  std::optional<double> unseen;  // of a difference without spread: how far a rare seed is taken to lie
  std::optional<std::int64_t> seeds_needed;
  std::string text;             // why, as people read it
  sim::CompareMetric metric{};  // text only
  std::string lack;             // text only: why a pass would show nothing
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

// Why a rule has its verdict: "beyond the bound by ...".
std::string reason_of(const CompareSummary& summary, const RegressionSummary& regression);
// What became of one rule: "regression preset=polly wasted_calls<=0: ...".
std::string regression_line(const RegressionSummary& regression);

std::string compare_text(const CompareSummary& summary);
std::string compare_markdown(const CompareSummary& summary);
std::string compare_json(const CompareSummary& summary);
// A line for each variation and metric.
std::string compare_csv(const CompareSummary& summary);
// A line for each variation and seed, a column for each metric.
std::string compare_runs_csv(const CompareSummary& summary);

}  // namespace windtunnel::reports
