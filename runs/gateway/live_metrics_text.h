#pragma once
// The metrics of a gateway that runs, as a Prometheus finds them.

#include <string>
#include <vector>

#include "runs/gateway/live_metrics.h"

namespace windtunnel::runs {

// OpenMetrics 1.0.
[[nodiscard]] std::string live_metrics_text(const std::vector<LiveFamily>& families);

}  // namespace windtunnel::runs
