#pragma once
// A circuit breaker that somebody else keeps: another program, another language. It is asked one question at a time, in
// whole milliseconds since it was created, and its answer is believed and judged, never worked out here.
//
// The words are those of the breaker protocol, one JSON object a line (scenarios/fields/breaker_codec.h).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "monitor/breaker/breaker_config.h"

namespace windtunnel::monitor {

enum class BreakerOp : std::uint8_t { acquire, report, state };

struct BreakerQuestion {
  BreakerOp op = BreakerOp::acquire;
  std::int64_t t_ms = 0;                             // since creation; never less than before
  std::int64_t permit = 0;                           // of a report: the call that it is about
  BreakerOutcome outcome = BreakerOutcome::success;  // of a report
  friend bool operator==(const BreakerQuestion&, const BreakerQuestion&) = default;
};

struct BreakerAnswer {
  std::string error;  // not empty: the question was wrong and changed nothing, and the other fields are empty
  BreakerState state = BreakerState::closed;
  std::optional<std::int64_t> permit;  // of an acquire: nothing when it was refused
};

// The one seam behind which breakers of other programs live.
class ForeignBreaker {
 public:
  ForeignBreaker() = default;
  ForeignBreaker(const ForeignBreaker&) = delete;
  ForeignBreaker& operator=(const ForeignBreaker&) = delete;
  virtual ~ForeignBreaker() = default;

  // A fresh breaker of these settings at its time 0; or why they cannot be honoured, and then nothing has changed.
  virtual std::optional<std::string> reset(const BreakerConfig& config) = 0;
  virtual BreakerAnswer ask(const BreakerQuestion& question) = 0;
};

// One for each provider, in file order.
using ForeignBreakers = std::vector<ForeignBreaker*>;

}  // namespace windtunnel::monitor
