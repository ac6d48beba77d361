#pragma once
// Runs several variations of a world on the same seeds and says by how much each differs from the first.
//
// Common random numbers: chance is drawn by name, so that with one seed all variations meet the same arrivals,
// latencies and faults, and the difference of a pair of runs is the variation's own doing. Statistics are of seeds: a
// mean and a Student interval of the value, of the paired difference to the first, and the variance-reduction factor
// (var A + var B) / var(B - A), which says how many times more seeds an unpaired comparison would need for an interval
// as narrow. All intervals are two-sided 95 %. The result does not depend on the number of threads.
//
// Forecasts are compared the same way: replication r of each variation has the seed that it has in the first one's
// forecast, and the statistics are of replications.
//
//   const ComparisonResult all = compare({{"5s", a}, {"30s", b}}, {.seed_first = 1, .seeds = 20, .jobs = 2});
//   all.variations[1].of(CompareMetric::wasted_calls).difference->mean;

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/compare/compare_metrics.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

struct Variation {
  std::string name;  // told apart by it
  Scenario scenario;
};

struct CompareOptions {
  std::uint64_t seed_first = 1;
  std::uint64_t seeds = 20;  // seed_first, seed_first + 1, ...; at least 1
  std::uint64_t jobs = 1;
  // Replications 0, 1, ... of a forecast instead of runs; then seed_first and checks say nothing.
  std::optional<ForecastOptions> forecast = std::nullopt;
  std::vector<std::string> checks{"all"};   // as in JudgeOptions; a violation never ends a run
  const std::atomic<bool>* stop = nullptr;  // set from elsewhere: end with the seeds that are complete
  std::function<void(std::uint64_t done, std::uint64_t of)> progress;  // of runs, told in order
};

// A mean of n values with its interval: mean - half_width to mean + half_width.
struct Average {
  std::int64_t n = 0;
  double mean = 0;
  std::optional<double> half_width;  // nothing: one value has no spread
};

struct MetricComparison {
  // Over the seeds that have data; nothing: none has.
  std::optional<Average> value;
  // To the first, over the seeds in which both have data; nothing of the first itself.
  std::optional<Average> difference;
  // Infinite if the difference is the same in every seed while the values are not. Nothing: fewer than two pairs, or
  // neither varies.
  std::optional<double> variance_reduction;
};

struct ViolationCount {
  std::string check;  // "B3", "V1"
  std::int64_t runs = 0;
  std::uint64_t seed = 0;  // the first that shows it
  friend bool operator==(const ViolationCount&, const ViolationCount&) = default;
};

struct VariationResult {
  std::vector<CompareValues> runs;  // by seed
  std::array<MetricComparison, kCompareMetrics> metrics;
  std::vector<ViolationCount> violations;          // in the order of the catalogue
  std::array<std::int64_t, kVerdicts> verdicts{};  // runs by Verdict
  std::uint64_t requests = 0;                      // that arrived, in all runs
  DownPhases down_phases;                          // over all runs
  [[nodiscard]] const MetricComparison& of(CompareMetric metric) const {
    return metrics[static_cast<std::size_t>(metric)];
  }
};

struct ComparisonResult {
  std::vector<VariationResult> variations;  // as given; at least one
  std::uint64_t seeds = 0;                  // complete: run in every variation
  bool stopped = false;                     // before all were
};

ComparisonResult compare(const std::vector<Variation>& variations, const CompareOptions& options);

// --- Regressions ---------------------------------------------------------------------------------------------------

// A metric may be worse than in the first variation by at most `bound`.
struct RegressionRule {
  std::string text;  // as written
  CompareMetric metric{};
  bool is_relative = false;
  double bound = 0;  // in the metric's unit, or relative to the first's mean: 0.05 is 5 %. May be negative: better by
};

// What became of one rule for one variation. `excess` is the mean of b - a - bound or, relative, of b - a (1 + bound),
// over the pairs (a, b) of seeds. Its whole interval at or below 0: pass. Its whole interval above 0: fail. Else, or
// with fewer than two pairs: inconclusive, because nothing is shown either way.
struct RegressionFinding {
  std::size_t variation = 0;
  std::size_t rule = 0;
  Verdict verdict = Verdict::inconclusive;
  std::optional<Average> excess;
  std::optional<std::int64_t> seeds_needed;  // of an inconclusive one: about so many would decide, if the spread stays
};

// For each variation but the first, in order, each rule in order.
std::vector<RegressionFinding> judge_regressions(const ComparisonResult& comparison,
                                                 const std::vector<RegressionRule>& rules);

// The rules are what a comparison claims. A variation to which no request came in any seed shows nothing.
[[nodiscard]] Verdict verdict_of(const ComparisonResult& comparison, const std::vector<RegressionFinding>& findings);

}  // namespace windtunnel::sim
