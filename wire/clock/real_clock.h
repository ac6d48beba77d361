#pragma once
// The real clock as the time of a trial.

#include <chrono>
#include <optional>

#include "wire/clock/trial_clock.h"

namespace windtunnel::wire {

class RealClock final : public TrialClock {
 public:
  void start() override {
    if (!started_) started_ = std::chrono::steady_clock::now();
  }
  [[nodiscard]] bool is_started() const override { return started_.has_value(); }
  [[nodiscard]] Instant now() const override {
    if (!started_) return Instant{};
    return Instant{} + std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - *started_);
  }
  [[nodiscard]] Instant ticks() const override {
    return Instant{} + std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - made_);
  }
  [[nodiscard]] WallTime calendar() const override {
    return WallTime{std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
  }
  void wait(SocketLoop& loop, Duration at_most) override { loop.poll(at_most); }
  [[nodiscard]] Duration longest_wait() const override { return std::chrono::milliseconds{100}; }

 private:
  std::chrono::steady_clock::time_point made_ = std::chrono::steady_clock::now();
  std::optional<std::chrono::steady_clock::time_point> started_;
};

}  // namespace windtunnel::wire
