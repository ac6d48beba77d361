#include "wire/otlp/otlp_messages.h"

#include <google/protobuf/stubs/logging.h>
#include <otlp.pb.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <variant>

#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "base/utf8.h"
#include "wire/otlp/otlp_json.h"

namespace windtunnel::wire {
namespace {

constexpr int kInvalidArgument = 3;  // of google.rpc.Code
constexpr int kStatusError = 2;      // of a span
constexpr int kCumulative = 2;       // of aggregation temporalities
constexpr std::size_t kReasonMax = 200;
constexpr const char* kScope = "windtunnel";

std::string bytes_of(std::string_view hex) {
  std::string bytes(hex.size() / 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    unsigned char byte = 0;
    std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, byte, 16);
    bytes[i] = static_cast<char>(byte);
  }
  return bytes;
}

// --- What is written -------------------------------------------------------------------------------------------------

std::string utf8_of(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t good = utf8_prefix(text);
    out += text.substr(0, good);
    text.remove_prefix(good);
    if (text.empty()) break;
    out += kReplacementCharacter;
    text.remove_prefix(1);
  }
  return out;
}

double double_of(const OtlpDecimal& decimal) {
  const std::string text = exact_decimal(decimal.value, decimal.decimals);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::uint64_t nanoseconds_of(WallTime at) { return static_cast<std::uint64_t>(at.time_since_epoch().count()); }

void fill_attributes(auto& list, const OtlpAttributes& attributes) {
  for (const OtlpAttribute& attribute : attributes) {
    otlp::KeyValue& pair = *list.Add();
    pair.set_key(utf8_of(attribute.key));
    otlp::AnyValue& value = *pair.mutable_value();
    if (const auto* const text = std::get_if<std::string>(&attribute.value)) value.set_string_value(utf8_of(*text));
    if (const auto* const whole = std::get_if<std::int64_t>(&attribute.value)) value.set_int_value(*whole);
    if (const auto* const amount = std::get_if<OtlpDecimal>(&attribute.value)) {
      value.set_double_value(double_of(*amount));
    }
  }
}

void fill_span(otlp::Span& to, const OtlpSpan& span) {
  to.set_trace_id(bytes_of(span.trace));
  to.set_span_id(bytes_of(span.id));
  to.set_parent_span_id(bytes_of(span.parent));
  to.set_name(utf8_of(span.name));
  to.set_kind(static_cast<int>(span.kind));
  to.set_start_time_unix_nano(nanoseconds_of(span.begin));
  to.set_end_time_unix_nano(nanoseconds_of(span.end));
  fill_attributes(*to.mutable_attributes(), span.attributes);
  if (span.is_error) to.mutable_status()->set_code(kStatusError);
}

void set_times(auto& point, const OtlpMetrics& metrics, const OtlpPoint& from) {
  point.set_start_time_unix_nano(nanoseconds_of(metrics.start));
  point.set_time_unix_nano(nanoseconds_of(metrics.at));
  fill_attributes(*point.mutable_attributes(), from.attributes);
}

void fill_number(otlp::NumberDataPoint& point, const OtlpMetrics& metrics, const OtlpMetric& metric,
                 const OtlpPoint& from) {
  set_times(point, metrics, from);
  if (metric.decimals == 0 && from.value <= INT64_MAX) {
    point.set_as_int(static_cast<std::int64_t>(from.value));
  } else {
    point.set_as_double(double_of({from.value, metric.decimals}));
  }
}

void fill_histogram(otlp::HistogramDataPoint& point, const OtlpMetrics& metrics, const OtlpMetric& metric,
                    const OtlpPoint& from) {
  set_times(point, metrics, from);
  point.set_count(std::accumulate(from.counts.begin(), from.counts.end(), std::uint64_t{0}));
  point.set_sum(double_of({from.value, metric.decimals}));
  for (const std::uint64_t count : from.counts) point.add_bucket_counts(count);
  for (const OtlpDecimal& bound : metric.bounds) point.add_explicit_bounds(double_of(bound));
}

void fill_metric(otlp::Metric& to, const OtlpMetrics& metrics, const OtlpMetric& metric) {
  to.set_name(metric.name);
  to.set_description(metric.description);
  to.set_unit(metric.unit);
  switch (metric.kind) {
    case OtlpMetricKind::gauge:
      for (const OtlpPoint& each : metric.points) {
        otlp::NumberDataPoint& point = *to.mutable_gauge()->add_data_points();
        fill_number(point, metrics, metric, each);
        point.clear_start_time_unix_nano();  // it has not counted since then
      }
      return;
    case OtlpMetricKind::counter:
      to.mutable_sum()->set_aggregation_temporality(kCumulative);
      to.mutable_sum()->set_is_monotonic(true);
      for (const OtlpPoint& each : metric.points) {
        fill_number(*to.mutable_sum()->add_data_points(), metrics, metric, each);
      }
      return;
    case OtlpMetricKind::histogram:
      to.mutable_histogram()->set_aggregation_temporality(kCumulative);
      for (const OtlpPoint& each : metric.points) {
        fill_histogram(*to.mutable_histogram()->add_data_points(), metrics, metric, each);
      }
      return;
  }
}

template <class Request>
std::string body_of(OtlpForm form, const Request& request) {
  return form == OtlpForm::json ? json_of(request) : request.SerializeAsString();
}

// --- What is read ----------------------------------------------------------------------------------------------------

std::string shortened(std::string_view why) { return std::string(why.substr(0, kReasonMax)); }

std::string text_at(const simdjson::dom::element& root, const char* pointer) {
  std::string_view text;
  return root.at_pointer(pointer).get(text) == simdjson::SUCCESS ? shortened(text) : "";
}

bool read(std::string_view bytes, google::protobuf::MessageLite& message) {
  // It would write what is wrong with a foreign body to standard error.
  const google::protobuf::LogSilencer silence;
  return bytes.size() <= INT32_MAX && message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

std::string_view type_of(OtlpForm form) {
  return form == OtlpForm::json ? "application/json" : "application/x-protobuf";
}

std::optional<OtlpForm> otlp_form_of(std::string_view content_type) {
  std::string type{content_type.substr(0, content_type.find_first_of("; "))};
  std::ranges::transform(type, type.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
  for (const OtlpForm form : {OtlpForm::json, OtlpForm::protobuf}) {
    if (type == type_of(form)) return form;
  }
  return std::nullopt;
}

std::string traces_body(OtlpForm form, const OtlpAttributes& resource, std::span<const OtlpSpan> spans) {
  otlp::ExportTraceServiceRequest request;
  otlp::ResourceSpans& list = *request.add_resource_spans();
  fill_attributes(*list.mutable_resource()->mutable_attributes(), resource);
  otlp::ScopeSpans& scope = *list.add_scope_spans();
  scope.mutable_scope()->set_name(kScope);
  for (const OtlpSpan& span : spans) fill_span(*scope.add_spans(), span);
  return body_of(form, request);
}

std::string metrics_body(OtlpForm form, const OtlpAttributes& resource, const OtlpMetrics& metrics) {
  otlp::ExportMetricsServiceRequest request;
  otlp::ResourceMetrics& list = *request.add_resource_metrics();
  fill_attributes(*list.mutable_resource()->mutable_attributes(), resource);
  otlp::ScopeMetrics& scope = *list.add_scope_metrics();
  scope.mutable_scope()->set_name(kScope);
  for (const OtlpMetric& metric : metrics.metrics) fill_metric(*scope.add_metrics(), metrics, metric);
  return body_of(form, request);
}

std::optional<std::string> traces_json_of(std::string_view protobuf) {
  otlp::ExportTraceServiceRequest request;
  if (!read(protobuf, request)) return std::nullopt;
  return json_of(request);
}

std::string taken_answer(OtlpForm form, std::int64_t rejected, std::string_view why) {
  if (form == OtlpForm::protobuf) {
    otlp::ExportResponse response;
    if (rejected > 0) {
      response.mutable_partial_success()->set_rejected(rejected);
      response.mutable_partial_success()->set_error_message(std::string(why));
    }
    return response.SerializeAsString();
  }
  std::string text;
  JsonWriter json{text, JsonWriter::Form::line};
  json.begin_object();
  if (rejected > 0) {
    json.key("partialSuccess").begin_object().key("rejectedSpans").text(std::to_string(rejected));
    json.key("errorMessage").text(why).end_object();
  }
  json.end_object();
  return text;
}

TakenPart taken_part(OtlpForm form, std::string_view answer) {
  TakenPart part;
  if (form == OtlpForm::protobuf) {
    otlp::ExportResponse response;
    if (!read(answer, response)) return part;
    return {response.partial_success().rejected(), shortened(response.partial_success().error_message())};
  }
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(simdjson::padded_string(answer)).get(root) != simdjson::SUCCESS) return part;
  for (const char* const key : {"/partialSuccess/rejectedSpans", "/partialSuccess/rejectedDataPoints"}) {
    std::string_view digits;
    // 64 bits are a text in the JSON of protobuf; many write a number.
    if (root.at_pointer(key).get(part.rejected) == simdjson::SUCCESS) break;
    if (root.at_pointer(key).get(digits) != simdjson::SUCCESS) continue;
    std::from_chars(digits.data(), digits.data() + digits.size(), part.rejected);
  }
  part.why = text_at(root, "/partialSuccess/errorMessage");
  return part;
}

std::string refusal_in(OtlpForm form, std::string_view answer) {
  if (form == OtlpForm::protobuf) {
    otlp::ErrorStatus status;
    return read(answer, status) ? shortened(status.message()) : "";
  }
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(simdjson::padded_string(answer)).get(root) != simdjson::SUCCESS) return "";
  return text_at(root, "/message");
}

std::string refused_answer(OtlpForm form, std::string_view why) {
  if (form == OtlpForm::protobuf) {
    otlp::ErrorStatus status;
    status.set_code(kInvalidArgument);
    status.set_message(std::string(why));
    return status.SerializeAsString();
  }
  std::string text;
  JsonWriter json{text, JsonWriter::Form::line};
  json.begin_object().key("code").integer(kInvalidArgument).key("message").text(why).end_object();
  return text;
}

}  // namespace windtunnel::wire
