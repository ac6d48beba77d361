#include "runs/gateway/live_metrics_text.h"

#include <optional>

#include "base/exact_decimal.h"
#include "reports/prometheus/openmetrics.h"

namespace windtunnel::runs {
namespace {

using reports::MetricLabel;
using reports::MetricLabels;
using reports::MetricType;

void append_line(std::string& out, const std::string& name, const MetricLabels& labels,
                 const std::optional<MetricLabel>& last, const std::string& value) {
  out += reports::series_name(name, labels, last) + " " + value + "\n";
}

// OpenMetrics writes bounds as decimals with a point.
std::string bound(std::int64_t value, int decimals) {
  std::string text = exact_decimal(value, decimals);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

void append_histogram(std::string& out, const LiveFamily& family, const LivePoint& point) {
  const std::string name = family.family.name;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < point.counts.size(); ++i) {
    below += point.counts[i];
    const std::string le = i < family.edges.size() ? bound(family.edges[i], family.edge_decimals) : "+Inf";
    append_line(out, name + "_bucket", point.labels, MetricLabel{"le", le}, std::to_string(below));
  }
  append_line(out, name + "_count", point.labels, std::nullopt, std::to_string(below));
  append_line(out, name + "_sum", point.labels, std::nullopt, exact_decimal(point.value, family.decimals));
}

}  // namespace

std::string live_metrics_text(const std::vector<LiveFamily>& families) {
  std::string out;
  for (const LiveFamily& each : families) {
    const std::string name = each.family.name;
    out += "# TYPE " + name + " " + reports::name_of(each.family.type) + "\n";
    if (each.family.unit[0] != '\0') out += "# UNIT " + name + " " + each.family.unit + "\n";
    out += "# HELP " + name + " " + each.family.help + "\n";
    const char* const suffix = each.family.type == MetricType::counter ? "_total" : "";
    for (const LivePoint& point : each.points) {
      if (each.family.type == MetricType::histogram) {
        append_histogram(out, each, point);
      } else {
        append_line(out, name + suffix, point.labels, std::nullopt, exact_decimal(point.value, each.decimals));
      }
    }
  }
  return out + "# EOF\n";
}

}  // namespace windtunnel::runs
