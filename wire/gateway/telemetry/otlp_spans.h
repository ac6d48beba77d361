#pragma once
// A request that has ended as spans of OpenTelemetry: one span for the request and one for each attempt below it. Names
// are those of the conventions for generative AI; what they have no name for is in the namespace `windtunnel`. No text
// of a question or an answer is in them, and no key.

#include <string>
#include <string_view>
#include <vector>

#include "sim/world/scenario.h"
#include "wire/gateway/journeys.h"
#include "wire/otlp/otlp_model.h"

namespace windtunnel::wire {

struct SpanContext {
  const sim::Scenario& scenario;
  WallTime wall_at_zero{};
};

// The span of the request, and then those of its attempts.
[[nodiscard]] std::vector<OtlpSpan> spans_of(const JourneyEnd& end, const SpanContext& context);

// The trace that a caller's `traceparent` names, and the span in it; both empty: it names none.
struct TraceParent {
  std::string trace;
  std::string span;
};
[[nodiscard]] TraceParent trace_parent(std::string_view header);

}  // namespace windtunnel::wire
