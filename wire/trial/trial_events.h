#pragma once
// A trial as the events of a run, so that thresholds, liveness and coverage judge it as they judge a simulation.
//
// The events are made once the trial is over, because a call may end, and be billed, after its caller has its answer:
// the bills of a request come before its record. A gateway's own decisions have no events, because they are not
// seen.

#include <vector>

#include "sim/world/run_events.h"
#include "sim/world/scenario.h"
#include "wire/trial/trial_run.h"

namespace windtunnel::wire {

// In order of time.
[[nodiscard]] std::vector<sim::Event> trial_events(const TrialRun& run, const sim::Scenario& scenario);

// The record of a request with its calls, by their places in the run, as its caller saw it.
[[nodiscard]] monitor::Record record_of(const TrialRun& run, const sim::Scenario& scenario, std::size_t request,
                                        const std::vector<std::size_t>& calls);

}  // namespace windtunnel::wire
