#pragma once
// Time that a test turns by hand: a sleep takes no time and moves the hands instead.

#include <atomic>
#include <chrono>

#include "monitor/realtime/llm_monitor_time.h"

namespace windtunnel::monitor {

using namespace std::chrono_literals;

class ManualTime final : public TimeSource {
 public:
  static constexpr WallTime kStart{1'768'903'200s};  // 2026-01-20T10:00:00Z

  [[nodiscard]] Instant now() override { return Instant{now_.load()}; }
  [[nodiscard]] WallTime wall() override { return WallTime{wall_at_zero_.load() + now_.load()}; }
  void sleep_until(Instant at) override {
    Duration seen = now_.load();
    while (seen < at.time_since_epoch() && !now_.compare_exchange_weak(seen, at.time_since_epoch())) {
    }
  }

  void advance(Duration by) { sleep_until(now() + by); }
  void step_wall(Duration by) { wall_at_zero_ = wall_at_zero_.load() + by; }

 private:
  std::atomic<Duration> now_{Duration{0}};
  std::atomic<Duration> wall_at_zero_{kStart.time_since_epoch()};
};

}  // namespace windtunnel::monitor
