#pragma once
// The metrics of a run in the text format of OpenMetrics 1.0, with timestamps: for
// `promtool tsdb create-blocks-from openmetrics`, and for whatever else reads it.

#include <cstddef>

#include "reports/files/output_file.h"
#include "reports/prometheus/run_metrics.h"

namespace windtunnel::reports {

// The word of OpenMetrics: counter, gauge, histogram, stateset, info.
[[nodiscard]] const char* name_of(MetricType type);

struct OpenMetricsWritten {
  std::size_t series = 0;
  std::size_t samples = 0;
};

// Finishing the file is the owner's affair.
OpenMetricsWritten write_openmetrics(const sim::Timeline& timeline, const Scrapes& scrapes, const MetricLabels& added,
                                     OutputFile& file);

// name{a="x",b="y"} with the values escaped as OpenMetrics and PromQL have them.
std::string series_name(const std::string& name, const MetricLabels& labels, const std::optional<MetricLabel>& last);

}  // namespace windtunnel::reports
