#pragma once
// The chance of a rare event from paths that bear weights: its interval, and how many paths it really rests on.

#include <cstdint>

#include "sim/statistics/statistics.h"

namespace windtunnel::sim {

struct RareEstimate {
  Estimate chance;                // of the horizon, with its 95 % interval
  std::uint64_t paths = 0;        // that were made
  std::uint64_t hits = 0;         // of those, paths that met the event
  double effective = 0;           // hits of equal weight that would say as much: (sum of w)^2 / sum of w^2
  double plain_replications = 0;  // that plain averages would take for the same relative precision
  bool reached = false;           // the precision that was asked for
};

// Weighted hits, added in the order of the paths.
class RareSum {
 public:
  // 0: the path did not meet the event.
  void add(double weight) {
    ++paths_;
    if (weight == 0) return;
    ++hits_;
    sum_ += weight;
    squares_ += weight * weight;
  }
  [[nodiscard]] std::uint64_t paths() const { return paths_; }
  // Student's interval; without two hits its upper end is that of the rule of three on the paths.
  [[nodiscard]] RareEstimate estimate(double relative) const;

 private:
  std::uint64_t paths_ = 0;
  std::uint64_t hits_ = 0;
  double sum_ = 0;
  double squares_ = 0;
};

}  // namespace windtunnel::sim
