#pragma once
// A closed loop whose number of users goes from one stage's target to the next in straight lines.
//
// Users have numbers from 0. While the line rises, user k comes when it reaches k + 1; while it falls, user k goes when
// it reaches k: the user's last request runs to its end. Who has gone comes back when the line rises again.

#include <optional>
#include <vector>

#include "sim/kernel/law.h"
#include "sim/load/executor_rules.h"
#include "sim/load/ramping_arrival_rate.h"

namespace windtunnel::sim {

struct RampingVus : ExecutorRules {
  static constexpr const char* kName = "ramping-vus";
  static constexpr const char* kDoc =
      "The number of users who each wait for their answer and think before they ask again goes from one stage's target "
      "to the next in straight lines, and the load ends with the last stage.";

  std::int64_t start_vus = 1;
  std::vector<Stage> stages;       // targets are whole numbers of users
  Law think_time = Law::fixed(0);  // nanoseconds

  static constexpr ArrivalSource kSource = ArrivalSource::users;
  static constexpr bool kHasDuration = false;
  [[nodiscard]] std::int64_t users_most() const;
  [[nodiscard]] const Law* pause() const { return &think_time; }
  [[nodiscard]] std::optional<Duration> turn_of_user(std::int64_t user, Duration from) const;

  [[nodiscard]] double expected_requests(const Rate& rate, Duration length, std::size_t listed) const;
  [[nodiscard]] LoadPeak peak(double per_second, double unit_seconds, double latency, std::size_t listed) const;
  void multiply_traffic(std::int64_t millionths);
  [[nodiscard]] std::optional<std::string> problem(std::size_t listed) const;
  friend bool operator==(const RampingVus&, const RampingVus&) = default;
};

}  // namespace windtunnel::sim
