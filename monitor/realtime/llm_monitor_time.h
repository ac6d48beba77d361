#pragma once
// The time that the real-time driver lives in, as a seam: the program runs on RealTime, a test on hands that it turns.

#include <chrono>

#include "base/units.h"

namespace windtunnel::monitor {

// Used from any thread.
class TimeSource {
 public:
  virtual ~TimeSource() = default;
  // For every decision. Starts near Instant{} and never goes backwards.
  [[nodiscard]] virtual Instant now() = 0;
  // For the calendar (months, days, minutes, timestamps). It may jump.
  [[nodiscard]] virtual WallTime wall() = 0;
  // Comes back at this instant or later; at once if it has passed.
  virtual void sleep_until(Instant at) = 0;
};

// The machine's monotonic clock, from 0 at the construction of this object, and its UTC clock.
class RealTime final : public TimeSource {
 public:
  RealTime();
  [[nodiscard]] Instant now() override;
  [[nodiscard]] WallTime wall() override;
  void sleep_until(Instant at) override;

 private:
  Duration steady_at_zero_;  // since that clock's own epoch
};

}  // namespace windtunnel::monitor
