#include "runs/gateway/live_metrics_otlp.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace windtunnel::runs {
namespace {

using reports::MetricType;
using wire::OtlpMetricKind;

// An underscore of the conventions is one in Prometheus too, and so is a dot, so that the names cannot be worked out.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kConventions{{
    {"gen_ai_client_operation_duration_seconds", "gen_ai.client.operation.duration"},
    {"gen_ai_client_token_usage", "gen_ai.client.token.usage"},
    {"gen_ai_server_time_to_first_token_seconds", "gen_ai.server.time_to_first_token"},
    {"gen_ai_operation_name", "gen_ai.operation.name"},
    {"gen_ai_provider_name", "gen_ai.provider.name"},
    {"gen_ai_request_model", "gen_ai.request.model"},
    {"gen_ai_token_type", "gen_ai.token.type"},
    {"error_type", "error.type"},
}};

std::string name_in_otlp(std::string_view name) {
  const auto* const found =
      std::ranges::find(kConventions, name, &std::pair<std::string_view, std::string_view>::first);
  return std::string(found == kConventions.end() ? name : found->second);
}

// Of UCUM. What has none stands in braces, which receivers for Prometheus leave out of the name.
std::string unit_in_otlp(const reports::MetricFamily& family) {
  const std::string_view unit = family.unit;
  if (unit == "seconds") return "s";
  if (unit == "usd") return "{USD}";
  return family.name == std::string_view("gen_ai_client_token_usage") ? "{token}" : "";
}

OtlpMetricKind kind_of(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return OtlpMetricKind::counter;
    case MetricType::histogram:
      return OtlpMetricKind::histogram;
    case MetricType::gauge:
    case MetricType::state_set:
    case MetricType::info:
      return OtlpMetricKind::gauge;
  }
  fail_check("a metric has a type", __FILE__, __LINE__);
}

wire::OtlpPoint point_in_otlp(const LivePoint& point) {
  wire::OtlpPoint result{.attributes = {}, .value = point.value, .counts = point.counts};
  for (const reports::MetricLabel& label : point.labels) {
    result.attributes.push_back({name_in_otlp(label.name), label.value});
  }
  return result;
}

}  // namespace

std::vector<wire::OtlpMetric> live_metrics_otlp(const std::vector<LiveFamily>& families) {
  std::vector<wire::OtlpMetric> metrics;
  for (const LiveFamily& each : families) {
    if (each.points.empty()) continue;
    wire::OtlpMetric& metric = metrics.emplace_back();
    metric.name = name_in_otlp(each.family.name);
    metric.description = each.family.help;
    metric.unit = unit_in_otlp(each.family);
    metric.kind = kind_of(each.family.type);
    metric.decimals = each.decimals;
    for (const std::int64_t edge : each.edges) metric.bounds.push_back({edge, each.edge_decimals});
    for (const LivePoint& point : each.points) metric.points.push_back(point_in_otlp(point));
  }
  return metrics;
}

}  // namespace windtunnel::runs
