// The pipeline's decisions alone: begin to Finished with every stage on, without simulation. One iteration is one
// request.

#include <benchmark/benchmark.h>

#include <cstdint>

#include "bench/allocations.h"
#include "bench/monitor/traffic.h"

namespace windtunnel::bench {
namespace {

void decide(benchmark::State& state, std::uint64_t prompts, std::uint64_t fails_every) {
  monitor::Pipeline pipeline = pipeline_of_two();
  Traffic traffic{pipeline, prompts, fails_every};
  for (int i = 0; i < 200'000; ++i) traffic.step();  // the cache is full
  const std::uint64_t before = allocations();
  for (auto _ : state) traffic.step();
  state.SetItemsProcessed(state.iterations());
  state.counters["allocations/request"] =
      static_cast<double>(allocations() - before) / static_cast<double>(state.iterations());
}

BENCHMARK_CAPTURE(decide, served, 0, 0)->Name("pipeline/served");
BENCHMARK_CAPTURE(decide, failover, 0, 20)->Name("pipeline/one_call_of_20_fails");
BENCHMARK_CAPTURE(decide, hit, 1000, 0)->Name("pipeline/cache_hit");

}  // namespace
}  // namespace windtunnel::bench
