#pragma once
// events.jsonl: what happened besides requests, one JSON object per line, in order. Each has
//
//   timestamp  ISO 8601 UTC on the wall clock
//   t_s        virtual seconds since the start, exact
//   type       and then, by type:
//     breaker_transition   provider, from, to, rule (null unless it opened), failures and window (of the counters as
//     they
//                          stood), consecutive_failures, epoch (that begins), open_ms (null unless it opened)
//     fault_started, fault_stopped     id, kind
//     budget_alert, budget_refused, budget_window_opened, budget_window_closed
//                          window (month or day), window_begin, share (of an alert, else null), spent_usd,
//                          reserved_usd, limit_usd (null: unlimited)
//     retry_after          provider, wait_ms, until_s
//     fallback             request_id, route (that begins), after (the kind of the last reply; null without a call)
//     violation            kind, id, verdict, claim, reason, request_id (or null), origin ("file:line:column" or null),
//                          replay (the command that brings it about again)
//
// Decimals are exact numbers.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "monitor/pipeline_events.h"
#include "reports/files/output_file.h"
#include "reports/telemetry/wall_clock.h"
#include "sim/checks/findings/verdict.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"

namespace windtunnel::reports {

class EventsWriter final {
 public:
  // `seed` is the run's. Scenario and file must outlive the writer. Finishing the file is the owner's affair. Events
  // beyond `bytes_max` are counted and not written, because legal input can make any number of them; violations always
  // are.
  EventsWriter(const sim::Scenario& scenario, std::uint64_t seed, OutputFile& file,
               std::uint64_t bytes_max = UINT64_MAX);

  void on(const monitor::BreakerMoved& event);
  void on(const monitor::RetryAfterSet& event);
  void on(const monitor::BudgetChanged& event);
  void on(const monitor::RouteEntered& event);
  void on(const sim::FaultChanged& event);

  // A finding at its instant; without one, at the latest event's.
  void violation(const sim::Finding& finding, std::string_view replay);

  [[nodiscard]] std::uint64_t lines() const { return lines_; }
  // The events that are not in the file.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
  // Writes how many are not in the file, if any; once, after the last event.
  void close();

 private:
  // Begins a line in `line_`; end() hands it to the file.
  JsonWriter begin(Instant at, const char* type);
  void end(JsonWriter& json);
  void write(JsonWriter& json);

  const sim::Scenario& scenario_;
  OutputFile& file_;
  WallClock clock_;
  std::uint64_t seed_;
  Instant latest_{};
  std::uint64_t bytes_max_;
  std::uint64_t lines_ = 0;
  std::uint64_t left_out_ = 0;
  std::string line_;
};

}  // namespace windtunnel::reports
