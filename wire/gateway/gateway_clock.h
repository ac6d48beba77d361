#pragma once
// The time of a gateway: the monotonic clock for decisions, the calendar for budgets and minutes.

#include <chrono>
#include <optional>

#include "base/units.h"

namespace windtunnel::wire {

class GatewayClock {
 public:
  using Steady = std::chrono::steady_clock;

  // Instant{} is now; or, if `zero` is given, the instant at which the calendar shows that time, so that instants of a
  // trial are those of its scenario.
  explicit GatewayClock(std::optional<WallTime> zero = std::nullopt) : origin_(Steady::now()), wall_at_zero_(wall()) {
    if (!zero) return;
    origin_ -= wall_at_zero_ - *zero;
    wall_at_zero_ = *zero;
  }

  [[nodiscard]] Instant now() const {
    return Instant{} + std::chrono::duration_cast<Duration>(Steady::now() - origin_);
  }
  // Nothing: at no time.
  [[nodiscard]] std::optional<Steady::time_point> steady(Instant instant) const {
    if (instant == Instant::max()) return std::nullopt;
    return origin_ + std::chrono::duration_cast<Steady::duration>(instant.time_since_epoch());
  }
  [[nodiscard]] WallTime wall_at_zero() const { return wall_at_zero_; }
  // How far the calendar has moved apart from the monotonic clock.
  [[nodiscard]] Duration drift() const { return wall() - (wall_at_zero_ + now().time_since_epoch()); }
  void correct(Duration drift) { wall_at_zero_ += drift; }

 private:
  [[nodiscard]] static WallTime wall() {
    return WallTime{std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
  }

  Steady::time_point origin_;
  WallTime wall_at_zero_;
};

}  // namespace windtunnel::wire
