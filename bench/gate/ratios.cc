// Whether the product has become slower, as ratios inside one process: each work of ours beside a yardstick that is not
// ours, in turns, minima taken. Absolute times depend more on the machine than on our code.
//
//   windtunnel_ratios               prints the table; exits with 1 when a ratio is above its bound
//   windtunnel_ratios --self-test   besides, does each work one and a half times over and fails unless that is noticed
//
// A bound lies a quarter above the ratio that was measured when it was set, on a quiet machine: noise of minima stays
// below, a loss of 1.5 does not. After a change of speed that is meant, set it again from the printed ratio.

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <functional>
#include <queue>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/monitor/traffic.h"
#include "bench/peers/conventional_world.h"
#include "bench/reports/general_json.h"
#include "bench/sim/hold.h"
#include "bench/worlds.h"
#include "reports/files/output_file.h"
#include "reports/telemetry/telemetry.h"
#include "sim/checks/judge.h"
#include "sim/kernel/event_queue.h"
#include "sim/world/world.h"

namespace windtunnel::bench {
namespace {

constexpr int kRounds = 15;
constexpr int kAttempts = 5;

// Does so many items of its work.
using Work = std::function<void(std::int64_t items)>;

struct Pair {
  const char* name;
  Work ours;
  Work yardstick;
  std::int64_t items;
  double bound;  // of ours / yardstick, per item
};

volatile std::uint64_t sink = 0;

double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double time_of(const Work& work, std::int64_t items) {
  const double began = cpu_ns();
  work(items);
  return (cpu_ns() - began) / static_cast<double>(items);
}

// A world at 50 requests a second that lasts for so many.
sim::Scenario lasting(sim::Scenario scenario, std::int64_t requests) {
  scenario.duration = std::chrono::milliseconds{20 * requests};
  return scenario;
}

Work conventional() {
  return [](std::int64_t items) { sink = run_conventional_world(static_cast<double>(items) / 50, 1).succeeded; };
}

Work decisions() {
  return [](std::int64_t items) {
    monitor::Pipeline pipeline = pipeline_of_two();
    Traffic traffic{pipeline, 0, 20};
    for (std::int64_t i = 0; i < items; ++i) traffic.step();
  };
}

Work world_of(const sim::Scenario& scenario) {
  return [scenario](std::int64_t items) { sink = sim::run(lasting(scenario, items)).digest; };
}

Work world_with_checks(const sim::Scenario& scenario) {
  return [scenario](std::int64_t items) {
    const sim::Scenario entry = lasting(scenario, items);
    sim::Judge judge{entry, {}};
    sink = judge.judge(sim::run(entry, {.observers = {&judge}})).findings.size();
  };
}

Work world_with_telemetry(const sim::Scenario& scenario) {
  return [scenario](std::int64_t items) {
    const sim::Scenario entry = lasting(scenario, items);
    reports::OutputFile file{"/dev/null"};
    reports::TelemetryWriter writer{entry, entry.seed, file};
    sink = sim::run(entry, {.observers = {&writer}}).digest;
    file.finish();
  };
}

Work hold_ours() {
  return [](std::int64_t items) {
    HoldDelays delays;
    sim::EventQueue queue;
    for (int i = 0; i < 100; ++i) queue.schedule(Instant{Duration{delays.next()}}, 1);
    for (std::int64_t i = 0; i < items; ++i) {
      const sim::Scheduled event = queue.pop();
      queue.schedule(event.at + Duration{delays.next()}, event.payload);
    }
  };
}

Work hold_standard() {
  return [](std::int64_t items) {
    using Entry = std::pair<std::int64_t, std::uint64_t>;
    HoldDelays delays;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    std::uint64_t sequence = 0;
    for (; sequence < 100; ++sequence) queue.emplace(delays.next(), sequence);
    for (std::int64_t i = 0; i < items; ++i) {
      const Entry first = queue.top();
      queue.pop();
      queue.emplace(first.first + delays.next(), sequence++);
    }
    sink = sequence;
  };
}

Work records_ours(const sim::Scenario& scenario, const std::vector<monitor::Record>& records) {
  return [&scenario, &records](std::int64_t items) {
    reports::OutputFile file{"/dev/null"};
    reports::TelemetryWriter writer{scenario, 1, file};
    for (std::int64_t i = 0; i < items; ++i) writer.on(records[static_cast<std::size_t>(i) % records.size()]);
  };
}

Work records_general(const sim::Scenario& scenario, const std::vector<monitor::Record>& records) {
  return [&scenario, &records](std::int64_t items) {
    for (std::int64_t i = 0; i < items; ++i) {
      sink = general_json(scenario, records[static_cast<std::size_t>(i) % records.size()]).size();
    }
  };
}

struct Nanoseconds {
  double ours = 1e18;
  double other = 1e18;
  double planted = 1e18;
};

Nanoseconds best_of_rounds(const Pair& pair, bool self_test) {
  Nanoseconds best;
  for (int round = 0; round < kRounds; ++round) {
    best.ours = std::min(best.ours, time_of(pair.ours, pair.items));
    best.other = std::min(best.other, time_of(pair.yardstick, pair.items));
    if (self_test) {
      best.planted = std::min(best.planted, time_of(pair.ours, pair.items) + time_of(pair.ours, pair.items / 2) / 2);
    }
  }
  return best;
}

// Whether the ratio is within its bound, and with a self-test, a planted loss above it. A neighbour on the same machine
// may take more of ours than of the yardstick's speed for seconds; a loss stays.
bool holds(const Pair& pair, bool self_test) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::seconds{attempt});
    const Nanoseconds took = best_of_rounds(pair, self_test);
    const bool within = took.ours <= pair.bound * took.other;
    const bool noticed = !self_test || took.planted > pair.bound * took.other;
    std::printf("%-22s %10.1f %10.1f %8.3f %8.3f", pair.name, took.ours, took.other, took.ours / took.other,
                pair.bound);
    if (self_test) std::printf(" %6.3f", took.planted / took.other);
    std::printf("%s%s\n", within ? "" : "  ABOVE ITS BOUND", noticed ? "" : "  A LOSS OF 1.5 IS NOT NOTICED");
    if (within && noticed) return true;
  }
  return false;
}

bool measure(const std::vector<Pair>& pairs, bool self_test) {
  std::printf("%-22s %10s %10s %8s %8s%s\n", "work", "ours ns", "other ns", "ratio", "bound",
              self_test ? "   1.5x" : "");
  bool good = true;
  for (const Pair& pair : pairs) good = holds(pair, self_test) && good;
  return good;
}

}  // namespace
}  // namespace windtunnel::bench

int main(int count, char** words) {
  namespace bench = windtunnel::bench;
  const bool self_test = count == 2 && std::string(words[1]) == "--self-test";
  if (count > 1 && !self_test) {
    std::fprintf(stderr, "usage: windtunnel_ratios [--self-test]\n");
    return 2;
  }
  // Memory that a round gives back stays with the process: whether the kernel has to clear a page again for the next
  // round depends on what was freed last, and is half as much as the work itself.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  const windtunnel::sim::Scenario healthy = bench::healthy_world("1h");
  const windtunnel::sim::Scenario llm_request = bench::llm_request_world("1h");
  const auto records = bench::records_of(bench::lasting(healthy, 1000));
  const std::vector<bench::Pair> pairs{
      {"pipeline", bench::decisions(), bench::conventional(), 10'000, 0.33},
      {"healthy", bench::world_of(healthy), bench::conventional(), 10'000, 0.67},
      {"healthy/all_checks", bench::world_with_checks(healthy), bench::conventional(), 10'000, 1.9},
      {"healthy/telemetry", bench::world_with_telemetry(healthy), bench::conventional(), 10'000, 0.98},
      {"llm_request", bench::world_of(llm_request), bench::conventional(), 10'000, 0.48},
      {"event_queue/hold", bench::hold_ours(), bench::hold_standard(), 50'000, 0.75},
      {"record/format", bench::records_ours(healthy, records), bench::records_general(healthy, records), 2'000, 0.019},
  };
  return bench::measure(pairs, self_test) ? 0 : 1;
}
