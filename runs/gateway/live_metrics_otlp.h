#pragma once
// The metrics of a gateway that runs, as an export of OpenTelemetry has them: those of /metrics, by the same names
// without the ending _total, which receivers for Prometheus add again. Metrics and attributes of OpenTelemetry's
// conventions for generative AI have their own names (gen_ai.client.operation.duration).

#include <vector>

#include "runs/gateway/live_metrics.h"
#include "wire/otlp/otlp_model.h"

namespace windtunnel::runs {

// Of families without points there is nothing.
[[nodiscard]] std::vector<wire::OtlpMetric> live_metrics_otlp(const std::vector<LiveFamily>& families);

}  // namespace windtunnel::runs
