#pragma once
// What must hold of any gateway, whatever it is configured to do, as far as its callers and its providers can see.
//
// Each check reports the first request that breaks it. A request that is refused, fails or times out breaks none of
// them: they are about answers that are not what they seem, and calls that no request is behind.

#include <span>
#include <string_view>
#include <vector>

#include "sim/checks/findings/verdict.h"
#include "sim/world/scenario.h"
#include "wire/trial/trial_run.h"

namespace windtunnel::wire {

struct TrialCheck {
  std::string_view id;
  std::string_view claim;
  std::string_view bug;  // that it is for, as it was seen in the field
};
[[nodiscard]] std::span<const TrialCheck> trial_checks();

// Violations alone, at most one for each check, in the order of trial_checks().
[[nodiscard]] std::vector<sim::Finding> check_trial(const TrialRun& run, const sim::Scenario& scenario);

}  // namespace windtunnel::wire
