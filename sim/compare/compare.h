#pragma once
// Runs several variations of a world on the same seeds and computes by how much each differs from the first.
//
// Common random numbers: chance is drawn by name, so that with one seed all variations meet the same arrivals,
// latencies and faults, and the difference of a pair of runs is the variation's own doing. Statistics are of seeds: the
// mean of the value and of the paired difference to the first, each with its two-sided 95 % interval
// (sim/statistics/skewed_mean.h), and the variance-reduction factor (var A + var B) / var(B - A), which says how many
// times more seeds an unpaired comparison would need for an interval as narrow. The result does not depend on the
// number of threads.
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
#include "sim/compare/pairs.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

struct Variation {
  std::string name;  // unique
  Scenario scenario;
};

struct CompareOptions {
  std::uint64_t seed_first = 1;
  std::uint64_t seeds = 20;  // seed_first, seed_first + 1, ...; at least 1
  std::uint64_t jobs = 1;
  // Replications 0, 1, ... of a forecast instead of runs; then seed_first and checks are not used.
  std::optional<ForecastOptions> forecast = std::nullopt;
  std::vector<std::string> checks{"all"};   // as in JudgeOptions; a violation never ends a run
  const std::atomic<bool>* stop = nullptr;  // set from elsewhere: end with the seeds that are complete
  std::function<void(std::uint64_t done, std::uint64_t of)> progress;  // of runs, called in order
};

struct MetricComparison {
  // Over the seeds that have data; nothing: none has.
  std::optional<Average> value;
  // To the first, over the seeds in which both have data; nothing of the first itself.
  std::optional<Average> difference;
  std::int64_t differing = 0;  // of those seeds: how many have a difference at all
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
  std::uint64_t answered = 0;                      // of these
  std::vector<std::size_t> silent;                 // places in `runs` to which no request came, ascending
  std::int64_t calls_in_faults = 0;                // that a fault could have wasted, in all runs
  DownPhases down_phases;                          // over all runs
  std::array<bool, kCompareMetrics> ruled_out{};   // by its settings: the metric can only be 0
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

}  // namespace windtunnel::sim
