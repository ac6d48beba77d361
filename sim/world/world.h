#pragma once
// Drives the whole pipeline through one scenario on a virtual clock: pops an event, passes it to the pipeline, performs
// the step that it returns, until nothing is pending. The same scenario and seed give the same run, event for event.
//
//   Scenario scenario = ...;
//   const RunResult result = run(scenario);
//   result.pipeline.metrics().all().count(Outcome::served);
//
// Arrivals stop at the scenario's duration; requests in flight then are driven to their end.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/units.h"
#include "monitor/pipeline.h"
#include "sim/kernel/digest.h"
#include "sim/world/callers.h"
#include "sim/world/faults.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// Checkpoints at the pipeline at given instants, as it stands before the first event at or after each of them; those
// after the last event find it as it ended. Much cheaper than an observer, which receives every event.
struct Checkpoints {
  std::vector<Instant> at;  // ascending
  std::function<void(std::size_t place, const monitor::Pipeline& pipeline)> sample;
};

struct RunOptions {
  std::optional<std::uint64_t> seed;              // instead of the scenario's
  std::optional<std::uint64_t> environment_seed;  // of what many requests share; absent: the seed
  const DemandShifts* demand_shifts = nullptr;    // must outlive the run
  Usd month_spent;                                // besides the scenario's, of the budget of the month of the start
  const Checkpoints* checkpoints = nullptr;       // must outlive the run
  std::optional<Duration> until;                  // stop after the last event at or before this instant
  std::vector<Observer> observers;                // get each event in this order; must outlive the run
  // Another program's breakers, one for each provider in file order, if the scenario has a breaker_command; they are
  // reset at the start and must outlive the run. The result's pipeline does not refer to them.
  monitor::ForeignBreakers breakers;
  const std::atomic<bool>* stop = nullptr;        // set from elsewhere: stop at the next event
  std::vector<std::uint64_t>* digests = nullptr;  // gets the running digest after each event
};

// What the provider truly billed, by provider in file order.
struct LedgerTotals {
  std::int64_t calls = 0;
  UsdSum billed;
  UsdSum billed_known;  // of calls whose usage the caller learnt
  Tokens input;
  Tokens output;
  TokenKinds kinds;  // of these

  void add(const monitor::Usage& billed_for) {
    input += billed_for.input;
    output += billed_for.output;
    if (billed_for.kinds.any()) [[unlikely]]
      kinds += billed_for.kinds;
  }
};

// What the provider truly billed for calls whose usage the caller never learnt, of requests that have ended.
struct UnknownTotals {
  std::vector<UsdSum> by_labels;   // by LabelsId: none, then the workloads in file order
  std::vector<UsdSum> by_variant;  // in file order
  std::vector<UsdSum> by_route;    // likewise; empty unless requests of one workload ask for several

  void add(const monitor::Record& ended, Usd billed) {
    by_labels[static_cast<std::size_t>(ended.request.labels)] += billed;
    if (ended.variant) by_variant[*ended.variant] += billed;
    if (!by_route.empty()) by_route[index_of(ended.request.route)] += billed;
  }
};

struct RunResult {
  monitor::Pipeline pipeline;  // as it stood at the end: metrics, limiters, breakers, cache
  std::uint64_t seed = 0;
  std::uint64_t digest = 0;  // of every event, in order
  std::uint64_t events = 0;
  std::uint64_t arrivals = 0;
  std::int64_t in_flight = 0;  // at the end: 0 unless stopped early
  std::int64_t in_flight_max = 0;
  Instant ended{};       // the scenario's end or the last event after it; the last event if stopped
  bool stopped = false;  // by `until`, `stop` or an observer
  std::vector<LedgerTotals> ledger;
  UnknownTotals unknown;
  std::vector<FaultCount> faults;     // in file order
  std::vector<CallerTotals> callers;  // by workload; of those with a client
};

RunResult run(const Scenario& scenario, const RunOptions& options = {});

// The pipeline's view of the scenario's providers.
std::vector<monitor::ProviderConfig> provider_configs(const Scenario& scenario);

}  // namespace windtunnel::sim
