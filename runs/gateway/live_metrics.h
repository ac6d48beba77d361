#pragma once
// The metrics of a gateway that runs: the names, labels, units and helps of `windtunnel export`
// (reports/prometheus/run_metrics.h), so that one dashboard and one set of rules serve both. What only a mock provider
// could know, its true bill, has no place here; what only a service has begins with windtunnel_gateway_.
//
// They are values, which live_metrics_text.h writes for a scrape and live_metrics_otlp.h for an export, so that both
// show the same numbers.

#include <cstdint>
#include <vector>

#include "monitor/pipeline.h"
#include "reports/prometheus/run_metrics.h"
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

struct LivePoint {
  reports::MetricLabels labels;       // of a state set with the state, under the name of the family, as the last one
  Int128 value = 0;                   // in units of the family's decimals; of a histogram: the sum
  std::vector<std::uint64_t> counts;  // of a histogram: up to each edge from the one before it, and beyond the last
};

struct LiveFamily {
  reports::MetricFamily family;
  int decimals = 0;
  std::vector<std::int64_t> edges;  // of a histogram, in units of its own
  int edge_decimals = 0;
  std::vector<LivePoint> points;  // none: the family may have some later
};
[[nodiscard]] std::vector<LiveFamily> live_metrics(const LiveView& view);

}  // namespace windtunnel::runs
