#include "wire/otlp/otlp_json.h"

#include <fmt/format.h>
#include <otlp.pb.h>

#include <cmath>
#include <cstdint>

#include "base/json_writer.h"

namespace windtunnel::wire {
namespace {

std::string hex_of(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

void put_attributes(JsonWriter& json, const auto& attributes);

void put_double(JsonWriter& json, const char* key, double value) {
  // JSON has no other numbers.
  json.key(key);
  std::isfinite(value) ? json.number(fmt::format("{}", value)) : json.null();
}

// Lists, nested values and bytes are no attribute that is read, so that their places alone are kept.
void put_value(JsonWriter& json, const otlp::AnyValue& value) {
  json.begin_object();
  switch (value.value_case()) {
    case otlp::AnyValue::kStringValue:
      json.key("stringValue").text(value.string_value());
      break;
    case otlp::AnyValue::kBoolValue:
      json.key("boolValue").boolean(value.bool_value());
      break;
    case otlp::AnyValue::kIntValue:
      json.key("intValue").text(std::to_string(value.int_value()));
      break;
    case otlp::AnyValue::kDoubleValue:
      put_double(json, "doubleValue", value.double_value());
      break;
    case otlp::AnyValue::kArrayValue:
    case otlp::AnyValue::kKvlistValue:
    case otlp::AnyValue::kBytesValue:
    case otlp::AnyValue::VALUE_NOT_SET:
      break;
  }
  json.end_object();
}

void put_attributes(JsonWriter& json, const auto& attributes) {
  json.key("attributes").begin_array();
  for (const otlp::KeyValue& attribute : attributes) {
    json.begin_object().key("key").text(attribute.key()).key("value");
    put_value(json, attribute.value());
    json.end_object();
  }
  json.end_array();
}

void put_span(JsonWriter& json, const otlp::Span& span) {
  json.begin_object().key("traceId").text(hex_of(span.trace_id())).key("spanId").text(hex_of(span.span_id()));
  if (!span.parent_span_id().empty()) json.key("parentSpanId").text(hex_of(span.parent_span_id()));
  json.key("name").text(span.name()).key("kind").integer(span.kind());
  json.key("startTimeUnixNano").text(std::to_string(span.start_time_unix_nano()));
  json.key("endTimeUnixNano").text(std::to_string(span.end_time_unix_nano()));
  put_attributes(json, span.attributes());
  json.key("status").begin_object();
  if (span.status().code() != 0) json.key("code").integer(span.status().code());
  json.end_object().end_object();
}

void put_times(JsonWriter& json, const auto& point) {
  json.begin_object();
  put_attributes(json, point.attributes());
  if (point.start_time_unix_nano() != 0) {
    json.key("startTimeUnixNano").text(std::to_string(point.start_time_unix_nano()));
  }
  json.key("timeUnixNano").text(std::to_string(point.time_unix_nano()));
}

void put_numbers(JsonWriter& json, const auto& points) {
  json.key("dataPoints").begin_array();
  for (const otlp::NumberDataPoint& point : points) {
    put_times(json, point);
    if (point.has_as_int()) json.key("asInt").text(std::to_string(point.as_int()));
    if (point.has_as_double()) put_double(json, "asDouble", point.as_double());
    json.end_object();
  }
  json.end_array();
}

void put_histogram(JsonWriter& json, const otlp::Histogram& histogram) {
  json.key("dataPoints").begin_array();
  for (const otlp::HistogramDataPoint& point : histogram.data_points()) {
    put_times(json, point);
    json.key("count").text(std::to_string(point.count()));
    put_double(json, "sum", point.sum());
    json.key("bucketCounts").begin_array();
    for (const std::uint64_t count : point.bucket_counts()) json.text(std::to_string(count));
    json.end_array().key("explicitBounds").begin_array();
    for (const double bound : point.explicit_bounds()) json.number(fmt::format("{}", bound));
    json.end_array().end_object();
  }
  json.end_array().key("aggregationTemporality").integer(histogram.aggregation_temporality());
}

void put_metric(JsonWriter& json, const otlp::Metric& metric) {
  json.begin_object().key("name").text(metric.name()).key("description").text(metric.description());
  json.key("unit").text(metric.unit());
  switch (metric.data_case()) {
    case otlp::Metric::kGauge:
      json.key("gauge").begin_object();
      put_numbers(json, metric.gauge().data_points());
      json.end_object();
      break;
    case otlp::Metric::kSum:
      json.key("sum").begin_object();
      put_numbers(json, metric.sum().data_points());
      json.key("aggregationTemporality").integer(metric.sum().aggregation_temporality());
      json.key("isMonotonic").boolean(metric.sum().is_monotonic()).end_object();
      break;
    case otlp::Metric::kHistogram:
      json.key("histogram").begin_object();
      put_histogram(json, metric.histogram());
      json.end_object();
      break;
    case otlp::Metric::DATA_NOT_SET:
      break;
  }
  json.end_object();
}

// The lists of an export: what each resource sent, by scope.
template <class PutItem>
void put_resource(JsonWriter& json, const char* scopes_key, const char* items_key, const auto& resource,
                  const auto& scopes, const auto& items_of, const PutItem& put_item) {
  json.begin_object().key("resource").begin_object();
  put_attributes(json, resource.attributes());
  json.end_object().key(scopes_key).begin_array();
  for (const auto& scope : scopes) {
    json.begin_object().key("scope").begin_object().key("name").text(scope.scope().name()).end_object();
    json.key(items_key).begin_array();
    for (const auto& item : items_of(scope)) put_item(json, item);
    json.end_array().end_object();
  }
  json.end_array().end_object();
}

}  // namespace

std::string json_of(const otlp::ExportTraceServiceRequest& request) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::line};
  json.begin_object().key("resourceSpans").begin_array();
  for (const otlp::ResourceSpans& each : request.resource_spans()) {
    put_resource(
        json, "scopeSpans", "spans", each.resource(), each.scope_spans(),
        [](const auto& scope) -> const auto& { return scope.spans(); }, put_span);
  }
  json.end_array().end_object();
  return text;
}

std::string json_of(const otlp::ExportMetricsServiceRequest& request) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::line};
  json.begin_object().key("resourceMetrics").begin_array();
  for (const otlp::ResourceMetrics& each : request.resource_metrics()) {
    put_resource(
        json, "scopeMetrics", "metrics", each.resource(), each.scope_metrics(),
        [](const auto& scope) -> const auto& { return scope.metrics(); }, put_metric);
  }
  json.end_array().end_object();
  return text;
}

}  // namespace windtunnel::wire
