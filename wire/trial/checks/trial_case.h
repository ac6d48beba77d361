#pragma once
// What a check of a trial looks at, and what it answers.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/world/scenario.h"
#include "wire/trial/call_line.h"
#include "wire/trial/trial_run.h"

namespace windtunnel::wire {

// One request with its calls.
struct TrialCase {
  const TrialRequest& request;
  std::vector<const CallLine*> calls;   // in the order in which they came
  const CallLine* answered = nullptr;   // the call that the answer names
  const TrialRequest* asked = nullptr;  // the request of that call
};

// Why the case breaks a check; nothing: it does not.
using TrialReason = std::optional<std::string>;

// The first breach of a check that is about all calls together.
struct TrialBreach {
  std::string reason;
  Instant at{};
};

// How much later or earlier than it acts a gateway may seem to act, because bytes and threads take their time.
inline constexpr Duration kSlack = std::chrono::milliseconds{250};

// X6: nothing if no maximum is declared.
[[nodiscard]] std::optional<std::int64_t> declared_attempts(const sim::Scenario& declared);
[[nodiscard]] TrialReason too_many_calls(const TrialCase& of, std::int64_t most);
// X9.
[[nodiscard]] TrialReason wrong_class(const TrialCase& of, std::optional<Duration> deadline);

// X7.
[[nodiscard]] std::optional<TrialBreach> early_calls(const TrialRun& run, Duration longest);
// X10: of one provider. `index` is its place in the scenario.
[[nodiscard]] std::optional<TrialBreach> calls_past_breaker(const TrialRun& run, const sim::Scenario& declared,
                                                            std::size_t index);
// X11: nothing to judge without a span about a call.
[[nodiscard]] std::optional<TrialBreach> wrong_spans(const TrialRun& run, const sim::Scenario& scenario);
// X12.
[[nodiscard]] std::optional<TrialBreach> calls_past_budget(const TrialRun& run, Usd limit, Usd spent);

}  // namespace windtunnel::wire
