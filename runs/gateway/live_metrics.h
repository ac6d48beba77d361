#pragma once
// The metrics of a gateway that runs, as a Prometheus finds them: the names, labels, units and helps of `windtunnel
// export` (reports/prometheus/run_metrics.h), so that one dashboard and one set of rules serve both. What only a mock
// provider could know, its true bill, has no place here; what only a service has begins with windtunnel_gateway_.

#include <cstdint>
#include <string>

#include "monitor/pipeline.h"
#include "runs/gateway/live_counts.h"
#include "sim/world/scenario.h"
#include "wire/gateway/gateway_server.h"
#include "wire/gateway/telemetry/export_queue.h"

namespace windtunnel::runs {

// Readings of the file on request; that of the start succeeds or ends the process.
struct ReloadCounts {
  std::uint64_t succeeded = 0;
  std::uint64_t refused = 0;
  bool last_succeeded = true;
  WallTime last_success{};  // the start, at first
};

struct LiveView {
  const sim::Scenario& scenario;  // that holds now
  const LiveTotals& totals;
  const monitor::Pipeline& pipeline;  // likewise
  const wire::GatewayCounts& server;
  const ReloadCounts& reloads;
  const wire::ExportQueue* exports = nullptr;  // nullptr: nothing is exported
  Instant now{};
};
// OpenMetrics 1.0.
[[nodiscard]] std::string live_metrics_text(const LiveView& view);

}  // namespace windtunnel::runs
