#pragma once
// Histories of a minute that thresholds judge: two providers, and a fault in the second ten seconds.

#include <string>
#include <vector>

#include "sim/checks/claims/thresholds.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::thresholds_test {

using namespace std::chrono_literals;

inline constexpr Instant kStart{};

// Alpha is the default, beta the fallback; `down` lasts from 10 s to 20 s of a minute.
inline Scenario two_providers() {
  Scenario scenario = world(60s, workload("chat", per_second(1)));
  scenario.providers.push_back(provider("beta"));
  scenario.faults = {fault("down", Outage{}, 10s, 10s)};
  return scenario;
}

inline ThresholdSpec spec(Metric of, Aggregate aggregate, Comparison comparison, std::int64_t bound) {
  return {.text = "x", .metric = "m", .of = of, .aggregate = aggregate, .comparison = comparison, .bound = bound};
}

inline ThresholdSpec count_at_most(Metric of, std::int64_t count) {
  return spec(of, Aggregate::count, Comparison::less_equal, count * 1'000'000);
}

inline monitor::Record ended(Instant at, monitor::Outcome outcome = monitor::Outcome::served, Duration latency = 1s) {
  monitor::Record record;
  record.arrived = at - latency;
  record.finished = at;
  record.outcome = outcome;
  record.assigned = kFirst;
  if (outcome == monitor::Outcome::served) record.answered_by = kFirst;
  return record;
}

// The finding of one threshold over these requests.
inline Finding judged(const ThresholdSpec& threshold_spec, const std::vector<monitor::Record>& records,
                      Scenario scenario = two_providers(), Instant end = kStart + 60s) {
  scenario.thresholds = {threshold_spec};
  Thresholds thresholds{scenario};
  for (const monitor::Record& record : records) thresholds.on(record);
  return thresholds.judge(end).front();
}

}  // namespace windtunnel::sim::thresholds_test
