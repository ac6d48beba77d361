#pragma once
// A request that has ended as spans of OpenTelemetry, in the JSON of OTLP: one span for the request and one for each
// attempt below it. Names are those of the conventions for generative AI; what they have no name for is in the
// namespace `windtunnel`. No text of a question or an answer is in them, and no key.

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/world/scenario.h"
#include "wire/gateway/journeys.h"

namespace windtunnel::wire {

struct SpanContext {
  const sim::Scenario& scenario;
  WallTime wall_at_zero{};
};

// The spans of the request, without brackets around them: "{...},{...}".
[[nodiscard]] std::string spans_of(const JourneyEnd& end, const SpanContext& context);

// A whole export of spans that stand one behind the other with commas.
[[nodiscard]] std::string traces_json(std::string_view spans);

// The trace that a caller's `traceparent` names, and the span in it; both empty: it names none.
struct TraceParent {
  std::string trace;
  std::string span;
};
[[nodiscard]] TraceParent trace_parent(std::string_view header);

}  // namespace windtunnel::wire
