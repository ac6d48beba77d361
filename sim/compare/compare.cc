#include "sim/compare/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/in_order.h"
#include "sim/checks/findings/registry.h"
#include "sim/checks/judge.h"
#include "sim/statistics/statistics.h"

namespace windtunnel::sim {
namespace {

// One run, as far as it matters here.
struct OneMeasured {
  CompareValues values;
  DownPhases phases;
  Verdict verdict = Verdict::nothing_claimed;
  std::uint64_t requests = 0;
  std::uint64_t answered = 0;
  std::int64_t calls_in_faults = 0;
  std::vector<std::string> violated;
  bool stopped = false;
};

OneMeasured measure(const Scenario& scenario, std::uint64_t seed, const CompareOptions& options) {
  Judge judge{scenario, {.checks = options.checks, .keep_going = true}};
  CompareMeasure watch{scenario};
  std::vector<Observer> observers{&judge};
  observers.push_back(&watch);
  const RunResult result = run(scenario, {.seed = seed, .observers = observers, .stop = options.stop});
  const Judgement judgement = judge.judge(result);
  OneMeasured measured{.values = watch.values(result, judgement),
                       .phases = watch.down_phases(),
                       .verdict = judgement.verdict,
                       .requests = result.arrivals,
                       .answered = static_cast<std::uint64_t>(result.pipeline.metrics().all().answered()),
                       .calls_in_faults = watch.calls_in_faults(),
                       .stopped = result.stopped};
  for (const Finding& finding : judgement.findings) {
    if (finding.verdict != Verdict::fail) continue;
    if (finding.kind == Finding::Kind::invariant) measured.violated.push_back(finding.id);
    if (finding.kind == Finding::Kind::liveness) measured.violated.emplace_back(entry_of(CheckId::V1).name);
  }
  return measured;
}

OneMeasured measure(const ForecastWorld& world, std::uint64_t index, const CompareOptions& options) {
  const auto replication = world.replicate(SeedFamily::forecast, index, options.stop);
  if (!replication) return {.stopped = true};
  return {
      .values = values_of(*replication, world.frame()),
      .requests = static_cast<std::uint64_t>(replication->requests()),
      .answered = static_cast<std::uint64_t>(replication->requests() - replication->failed() - replication->refused())};
}

// Of forecasts, one for each variation: all with the first one's seed, so that they meet the same requests.
std::vector<ForecastWorld> worlds_of(const std::vector<Variation>& variations, const CompareOptions& options) {
  std::vector<ForecastWorld> worlds;
  if (!options.forecast) return worlds;
  for (const Variation& variation : variations) {
    Scenario scenario = variation.scenario;
    scenario.seed = variations.front().scenario.seed;
    worlds.emplace_back(std::move(scenario), *options.forecast);
  }
  return worlds;
}

void count_violations(std::vector<ViolationCount>& counts, std::vector<std::string> violated, std::uint64_t seed) {
  std::ranges::sort(violated);
  violated.erase(std::unique(violated.begin(), violated.end()), violated.end());
  for (std::string& check : violated) {
    const auto place = std::ranges::find(counts, check, &ViolationCount::check);
    if (place == counts.end()) {
      counts.push_back({std::move(check), 1, seed});
    } else {
      ++place->runs;
    }
  }
}

void add(VariationResult& to, OneMeasured measured, std::uint64_t seed) {
  if (measured.requests == 0) to.silent.push_back(to.runs.size());
  to.runs.push_back(measured.values);
  to.requests += measured.requests;
  to.answered += measured.answered;
  to.calls_in_faults += measured.calls_in_faults;
  ++to.verdicts[static_cast<std::size_t>(measured.verdict)];
  to.down_phases.counted += measured.phases.counted;
  to.down_phases.failover_missed += measured.phases.failover_missed;
  to.down_phases.ended += measured.phases.ended;
  to.down_phases.recovery_missed += measured.phases.recovery_missed;
  count_violations(to.violations, std::move(measured.violated), seed);
}

// Moments about the first value, so that values which are all the same have no spread at all.
double variance_of(const std::vector<double>& values) {
  std::vector<double> moved;
  for (const double value : values) moved.push_back(value - values.front());
  return moments_of(std::span<const double>{moved}).variance;
}

std::optional<double> variance_reduction(const Pairs& pairs) {
  if (pairs.first.size() < 2) return std::nullopt;
  const double apart = variance_of(pairs.first) + variance_of(pairs.other);
  const double together = variance_of(pairs.combined(1, 0));
  if (together > 0) return apart / together;
  if (apart > 0) return std::numeric_limits<double>::infinity();
  return std::nullopt;
}

// No metric is negative. A chance has the interval that a forecast gives it.
std::optional<Average> average_of_metric(const std::vector<double>& values, CompareMetric metric) {
  std::optional<Average> average = average_of(values);
  if (!average || average->n < 2) return average;
  if (metric == CompareMetric::p_exceed) {
    const auto hits = static_cast<std::size_t>(std::ranges::count(values, 1.0));
    average->interval = estimate_share(hits, values.size());
  } else if (average->interval) {
    average->interval->low = std::max(0.0, average->interval->low);
  }
  return average;
}

MetricComparison compare_metric(const VariationResult& first, const VariationResult& other, CompareMetric metric) {
  std::vector<double> values;
  for (const CompareValues& run : other.runs) {
    if (const auto& value = run[static_cast<std::size_t>(metric)]) values.push_back(*value);
  }
  MetricComparison result{.value = average_of_metric(values, metric)};
  if (&first == &other) return result;
  const Pairs pairs = pairs_of(first.runs, other.runs, metric);
  const std::vector<double> differences = pairs.combined(1, 0);
  result.difference = average_of(differences);
  result.differing = std::ranges::count_if(differences, [](double entry) { return entry != 0; });
  result.variance_reduction = variance_reduction(pairs);
  return result;
}

std::size_t place_in_catalogue(const ViolationCount& count) {
  return static_cast<std::size_t>(*check_named(count.check));
}

}  // namespace

ComparisonResult compare(const std::vector<Variation>& variations, const CompareOptions& options) {
  check(!variations.empty() && options.seeds > 0, "something is to be compared");
  const std::uint64_t width = variations.size();
  const std::uint64_t tasks = width * options.seeds;
  // All variations of one seed, then the next seed, so that a comparison that is stopped has complete pairs.
  const std::vector<ForecastWorld> worlds = worlds_of(variations, options);
  InOrder<OneMeasured> runs{tasks, options.jobs, [&](std::uint64_t place) {
                              if (!worlds.empty()) return measure(worlds[place % width], place / width, options);
                              return measure(variations[place % width].scenario, options.seed_first + place / width,
                                             options);
                            }};
  ComparisonResult comparison;
  comparison.variations.resize(width);
  for (std::size_t i = 0; i < width; ++i) {
    for (std::size_t metric = 0; metric < kCompareMetrics; ++metric) {
      comparison.variations[i].ruled_out[metric] =
          is_ruled_out(variations[i].scenario, static_cast<CompareMetric>(metric));
    }
  }
  std::vector<OneMeasured> row;
  while (std::optional<OneMeasured> measured = runs.take()) {
    if (measured->stopped) break;
    row.push_back(*std::move(measured));
    if (options.progress) options.progress(comparison.seeds * width + row.size(), tasks);
    if (row.size() < width) continue;
    for (std::size_t i = 0; i < width; ++i) {
      add(comparison.variations[i], std::move(row[i]), options.seed_first + comparison.seeds);
    }
    row.clear();
    ++comparison.seeds;
    if (options.stop != nullptr && options.stop->load()) break;
  }
  runs.give_up();
  comparison.stopped = comparison.seeds < options.seeds;
  for (VariationResult& variation : comparison.variations) {
    std::ranges::sort(variation.violations, {}, place_in_catalogue);
    for (std::size_t i = 0; i < kCompareMetrics; ++i) {
      variation.metrics[i] = compare_metric(comparison.variations.front(), variation, static_cast<CompareMetric>(i));
    }
  }
  return comparison;
}

}  // namespace windtunnel::sim
