#include "monitor/realtime/llm_monitor_time.h"

#include <thread>

namespace windtunnel::monitor {
namespace {

Duration since_boot() {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

RealTime::RealTime() : steady_at_zero_(since_boot()) {}

Instant RealTime::now() { return Instant{since_boot() - steady_at_zero_}; }

WallTime RealTime::wall() {
  return WallTime{std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
}

void RealTime::sleep_until(Instant at) {
  const std::chrono::steady_clock::time_point target{
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(steady_at_zero_ + at.time_since_epoch())};
  std::this_thread::sleep_until(target);
}

}  // namespace windtunnel::monitor
