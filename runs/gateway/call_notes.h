#pragma once
// What the gateway's telemetry has beyond the records of other runs: of each call when it began, the id of the
// provider's answer and the wait that the provider asked for, and the alerts of budgets that fired.
//
//   ,"calls":[{"start_ms":0,"answer_id":"chatcmpl-1","retry_after_ms":null}]     one for each of `attempts`
//   ,"alerts":[{"window":"month","begin":"2026-04-01T00:00:00.000000Z","share":0.8,"spent_usd":4.01,"by_refusal":false}]
//
// A provider's bill names its answers, so that an audit compares log and bill call by call. An alert stands in the line
// that is written next; most lines have none, and no `alerts`.

#include <functional>
#include <span>
#include <string>

#include "monitor/cost_limiter.h"
#include "wire/gateway/journeys.h"

namespace windtunnel::runs {

struct CallNotes {
  const wire::JourneyEnd& end;
  std::span<const monitor::BudgetEvent> alerts;
  Duration retry_after_cap{0};
  std::function<WallTime(Instant)> wall_at;
};

// The line of a record with them, which ends as it did.
[[nodiscard]] std::string with_call_notes(std::string line, const CallNotes& notes);

}  // namespace windtunnel::runs
