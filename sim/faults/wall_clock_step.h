#pragma once
// The wall clock jumps and monotonic time does not. It touches no call and counts itself.

#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

struct WallClockStep : FaultRules {
  static constexpr const char* kName = "wall_clock_step";
  static constexpr const char* kDoc =
      "The wall clock jumps by `offset`. Budget windows and timestamps follow the wall clock; rate limits, latency, "
      "timeouts and cooldowns do not.";

  Duration offset{0};  // negative: back

  static constexpr bool kTouchesCalls = false;
  static constexpr bool kLasts = false;
  [[nodiscard]] std::optional<Duration> wall_clock_offset() const { return offset; }
  [[nodiscard]] std::vector<FaultProblem> problems(const IsWritten& is_written) const;
  static WallClockStep draw(const FaultDraws& draws);
  friend bool operator==(const WallClockStep&, const WallClockStep&) = default;
};

}  // namespace windtunnel::sim
