#pragma once
// All that was seen in a trial, a line each, for comparing two trials of the same seed. Nothing in it names an address,
// a port or an id that a program made up.

#include <string>
#include <vector>

#include "wire/trial/trial_run.h"

namespace windtunnel::wire {

// The calls in the order in which they ended, then the requests in the order of arrival.
[[nodiscard]] std::vector<std::string> observed_lines(const TrialRun& run);
// The first line in which the two differ, of both; empty: they are the same.
[[nodiscard]] std::string first_difference(const TrialRun& one, const TrialRun& other);

}  // namespace windtunnel::wire
