// The floor: the LLM-request world as it is usually written. One iteration is an hour of it.

#include <benchmark/benchmark.h>

#include "bench/peers/conventional_world.h"

namespace windtunnel::bench {
namespace {

void conventional(benchmark::State& state) {
  std::uint64_t requests = 0;
  for (auto _ : state) requests += run_conventional_world(3600, 1).requests;
  state.SetItemsProcessed(static_cast<std::int64_t>(requests));
}

BENCHMARK(conventional)->Name("peer/conventional_cpp/llm_request")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace windtunnel::bench
