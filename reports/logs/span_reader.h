#pragma once
// The calls of models in an export of OpenTelemetry's spans, in the JSON of OTLP. Which attribute is which field is in
// otel_log.cc; what a log's row has no place for stands beside the row.

#include <cstdint>
#include <string>
#include <vector>

#include "reports/logs/log_row.h"

namespace windtunnel::reports {

// A span about a call of a model. Texts that it does not have are empty.
struct ModelSpan {
  std::string trace;
  std::string answer;          // the id of the response
  std::string response_model;  // that the provider named; the row has the requested one if there is none
  bool is_of_caller = false;   // of kind SERVER: the request that the program got, and no call that it made
  LogRow row;                  // its id is the span's
};

struct SpansRead {
  std::vector<ModelSpan> spans;
  std::uint64_t others = 0;      // spans about something else
  std::uint64_t unreadable = 0;  // spans of a model's call that cannot be read
  std::string first_problem;     // of the unreadable ones
  std::string problem;           // why the text is no export, and nothing of it was read; empty: it is one
};

[[nodiscard]] SpansRead read_spans(const std::string& otlp_json);

}  // namespace windtunnel::reports
