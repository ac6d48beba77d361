#pragma once
// The time of a trial, and the only way to wait for it. Two kinds: the real clock, and virtual time for programs.

#include <chrono>

#include "base/units.h"
#include "wire/http/socket_loop.h"

namespace windtunnel::wire {

class TrialClock {
 public:
  TrialClock() = default;
  TrialClock(const TrialClock&) = delete;
  TrialClock& operator=(const TrialClock&) = delete;
  virtual ~TrialClock() = default;

  // Instant{} until it is started, and then the time since.
  virtual void start() = 0;
  [[nodiscard]] virtual bool is_started() const = 0;
  [[nodiscard]] virtual Instant now() const = 0;
  // The same time from when the clock was made, whether it is started or not.
  [[nodiscard]] virtual Instant ticks() const = 0;
  // The calendar's time as the peers have it: what they compare dates with.
  [[nodiscard]] virtual WallTime calendar() const = 0;
  // Handles what has come, or waits until something does or this much of its time has passed.
  virtual void wait(SocketLoop& loop, Duration at_most) = 0;
  // What a wait for nothing in particular may take, because its caller has other things to see to.
  [[nodiscard]] virtual Duration longest_wait() const = 0;
};

}  // namespace windtunnel::wire
