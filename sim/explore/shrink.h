#pragma once
// Makes a failing world small enough for a person to read, and keeps it failing: drops faults, workloads, requests and
// providers, shortens, lowers rates, sets settings back to their defaults, until nothing more can go.
//
//   const Shrunk small = shrink(world, finding, base);
//   small.world;    // fails with the same check, by the same seed
//
// What comes out is 1-minimal: without any one of its faults, or with any one of its durations halved, it does not fail
// with this check. Durations are those of the run, of a fault and of a workload, and a fault's ramp.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/checks/findings/verdict.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

struct ShrinkOptions {
  std::vector<std::string> checks{"all"};   // as JudgeOptions::checks
  std::uint64_t runs_max = 5000;            // give up then; what is left fails, but may not be minimal
  const std::atomic<bool>* stop = nullptr;  // the same, when set from elsewhere
  // What a world fails with, if it does; not given: first_failure() of explore.h.
  std::function<std::optional<Finding>(const Scenario&)> fails;
  std::function<void(std::uint64_t runs)> on_run;  // after each run
};

struct Shrunk {
  Scenario world;
  Finding finding;          // as the small world fails
  std::uint64_t runs = 0;   // that it took
  bool is_minimal = false;  // false: it was broken off
};

// `world` fails with `finding`. `defaults` are what its settings go back to: the providers of that scenario, by name,
// its load and its start; settings of the monitor go back to the monitor's own.
[[nodiscard]] Shrunk shrink(const Scenario& world, const Finding& finding, const Scenario& defaults,
                            const ShrinkOptions& options = {});

// Whether a failure is the wanted one: the same check.
[[nodiscard]] bool same_failure(const Finding& a, const Finding& b);

}  // namespace windtunnel::sim
