#pragma once
// The metrics of a run as scrapes at equal intervals of virtual time would have found them, for every format that takes
// metrics. Names are those of OpenTelemetry's conventions for generative AI where it has one (gen_ai_...), else ours
// (windtunnel_...); units and endings are those of OpenMetrics (_seconds, _usd, _total). What each metric is stands in
// its help, in run_metrics.cc.
// Every metric that a run of this scenario may have is there from the first scrape on, at zero.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reports/prometheus/scrape_times.h"
#include "sim/timeline/timeline.h"

namespace windtunnel::reports {

struct MetricLabel {
  std::string name;
  std::string value;
};
using MetricLabels = std::vector<MetricLabel>;

// OpenMetrics' types. A state set has a series for each state, 1 for the one it is in.
enum class MetricType : std::uint8_t { counter, gauge, histogram, state_set, info };

struct MetricFamily {
  const char* name;  // without the ending of a counter's or histogram's samples
  MetricType type;
  const char* unit;  // the name ends in it; empty: none
  const char* help;
};

// One number in each scrape: value / 10^decimals.
struct MetricSeries {
  const char* suffix = "";           // _total, _bucket, _count, _sum, _info
  std::optional<MetricLabel> label;  // of this series alone, such as a bucket's upper bound
  int decimals = 0;
  std::vector<Int128> values;
};

class MetricSink {
 public:
  virtual ~MetricSink() = default;
  // The metrics that follow are of this family.
  virtual void family(const MetricFamily& family) = 0;
  virtual void metric(const MetricLabels& labels, std::span<const MetricSeries> series) = 0;
};

// Why `label` cannot be added to every metric; nothing if it can.
std::optional<std::string> label_problem(const MetricLabel& label);

// Every family that a run may have, in the order in which they are told.
std::vector<MetricFamily> metric_families();

// Tells every metric, one family after the other; `added` stand before the labels of each metric.
void write_metrics(const sim::Timeline& timeline, const Scrapes& scrapes, const MetricLabels& added, MetricSink& sink);

}  // namespace windtunnel::reports
