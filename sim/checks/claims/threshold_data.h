#pragma once
// Which events a threshold looks at, and which requests are its data: they could have broken it. thresholds.h lists
// them by metric.

#include <string>

#include "monitor/record.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// Calls and requests pass the other metrics by.
[[nodiscard]] bool is_counted_by_calls(Metric of);
[[nodiscard]] bool is_counted_by_requests(Metric of);
// Whether the request, once it has ended, could have broken the claim. `billed_unknown`: what providers billed for it
// that the gateway never learns.
[[nodiscard]] bool is_data(const ThresholdSpec& spec, const monitor::Record& record, Usd billed_unknown);
// It counts requests that our own limiters refused, and no others.
[[nodiscard]] bool is_of_refusals(const ThresholdSpec& spec);
// "no request of team red ended in that time": what would have been data.
[[nodiscard]] std::string missing_data(const ThresholdSpec& spec);

}  // namespace windtunnel::sim
