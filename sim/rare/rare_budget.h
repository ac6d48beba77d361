#pragma once
// The chance that spend reaches a share of the monthly budget, where plain replications hardly ever show it: importance
// sampling of the demand that the scenario draws.
//
// Each lognormal factor, of the level and of the days of a month, is moved by so many standard deviations of its
// logarithm that the expected spend comes to the bound, most where spend grows fastest with it (the design point). The
// replications are whole runs of that demand; each bears the likelihood of its factors by that under the shift, so that
// the mean weight of those that reach the bound is the chance, exactly. Everything else - requests, outages, prompts -
// is drawn as ever.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "sim/forecast/replication.h"
#include "sim/rare/rare_estimate.h"

namespace windtunnel::sim {

struct RareBudgetPlan {
  std::size_t share = 0;              // its place in the frame's shares
  double relative = 0.1;              // half-width by chance
  std::uint64_t replications = 1000;  // the most of them
  unsigned jobs = 1;
  const std::atomic<bool>* stop = nullptr;
  std::function<void(std::uint64_t)> made = [](std::uint64_t) {};
};

// By how much the demands are shifted, from the spend of a pilot of plain replications. Nothing: no lognormal factor is
// drawn, or there is no budget.
[[nodiscard]] std::optional<DemandShifts> shifts_to(const ForecastWorld& world, std::size_t share);

// Replications are judged after each block. Nothing: it was interrupted.
[[nodiscard]] std::optional<RareEstimate> rare_budget_chance(const ForecastWorld& world, const DemandShifts& shifts,
                                                             const RareBudgetPlan& plan);

}  // namespace windtunnel::sim
