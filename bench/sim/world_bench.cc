// Whole worlds, from the scenario to the result. One iteration is one run; an item is one request.

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "bench/allocations.h"
#include "bench/worlds.h"
#include "sim/checks/judge.h"
#include "sim/timeline/timeline_recorder.h"
#include "sim/world/world.h"

namespace windtunnel::bench {
namespace {

enum class Observing { none, timeline, all_checks };

sim::RunResult run_world(const sim::Scenario& scenario, Observing observing) {
  if (observing == Observing::none) return sim::run(scenario);
  if (observing == Observing::timeline) {
    sim::TimelineRecorder recorder{scenario, sim::timeline_widths(scenario)};
    sim::RunResult result = sim::run(scenario, {.observers = {&recorder}});
    if (recorder.finish(result).steps == 0) std::abort();
    return result;
  }
  sim::Judge judge{scenario, {}};
  sim::RunResult result = sim::run(scenario, {.observers = {&judge}});
  const sim::Judgement judgement = judge.judge(result);
  for (const sim::Finding& finding : judgement.findings) {
    if (finding.kind == sim::Finding::Kind::invariant) std::abort();
  }
  return result;
}

void world_runs(benchmark::State& state, const sim::Scenario& scenario, Observing observing) {
  std::uint64_t requests = 0;
  std::uint64_t events = 0;
  for (auto _ : state) {
    const sim::RunResult result = run_world(scenario, observing);
    requests += result.arrivals;
    events += result.events;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(requests));
  state.counters["events/s"] = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
  state.counters["s/request"] =
      benchmark::Counter(static_cast<double>(requests), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// How many more allocations a run of twice the length makes, per request more: 0 in steady state.
void count_allocations(benchmark::State& state, const sim::Scenario& scenario, Observing observing) {
  const auto count = [&](Duration duration) {
    sim::Scenario entry = scenario;
    entry.duration = duration;
    const std::uint64_t before = allocations();
    const sim::RunResult result = run_world(entry, observing);
    return std::pair{allocations() - before, result.arrivals};
  };
  const auto half = count(scenario.duration / 2);
  const auto whole = count(scenario.duration);
  state.counters["allocations/request"] = (static_cast<double>(whole.first) - static_cast<double>(half.first)) /
                                          static_cast<double>(whole.second - half.second);
}

void measure(benchmark::State& state, const sim::Scenario& scenario, Observing observing) {
  world_runs(state, scenario, observing);
  count_allocations(state, scenario, observing);
}

void healthy(benchmark::State& state) { measure(state, healthy_world("4h"), Observing::none); }
void healthy_timeline(benchmark::State& state) { measure(state, healthy_world("4h"), Observing::timeline); }
void routed(benchmark::State& state) { measure(state, routed_world("4h"), Observing::none); }
void healthy_all_checks(benchmark::State& state) { measure(state, healthy_world("4h"), Observing::all_checks); }
void outage(benchmark::State& state) { measure(state, outage_world("1h"), Observing::none); }
void outage_all_checks(benchmark::State& state) { measure(state, outage_world("1h"), Observing::all_checks); }
void month(benchmark::State& state) { measure(state, month_world(), Observing::none); }
void month_timeline(benchmark::State& state) { measure(state, month_world(), Observing::timeline); }
void month_all_checks(benchmark::State& state) { measure(state, month_world(), Observing::all_checks); }
void llm_request(benchmark::State& state) { measure(state, llm_request_world("4h"), Observing::none); }

BENCHMARK(healthy)->Name("world/healthy")->Unit(benchmark::kMillisecond);
BENCHMARK(healthy_timeline)->Name("world/healthy/timeline")->Unit(benchmark::kMillisecond);
BENCHMARK(routed)->Name("world/routed")->Unit(benchmark::kMillisecond);
BENCHMARK(healthy_all_checks)->Name("world/healthy/all_checks")->Unit(benchmark::kMillisecond);
BENCHMARK(outage)->Name("world/outage")->Unit(benchmark::kMillisecond);
BENCHMARK(outage_all_checks)->Name("world/outage/all_checks")->Unit(benchmark::kMillisecond);
BENCHMARK(month)->Name("world/month")->Unit(benchmark::kMillisecond);
BENCHMARK(month_timeline)->Name("world/month/timeline")->Unit(benchmark::kMillisecond);
BENCHMARK(month_all_checks)->Name("world/month/all_checks")->Unit(benchmark::kMillisecond);
BENCHMARK(llm_request)->Name("world/llm_request")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace windtunnel::bench
