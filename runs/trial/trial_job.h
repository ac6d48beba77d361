#pragma once
// Tries a gateway: starts it, sends it the workload of a scenario, serves the scenario's providers to it, judges what
// was seen from outside, and ends it. Its reports are those of a run.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/run/trial_summary.h"
#include "runs/problem.h"
#include "runs/run/run_job.h"
#include "runs/run/run_plan.h"
#include "sim/world/scenario.h"

namespace windtunnel::runs {

struct TrialSettings {
  std::string gateway;  // the file that states how it is started and called; empty: the scenario states it
  std::optional<sim::GatewayClock> clock;  // instead of the gateway file's
  bool is_equal = false;                   // the gateway is ours, and each of its decisions is the simulation's
  std::string patience;            // of callers, a duration instead of the gateway's request.timeout; empty: that
  std::uint32_t predictions = 40;  // simulations of the same file that it is held against; 0: none
  std::vector<std::string> sets;   // of the request, for reading the scenario again with what the gateway declares
};

// What a trial by these settings needs of its request: nothing, or why it cannot be.
std::optional<Problem> problem_with(const TrialSettings& settings, const RunRequest& request);
// The flags that say the same, quoted for a shell.
std::string flags_of(const TrialSettings& settings);

struct TriedGateway {
  RunDone done;
  std::optional<reports::TrialSummary> trial;  // nothing: there is a problem
};
// The same with the figures of the trial.
TriedGateway tried_gateway(const TrialSettings& settings, const RunJob& job);

// As perform() does a run. The job's determinism is that of a second trial, of which all that was seen is compared.
// Throws nothing.
RunDone try_gateway(const TrialSettings& settings, const RunJob& job);

}  // namespace windtunnel::runs
