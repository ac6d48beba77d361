// Reading a scenario file: the shipped demo, and one whose workload replays a trace of 19,366 rows.

#include <benchmark/benchmark.h>

#include <fstream>
#include <iterator>
#include <string>

#include "bench/worlds.h"
#include "scenarios/reader.h"

namespace windtunnel::bench {
namespace {

void read_file(benchmark::State& state, const std::string& file) {
  const std::string path = root() + "/" + file;
  std::ifstream stream(path);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  for (auto _ : state) benchmark::DoNotOptimize(scenarios::read_scenario_text(text, path));
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

BENCHMARK_CAPTURE(read_file, demo, "scenarios/catalog/demo.json")->Name("reader/demo")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(read_file, trace, "scenarios/catalog/azure-replay.json")
    ->Name("reader/azure_replay")
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace windtunnel::bench
