#pragma once
// Tells metrics, each by the series of the timeline that it is made of: counters are summed up to each scrape, gauges
// are taken as they stood before it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/exact_decimal.h"
#include "base/units.h"
#include "reports/prometheus/run_metrics.h"
#include "reports/prometheus/scrape_times.h"
#include "sim/timeline/timeline.h"

namespace windtunnel::reports {

class MetricBuilder {
 public:
  MetricBuilder(const sim::Timeline& timeline, const Scrapes& scrapes, const MetricLabels& added, MetricSink& sink)
      : timeline_(timeline),
        scrapes_(scrapes),
        added_(added),
        sink_(sink),
        steps_per_scrape_(static_cast<std::size_t>(scrapes.interval / timeline.step)) {}

  void begin(const MetricFamily& family) { sink_.family(family); }

  void metric(MetricLabels labels, std::span<const MetricSeries> series) {
    labels.insert(labels.begin(), added_.begin(), added_.end());
    sink_.metric(labels, series);
  }
  void one(MetricLabels labels, MetricSeries series) { metric(std::move(labels), {&series, 1}); }

  template <class Value>
  void counter(MetricLabels labels, const std::vector<Value>& series, int decimals = 0) {
    one(std::move(labels), {.suffix = "_total", .label = {}, .decimals = decimals, .values = sums(series)});
  }
  template <class Value>
  void gauge(MetricLabels labels, const std::vector<Value>& series, int decimals = 0) {
    one(std::move(labels), {.suffix = "", .label = {}, .decimals = decimals, .values = levels(series)});
  }
  void constant(MetricLabels labels, const char* suffix, std::int64_t value, int decimals = 0) {
    one(std::move(labels),
        {.suffix = suffix, .label = {}, .decimals = decimals, .values = std::vector<Int128>(scrapes_.count, value)});
  }

  // Buckets by ascending `bounds`, one more beyond, as a histogram of Prometheus has them: each holds those below it.
  void histogram(MetricLabels labels, std::span<const sim::Series> bins, std::span<const std::string> bounds,
                 const sim::Series& sum, int decimals) {
    std::vector<MetricSeries> series;
    std::vector<Int128> below(scrapes_.count);
    for (std::size_t bin = 0; bin < bins.size(); ++bin) {
      const std::vector<Int128> in = sums(bins[bin]);
      for (std::size_t i = 0; i < below.size(); ++i) below[i] += in[i];
      series.push_back({.suffix = "_bucket",
                        .label = MetricLabel{"le", bin < bounds.size() ? bounds[bin] : "+Inf"},
                        .decimals = 0,
                        .values = below});
    }
    series.push_back({.suffix = "_count", .label = {}, .decimals = 0, .values = std::move(below)});
    series.push_back({.suffix = "_sum", .label = {}, .decimals = decimals, .values = sums(sum)});
    metric(std::move(labels), series);
  }
  void durations(MetricLabels labels, const sim::DurationSeries& series) {
    std::vector<std::string> bounds;
    for (const std::int64_t ms : sim::kDurationEdgesMs) bounds.push_back(canonical_bound(ms, 3));
    histogram(std::move(labels), series.bins, bounds, series.sum_ns, kSecondDecimals);
  }

  void tokens(MetricLabels labels, const sim::TokenBins& bins, const sim::Series& sum) {
    std::vector<std::string> bounds;
    for (const std::int64_t edge : sim::kTokenEdges) bounds.push_back(canonical_bound(edge, 0));
    histogram(std::move(labels), bins, bounds, sum, 0);
  }

  // 1 in the scrapes at whose instant `holds`.
  template <class Predicate>
  std::vector<Int128> when(Predicate holds) const {
    std::vector<Int128> values(scrapes_.count);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = holds(Instant{} + scrapes_.after_start(i)) ? 1 : 0;
    return values;
  }

  // The scrape that is the first to find what happened at this instant.
  [[nodiscard]] std::size_t first_after(Instant at) const {
    const auto scrape = static_cast<std::size_t>(at.time_since_epoch() / scrapes_.interval) + 1;
    return std::min(scrape, scrapes_.count - 1);
  }

  [[nodiscard]] const sim::Timeline& timeline() const { return timeline_; }
  [[nodiscard]] std::size_t scrapes() const { return scrapes_.count; }
  template <class Value>
  [[nodiscard]] std::vector<Int128> levels(const std::vector<Value>& series) const {
    std::vector<Int128> values(scrapes_.count);
    for (std::size_t i = 1; i < values.size(); ++i) values[i] = sim::value_at(series, steps_before(i) - 1);
    return values;
  }

 private:
  // OpenMetrics requires a bound to be written as a floating-point number: 1.0, not 1.
  static std::string canonical_bound(std::int64_t value, int decimals) {
    std::string text = exact_decimal(value, decimals);
    return text.find('.') == std::string::npos ? text + ".0" : text;
  }
  [[nodiscard]] std::size_t steps_before(std::size_t scrape) const {
    return std::min(scrape * steps_per_scrape_, timeline_.steps);
  }
  template <class Value>
  [[nodiscard]] std::vector<Int128> sums(const std::vector<Value>& series) const {
    std::vector<Int128> values(scrapes_.count);
    Int128 sum = 0;
    for (std::size_t i = 1; i < values.size(); ++i) {
      for (std::size_t step = steps_before(i - 1); step < steps_before(i); ++step) sum += sim::value_at(series, step);
      values[i] = sum;
    }
    return values;
  }

  const sim::Timeline& timeline_;
  const Scrapes& scrapes_;
  const MetricLabels& added_;
  MetricSink& sink_;
  std::size_t steps_per_scrape_;
};

}  // namespace windtunnel::reports
