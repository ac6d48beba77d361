#pragma once
// The real clock as the simulator's time: Instant{} is when it was started, and until then time stands still.

#include <chrono>
#include <optional>

#include "base/units.h"

namespace windtunnel::wire {

class RealClock {
 public:
  void start() {
    if (!started_) started_ = std::chrono::steady_clock::now();
  }
  [[nodiscard]] bool is_started() const { return started_.has_value(); }
  [[nodiscard]] Instant now() const {
    if (!started_) return Instant{};
    return Instant{} + std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - *started_);
  }
  // The calendar's time as this machine has it: what a peer compares dates with.
  [[nodiscard]] static WallTime calendar() {
    return WallTime{std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
  }

 private:
  std::optional<std::chrono::steady_clock::time_point> started_;
};

}  // namespace windtunnel::wire
