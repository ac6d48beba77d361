#pragma once
// Holds what was observed of a gateway against what the simulation of the same file predicts of the policy that it
// declares.

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "reports/run/trial_summary.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"

namespace windtunnel::runs {

struct AgreementQuestion {
  const sim::Scenario& declared;          // the file with what the gateway declares
  const std::vector<sim::Event>& events;  // of the trial
  std::uint64_t seed = 0;                 // of the trial
  std::uint32_t predictions = 0;          // simulations; their seeds are the trial's and those that follow it
  bool has_first_token = false;           // answers were streamed
  const std::atomic<bool>* stop = nullptr;
};
// Nothing: it was stopped.
[[nodiscard]] std::optional<reports::AgreementSummary> agreement_of(const AgreementQuestion& question);

}  // namespace windtunnel::runs
