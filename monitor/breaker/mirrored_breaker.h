#pragma once
// Follows a breaker of another program: forwards each call to that program, and moves a Breaker as the answers show.
//
// The other program decides. The breaker shown to the pipeline, the checks and the reports is an ordinary Breaker,
// which nothing but the mirror moves. Its arrows are those that the answers show; its counters are of the results that
// the mirror forwarded, by its settings; its state is that of the latest answer at any time, so that OPEN ends by an
// answer only. Times are cut to whole milliseconds, because the protocol has no finer ones.
//
// The mirror is a value and holds no reference: each call names the breaker shown and the original. A copy of both goes
// on with a program that has had the same questions.

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "monitor/breaker/breaker.h"
#include "monitor/breaker/breaker_protocol.h"

namespace windtunnel::monitor {

class MirroredBreaker {
 public:
  // `shown` is new. Its OPEN must last for some time, because an answer could not show it otherwise. The original must
  // have been reset with its settings.
  explicit MirroredBreaker(Breaker& shown);

  // As those of Breaker. The time of a permit is in whole milliseconds.
  [[nodiscard]] std::optional<Permit> acquire(Breaker& shown, ForeignBreaker& original, Instant now);
  ReportResult report(Breaker& shown, ForeignBreaker& original, Permit permit, BreakerOutcome outcome, Instant now);
  // Asks for the state, and moves as the answer shows.
  void advance(Breaker& shown, ForeignBreaker& original, Instant now);

  // When OPEN ends by the settings, or HALF_OPEN because its probes take too long, at a whole millisecond; nothing if
  // neither ends by itself. The original may stay for longer.
  [[nodiscard]] std::optional<Instant> wakeup(const Breaker& shown) const;

 private:
  // A permit of the original, under its own number.
  struct NumberedPermit {
    Permit permit;
    std::int64_t number = 0;
  };
  void sync_state(Breaker& shown, ForeignBreaker& original, Instant now);
  // What the latest question reported; nothing of an acquire and of a state query.
  struct Reported {
    Permit permit{};
    BreakerOutcome outcome = BreakerOutcome::ignored;
  };
  void open(Breaker& shown, TripRule rule, Instant at);
  void follow(Breaker& shown, BreakerState state, Reported latest, Instant now);
  [[nodiscard]] std::int64_t take_number(Permit permit);

  Instant due_{};                        // while OPEN: when it ends by the settings
  std::vector<NumberedPermit> permits_;  // that have not reported
};

}  // namespace windtunnel::monitor
