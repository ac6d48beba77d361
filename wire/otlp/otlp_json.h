#pragma once
// The messages of OTLP as the JSON that the specification maps them to: ids are hexadecimal texts, 64 bits are texts,
// enumerators are numbers.

#include <string>

namespace windtunnel::otlp {
class ExportMetricsServiceRequest;
class ExportTraceServiceRequest;
}  // namespace windtunnel::otlp

namespace windtunnel::wire {

// Without events and links.
[[nodiscard]] std::string json_of(const otlp::ExportTraceServiceRequest& request);
[[nodiscard]] std::string json_of(const otlp::ExportMetricsServiceRequest& request);

}  // namespace windtunnel::wire
