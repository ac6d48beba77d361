#pragma once
// The rate goes from one stage's target to the next in straight lines. After the last stage the load has ended.

#include <vector>

#include "sim/load/executor_rules.h"

namespace windtunnel::sim {

struct Stage {
  Duration duration{0};
  Millionths target{0};  // requests per the workload's unit at the stage's end, or users
  friend bool operator==(const Stage&, const Stage&) = default;
};

// It begins at the workload's rate.
struct RampingArrivalRate : ExecutorRules {
  static constexpr const char* kName = "ramping-arrival-rate";
  static constexpr const char* kDoc =
      "The rate goes from one stage's target to the next in straight lines, and the load ends with the last stage.";

  std::vector<Stage> stages;

  static constexpr bool kHasDuration = false;
  RatePiece piece_at(const LoadFrame& frame, Instant at, State& state) const;
  [[nodiscard]] double expected_requests(const Rate& rate, Duration length, std::size_t listed) const;
  [[nodiscard]] LoadPeak peak(double per_second, double unit_seconds, double latency, std::size_t listed) const;
  void multiply_traffic(std::int64_t millionths);
  [[nodiscard]] std::optional<std::string> problem(std::size_t listed) const;
  friend bool operator==(const RampingArrivalRate&, const RampingArrivalRate&) = default;
};

}  // namespace windtunnel::sim
