#pragma once
// Virtual time as the time of a trial: the coordinator moves it whenever the programs under test are idle and no byte
// of ours is unread.

#include <optional>

#include "wire/clock/coordinator.h"
#include "wire/clock/trial_clock.h"

namespace windtunnel::wire {

class VirtualClock final : public TrialClock {
 public:
  // `coordinator` must outlive it; its time began with the calendar's `start`.
  VirtualClock(Coordinator& coordinator, WallTime start) : coordinator_(coordinator), start_(start) {}

  void start() override {
    if (!started_) started_ = coordinator_.now();
  }
  [[nodiscard]] bool is_started() const override { return started_.has_value(); }
  [[nodiscard]] Instant now() const override {
    return started_ ? Instant{} + (coordinator_.now() - *started_) : Instant{};
  }
  [[nodiscard]] Instant ticks() const override { return coordinator_.now(); }
  [[nodiscard]] WallTime calendar() const override { return start_ + (coordinator_.now() - Instant{}); }
  void wait(SocketLoop& loop, Duration at_most) override;
  [[nodiscard]] Duration longest_wait() const override { return std::chrono::hours{1}; }

 private:
  Coordinator& coordinator_;
  WallTime start_;
  std::optional<Instant> started_;
};

}  // namespace windtunnel::wire
