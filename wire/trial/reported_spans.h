#pragma once
// What a gateway reported of its own calls in OpenTelemetry's spans while it was tried.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace windtunnel::wire {

// A span about one call of a model. Texts that it does not have are empty.
struct ReportedSpan {
  std::string trace;
  std::string span;
  std::string answer;               // the id of the response
  std::string model;                // of the response, or the requested one
  bool names_served_model = false;  // it is that of the response
  std::optional<Tokens> input;
  std::optional<Tokens> output;
  std::optional<Usd> cost;
};

struct ReportedSpans {
  std::vector<ReportedSpan> calls;  // in the order in which they came
  std::uint64_t of_callers = 0;     // about requests that the gateway got
  std::uint64_t others = 0;         // about something else
  std::uint64_t unreadable = 0;     // about calls, and no numbers that can be
  std::uint64_t refused = 0;        // exports that were answered with an error
  std::string first_problem;        // of what is unreadable or refused
};

}  // namespace windtunnel::wire
