#pragma once
// The parts of a fit, each a function of the log's values: it writes its piece of the scenario and says what it fitted.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/studies/fit.h"

namespace windtunnel::sim {

// A law with the values' percentiles 0 to 100 as its table, in whole steps, and with their mean, for which the greatest
// is moved. At least one value.
[[nodiscard]] Law law_of(std::vector<std::int64_t> values, std::int64_t step = 1);

// "NAME.mean", "NAME.p50" and "NAME.p95" as far as there are values enough, divided by `unit_size`.
void add_law_parameters(Fit& fit, const std::string& name, const std::string& unit, double unit_size,
                        std::vector<std::int64_t> values);

// Rate, hourly profile, spread of days. Sets the workload's executor, arrival, rate and diurnal factors.
void fit_demand(Fit& fit, WorkloadSpec& workload, std::vector<WallTime> arrivals);

// Latency, price and errors of one provider.
[[nodiscard]] ProviderSpec fit_provider(Fit& fit, const std::string& name, const Fitter::Calls& calls);

// Prompts and cache, so that a run of the whole scenario has this share of hits. Last: it runs the scenario.
void fit_hits(Fit& fit, std::int64_t hits, std::int64_t lookups);

}  // namespace windtunnel::sim
