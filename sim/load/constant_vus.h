#pragma once
// A closed loop: users who each wait for the answer, and think, before they ask again.

#include "sim/kernel/law.h"
#include "sim/load/executor_rules.h"

namespace windtunnel::sim {

struct ConstantVus : ExecutorRules {
  static constexpr const char* kName = "constant-vus";
  static constexpr const char* kDoc =
      "A fixed number of users each wait for their answer and think before they ask again, so that a slow provider "
      "gets fewer requests.";

  std::int64_t vus = 1;
  Law think_time = Law::fixed(0);  // nanoseconds

  static constexpr ArrivalSource kSource = ArrivalSource::users;
  [[nodiscard]] std::int64_t users_most() const { return vus; }
  [[nodiscard]] const Law* pause() const { return &think_time; }
  [[nodiscard]] double expected_requests(const Rate& rate, Duration length, std::size_t listed) const;
  [[nodiscard]] LoadPeak peak(double per_second, double unit_seconds, double latency, std::size_t listed) const;
  void multiply_traffic(std::int64_t millionths);
  friend bool operator==(const ConstantVus&, const ConstantVus&) = default;
};

}  // namespace windtunnel::sim
