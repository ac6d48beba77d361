#pragma once
// What must hold of any gateway, as far as its callers and its providers can see; and of one that declares what it is
// configured to do, that it does no other.
//
// Each check reports the first request or call that breaks it. A request that is refused, fails or times out breaks
// none of X1 to X5: they are about answers that are not what they seem, and calls that no request is behind. X6, X10
// and X12 hold a gateway to what it declares: without a declaration they are not judged. X11 compares the spans that a
// gateway sends with the ledger, and is not judged without any.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/checks/findings/registry.h"
#include "sim/checks/findings/verdict.h"
#include "sim/world/scenario.h"
#include "wire/trial/trial_run.h"

namespace windtunnel::wire {

struct TrialCheck {
  std::string_view id;
  sim::EvidenceClass evidence{};
  std::string_view claim;
  std::string_view bug;        // that it is for
  std::string_view broken_in;  // project and report
};
[[nodiscard]] std::span<const TrialCheck> trial_checks();

struct TrialVerdicts {
  std::vector<sim::Finding> findings;   // violations alone, at most one for each check, in the order of trial_checks()
  std::vector<std::string> checks;      // ids of those that were judged
  std::vector<std::string> not_judged;  // one sentence for each other one: what it lacks
};

// `declared` is the scenario with what the gateway declares; only what is written in it, and no default, is a
// declaration.
[[nodiscard]] TrialVerdicts check_trial(const TrialRun& run, const sim::Scenario& scenario,
                                        const sim::Scenario& declared);

}  // namespace windtunnel::wire
