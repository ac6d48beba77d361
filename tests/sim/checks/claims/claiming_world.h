#pragma once
// Worlds of a swarm that claim what they just reach or just miss: thresholds with every aggregate, tag and stretch,
// minima of coverage and min_affected, at both sides of what a run of that world shows.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/checks/claims/claims_model.h"

namespace windtunnel::sim::claims_model {

// Small numbers by turn; these draws decide what is tested, never what a run does.
class Turns {
 public:
  explicit Turns(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t limit) {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t word = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return (word ^ (word >> 31)) % limit;
  }
  bool one_in(std::uint64_t limit) { return below(limit) == 0; }
  template <class Value>
  Value of(const std::vector<Value>& values) {
    return values[below(values.size())];
  }

 private:
  std::uint64_t state_;
};

struct Shape {
  Metric metric;
  const char* name;
  std::vector<Aggregate> aggregates;
};

inline const std::vector<Shape>& shapes() {
  static const std::vector<Aggregate> durations{Aggregate::avg, Aggregate::min, Aggregate::med, Aggregate::max,
                                                Aggregate::percentile};
  static const std::vector<Aggregate> shares{Aggregate::rate, Aggregate::count};
  static const std::vector<Aggregate> sums{Aggregate::value, Aggregate::avg, Aggregate::count};
  static const std::vector<Shape> all{
      {Metric::requests, "requests", shares},
      {Metric::requests_failed, "requests_failed", shares},
      {Metric::requests_refused, "requests_refused", shares},
      {Metric::request_duration, "request_duration", durations},
      {Metric::time_to_first_token, "time_to_first_token", durations},
      {Metric::provider_calls, "provider_calls", shares},
      {Metric::provider_errors, "provider_errors", shares},
      {Metric::cost_usd, "cost_usd", sums},
      {Metric::cost_known_usd, "cost_known_usd", sums},
      {Metric::cost_reserved_usd, "cost_reserved_usd", sums},
      {Metric::tokens, "tokens", {Aggregate::value, Aggregate::avg, Aggregate::count, Aggregate::rate}},
      {Metric::breaker_opened, "breaker_opened", {Aggregate::count}},
      {Metric::failovers, "failovers", shares},
      {Metric::cache_hits, "cache_hits", shares},
      {Metric::provider_wait, "provider_wait", durations},
      {Metric::provider_wait, "provider_wait", shares},
  };
  return all;
}

inline void draw_tags(Turns& turns, const Scenario& scenario, ThresholdSpec& spec) {
  const auto provider = [&] { return scenario.providers[turns.below(scenario.providers.size())].name; };
  if (turns.one_in(4)) spec.provider = provider();
  if (is_of_calls(spec.of)) return;
  if (turns.one_in(6)) spec.served_by = provider();
  const auto& variants = scenario.monitor.ab_router.variants;
  if (!variants.empty() && turns.one_in(3)) spec.variant = variants[turns.below(variants.size())].id;
  if (turns.one_in(4)) spec.outcome = static_cast<monitor::Outcome>(turns.below(monitor::kOutcomes));
}

// Faults lie on the world's grid; so do these lengths, so that samples fall on the edges of windows.
inline void draw_times(Turns& turns, const Scenario& scenario, ThresholdSpec& spec) {
  using namespace std::chrono_literals;
  static const std::vector<Duration> lengths{100ms, 500ms, 1s, 3s, 10s, 30s, 1234567891ns};
  if (!scenario.faults.empty() && turns.one_in(2)) {
    (turns.one_in(2) ? spec.during : spec.after) = scenario.faults[turns.below(scenario.faults.size())].id;
  }
  if (turns.one_in(3)) spec.skip = turns.of(lengths);
  if (turns.one_in(2)) spec.window = turns.of(lengths);
}

// At, just below or just above a value that occurs, so that every comparison is close to its edge.
inline void draw_bound(Turns& turns, const Scenario& scenario, const History& history, Instant ended,
                       ThresholdSpec& spec) {
  spec.comparison = static_cast<Comparison>(turns.below(6));
  std::vector<std::int64_t> values{0};
  for (const Window& window : windows_of(scenario, spec, history, ended)) {
    if (window.value) values.push_back(static_cast<std::int64_t>(window.value->numerator / window.value->denominator));
  }
  spec.bound = std::max<std::int64_t>(0, turns.of(values) + static_cast<std::int64_t>(turns.below(3)) - 1);
  if (turns.one_in(4)) spec.bound = spec.bound / 2 * 3;
  const bool is_money = spec.aggregate != Aggregate::count && std::string_view(spec.metric).starts_with("cost_");
  if (is_money && turns.one_in(2)) spec.bound_picos = static_cast<std::int64_t>(turns.below(1'000'000));
}

inline ThresholdSpec draw_threshold(Turns& turns, const Scenario& scenario, const History& history, Instant ended) {
  const Shape& shape = shapes()[turns.below(shapes().size())];
  ThresholdSpec spec{.metric = shape.name, .of = shape.metric};
  spec.aggregate = turns.of(shape.aggregates);
  spec.percentile = Millionths{static_cast<std::int64_t>(turns.below(1'000'001))};
  spec.text =
      "aggregate " + std::to_string(static_cast<int>(spec.aggregate)) + " p " + std::to_string(spec.percentile.value);
  draw_tags(turns, scenario, spec);
  if (spec.provider) spec.text += " provider " + *spec.provider;
  if (spec.served_by) spec.text += " served_by " + *spec.served_by;
  if (spec.variant) spec.text += " variant " + *spec.variant;
  if (spec.outcome) spec.text += std::string(" outcome ") + name_of(*spec.outcome);
  draw_times(turns, scenario, spec);
  draw_bound(turns, scenario, history, ended, spec);
  spec.text += " comparison " + std::to_string(static_cast<int>(spec.comparison));
  return spec;
}

// The world, which claims what it just reaches or just misses.
inline Scenario claiming(Scenario scenario, std::uint64_t seed) {
  Turns turns{seed};
  History history;
  const RunResult result = run(scenario, {.observers = {&history}});
  for (int i = 0; i < 12; ++i) {
    scenario.thresholds.push_back(draw_threshold(turns, scenario, history, result.ended));
  }
  for (const std::string_view counter : coverage_counters()) {
    if (!turns.one_in(3)) continue;
    const std::string name{counter};
    const std::int64_t count = count_of(name, history, scenario.providers.size());
    scenario.coverage[name] = count + static_cast<std::int64_t>(turns.below(2));
  }
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    scenario.faults[i].min_affected = history.fault_hits[i] + static_cast<std::int64_t>(turns.below(2));
  }
  return scenario;
}

}  // namespace windtunnel::sim::claims_model
