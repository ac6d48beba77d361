#pragma once
// The requests of a trace, whose times and rate may be scaled. The reader fills the workload's requests from the trace.

#include "sim/load/executor_rules.h"

namespace windtunnel::sim {

struct TraceReplay : ExecutorRules {
  static constexpr const char* kName = "replay";

  std::string trace;      // as written
  double time_scale = 1;  // of the trace's times: 2 plays it at half speed
  double rate_scale = 1;  // of the trace's rate: 0.5 keeps each row with that chance, 2 plays each twice

  static constexpr ArrivalSource kSource = ArrivalSource::list;
  static constexpr bool kDrawsTokens = false;
  [[nodiscard]] double expected_requests(const Rate& rate, Duration length, std::size_t listed) const;
  [[nodiscard]] LoadPeak peak(double per_second, double unit_seconds, double latency, std::size_t listed) const;
  void multiply_traffic(std::int64_t millionths) { rate_scale *= static_cast<double>(millionths) / 1e6; }
  [[nodiscard]] std::optional<std::string> problem(std::size_t listed) const;
  friend bool operator==(const TraceReplay&, const TraceReplay&) = default;
};

}  // namespace windtunnel::sim
