// Telemetry: one record formatted, beside nlohmann's dump of the same; whole worlds with their records to /dev/null, to
// a file in memory, and compressed.

#include <benchmark/benchmark.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/allocations.h"
#include "bench/reports/general_json.h"
#include "bench/worlds.h"
#include "reports/files/output_file.h"
#include "reports/telemetry/telemetry.h"
#include "sim/world/world.h"

namespace windtunnel::bench {
namespace {

void format_records(benchmark::State& state) {
  const sim::Scenario scenario = healthy_world("20s");
  const std::vector<monitor::Record> records = records_of(scenario);
  reports::OutputFile file{"/dev/null"};
  reports::TelemetryWriter writer{scenario, scenario.seed, file};
  std::size_t i = 0;
  const std::uint64_t before = allocations();
  for (auto _ : state) writer.on(records[i++ % records.size()]);
  state.counters["allocations/record"] =
      static_cast<double>(allocations() - before) / static_cast<double>(state.iterations());
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(file.bytes()));
}

void format_by_nlohmann(benchmark::State& state) {
  const sim::Scenario scenario = healthy_world("20s");
  const std::vector<monitor::Record> records = records_of(scenario);
  std::size_t i = 0;
  std::size_t bytes = 0;
  for (auto _ : state) bytes += general_json(scenario, records[i++ % records.size()]).size() + 1;
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void world_to_file(benchmark::State& state, const std::string& path) {
  const sim::Scenario scenario = healthy_world("1h");
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    reports::OutputFile file{path};
    reports::TelemetryWriter writer{scenario, scenario.seed, file};
    requests += sim::run(scenario, {.observers = {&writer}}).arrivals;
    bytes += file.bytes();
    file.finish();
  }
  if (path != "/dev/null") std::filesystem::remove(path);
  state.SetItemsProcessed(static_cast<std::int64_t>(requests));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

BENCHMARK(format_records)->Name("record/format");
BENCHMARK(format_by_nlohmann)->Name("record/format/nlohmann");
BENCHMARK_CAPTURE(world_to_file, null, "/dev/null")
    ->Name("world/healthy/jsonl/dev_null")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(world_to_file, tmpfs, "/dev/shm/windtunnel-bench.jsonl")
    ->Name("world/healthy/jsonl/tmpfs")
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(world_to_file, zst, "/dev/shm/windtunnel-bench.jsonl.zst")
    ->Name("world/healthy/jsonl/zst")
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace windtunnel::bench
