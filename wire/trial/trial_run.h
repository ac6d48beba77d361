#pragma once
// What was seen from outside while a gateway was tried: the requests as their callers saw them, the calls as the
// providers did. Everything else is computed of it, once the trial is over.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "monitor/request.h"
#include "sim/world/faults.h"
#include "sim/world/load.h"
#include "sim/world/run_events.h"
#include "wire/dialects/answer_reader.h"
#include "wire/trial/call_line.h"
#include "wire/trial/reported_spans.h"

namespace windtunnel::wire {

// How a request ended for its caller.
enum class RequestEnd : std::uint8_t {
  answered,   // a response with its end, whatever it holds
  broken,     // the connection was refused, or closed before that
  timed_out,  // the caller's patience was over
  unsent,     // we had no descriptor left for it
  open,       // the trial was stopped meanwhile
};

struct TrialRequest {
  monitor::Request request;
  sim::Demand demand;
  Instant arrived{};  // when it was due
  Instant sent{};
  std::optional<Instant> first_byte;  // of the body
  Instant finished{};
  RequestEnd end = RequestEnd::open;
  int status = 0;           // 0: none came
  bool names_wait = false;  // the response has a Retry-After
  ReadAnswer answer;
  // How many tokens the whole answer of the call has that the answer names; nothing: it names none of ours.
  std::optional<std::int64_t> tokens_whole;
};

struct TrialRun {
  std::vector<TrialRequest> requests;  // in the order of arrival
  std::vector<CallLine> calls;         // in the order in which they ended
  std::vector<sim::FaultCount> faults;
  std::vector<sim::FaultChanged> fault_changes;
  std::optional<ReportedSpans> spans;  // nothing: the gateway was given no receiver
  Instant ended{};
  bool stopped = false;
  Duration lateness_max{0};  // of what the harness had to send at an instant
};

}  // namespace windtunnel::wire
