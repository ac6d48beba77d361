#pragma once
// The requests that the file lists.

#include "sim/load/executor_rules.h"

namespace windtunnel::sim {

struct Script : ExecutorRules {
  static constexpr const char* kName = "script";
  static constexpr const char* kDoc = "The requests that the file lists arrive at their times.";

  static constexpr ArrivalSource kSource = ArrivalSource::list;
  [[nodiscard]] double expected_requests(const Rate& rate, Duration length, std::size_t listed) const;
  [[nodiscard]] LoadPeak peak(double per_second, double unit_seconds, double latency, std::size_t listed) const;
  [[nodiscard]] std::optional<std::string> problem(std::size_t listed) const;
  friend bool operator==(const Script&, const Script&) = default;
};

}  // namespace windtunnel::sim
