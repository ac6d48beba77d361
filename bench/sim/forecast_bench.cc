// A forecast: replications of a month at 10,000 requests a day, and what is computed of them once. An item of the first
// is one request.

#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "bench/worlds.h"
#include "sim/forecast/forecast.h"

namespace windtunnel::bench {
namespace {

sim::Replication replication(const sim::ForecastWorld& world, std::uint64_t index) {
  return world.replicate(sim::SeedFamily::forecast, index, nullptr).value();
}

void replicate(benchmark::State& state, const std::string& file) {
  const sim::ForecastWorld world{bench::world(file), {}};
  std::uint64_t index = 0;
  std::int64_t requests = 0;
  for (auto _ : state) requests += replication(world, index++).requests();
  state.SetItemsProcessed(requests);
}

// The statistics of 1,000 replications, whose days are short: the number of requests does not matter here.
void statistics(benchmark::State& state) {
  const sim::Scenario scenario = bench::world("scenarios/catalog/month.json", {"workload.gateway.rate=100"});
  const sim::ForecastWorld world{scenario, {}};
  sim::ReplicationSet set{.frame = world.frame(), .all = {}, .latency = {}};
  for (std::uint64_t i = 0; i < 1000; ++i) {
    sim::Replication entry = replication(world, i);
    set.latency.merge(entry.latency);
    entry.latency = {};
    set.all.push_back(std::move(entry));
  }
  for (auto _ : state) benchmark::DoNotOptimize(sim::forecast_of(set, {}));
}

BENCHMARK_CAPTURE(replicate, month, "scenarios/catalog/month.json")
    ->Name("forecast/replicate/month")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(replicate, uncertain_month, "scenarios/catalog/uncertain-month.json")
    ->Name("forecast/replicate/uncertain_month")
    ->Unit(benchmark::kMillisecond);
BENCHMARK(statistics)->Name("forecast/statistics_of_1000")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace windtunnel::bench
