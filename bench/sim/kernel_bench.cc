// The kernel's parts: the event queue beside a standard one, draws and samplers one at a time and in rows.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "bench/sim/hold.h"
#include "sim/kernel/batched_draws.h"
#include "sim/kernel/event_queue.h"
#include "sim/kernel/samplers.h"

namespace windtunnel::bench {
namespace {

void event_queue_hold(benchmark::State& state) {
  HoldDelays delays;
  sim::EventQueue queue;
  for (std::int64_t i = 0; i < state.range(0); ++i) queue.schedule(Instant{Duration{delays.next()}}, 1);
  for (auto _ : state) {
    const sim::Scheduled event = queue.pop();
    queue.schedule(event.at + Duration{delays.next()}, event.payload);
  }
  state.SetItemsProcessed(state.iterations());
}

void priority_queue_hold(benchmark::State& state) {
  using Entry = std::pair<std::int64_t, std::uint64_t>;
  HoldDelays delays;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  std::uint64_t sequence = 0;
  for (std::int64_t i = 0; i < state.range(0); ++i) queue.emplace(delays.next(), sequence++);
  for (auto _ : state) {
    const Entry first = queue.top();
    queue.pop();
    queue.emplace(first.first + delays.next(), sequence++);
  }
  state.SetItemsProcessed(state.iterations());
}

// A timeout is armed for each of 60 calls and lapses: its event comes and finds that the call has ended.
void arm_and_lapse(benchmark::State& state) {
  HoldDelays delays;
  sim::EventQueue queue;
  Instant now{};
  for (std::uint32_t i = 0; i < 60; ++i) queue.schedule(now + Duration{delays.next()}, i);
  for (auto _ : state) {
    sim::Scheduled event = queue.pop();
    while (event.payload >= 60) event = queue.pop();  // lapsed
    queue.schedule(event.at + Duration{5'000'000'000}, 60 + event.payload);
    queue.schedule(event.at + Duration{delays.next()}, event.payload);
  }
  state.SetItemsProcessed(state.iterations());
}

void draw_alone(benchmark::State& state) {
  std::uint64_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(sim::draw(sim::StreamKey{42}, ++i));
  state.SetItemsProcessed(state.iterations());
}

void draw_in_rows(benchmark::State& state) {
  sim::DrawRow row;
  std::uint64_t i = 0;
  for (auto _ : state) {
    sim::draw_row(sim::StreamKey{42}, i += sim::kRowLength, row);
    benchmark::DoNotOptimize(row);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(sim::kRowLength));
}

void sample_alone(benchmark::State& state, const sim::Law& law) {
  std::uint64_t bits = 1;
  for (auto _ : state) benchmark::DoNotOptimize(sim::sample(law, bits += 0x9e37'79b9'7f4a'7c15));
  state.SetItemsProcessed(state.iterations());
}

void sample_in_rows(benchmark::State& state, const sim::Law& law) {
  sim::DrawRow row;
  sim::draw_row(sim::StreamKey{42}, 0, row);
  sim::RowValues values;
  for (auto _ : state) {
    sim::sample_row(law, row.a, values);
    benchmark::DoNotOptimize(values);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(sim::kRowLength));
}

BENCHMARK(event_queue_hold)->Name("event_queue/hold")->Arg(100)->Arg(10'000)->Arg(1'000'000);
BENCHMARK(priority_queue_hold)->Name("event_queue/hold/std_priority_queue")->Arg(100)->Arg(10'000)->Arg(1'000'000);
BENCHMARK(arm_and_lapse)->Name("event_queue/arm_and_lapse");
BENCHMARK(draw_alone)->Name("draw/alone");
BENCHMARK(draw_in_rows)->Name("draw/in_rows");
BENCHMARK_CAPTURE(sample_alone, exponential, sim::Law::exponential(1))->Name("sample/exponential/alone");
BENCHMARK_CAPTURE(sample_in_rows, exponential, sim::Law::exponential(1))->Name("sample/exponential/in_rows");
BENCHMARK_CAPTURE(sample_alone, lognormal, sim::Law::lognormal(0, 1))->Name("sample/lognormal/alone");
BENCHMARK_CAPTURE(sample_in_rows, lognormal, sim::Law::lognormal(0, 1))->Name("sample/lognormal/in_rows");
BENCHMARK_CAPTURE(sample_alone, weibull, sim::Law::weibull(1.5, 1))->Name("sample/weibull/alone");

}  // namespace
}  // namespace windtunnel::bench
