#pragma once
// What the log's requests cost in the month that the scenario begins in, before it: a budget of that month is spent so
// far when the forecast begins.

#include "sim/fit/fit.h"
#include "sim/fit/fit_tally.h"

namespace windtunnel::sim {

// After the providers and the start of the scenario.
void fit_spent(Fit& fit, const FitLog& log, const FitTargets& targets);

}  // namespace windtunnel::sim
