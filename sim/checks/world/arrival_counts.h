#pragma once
// Q: as many requests arrive as the rate of their workload says: constant, ramping, or by hour, weekday and growth from
// day to day. Uniform arrivals are counted exactly; for the others the bound is so wide that chance exceeds it less
// than once in 10^12 runs.

#include <cstdint>
#include <vector>

#include "sim/checks/world/world_watch.h"

namespace windtunnel::sim {

class ArrivalCounts {
 public:
  explicit ArrivalCounts(const WorldWatch& watch) : watch_(watch), counts_(watch.scenario.workloads.size()) {}

  void on_arrival(std::size_t workload) { ++counts_[workload]; }
  // `ended`: the instant until which requests could arrive.
  void at_end(Instant ended) const;

  // The requests that are expected of a workload until an instant; nothing: its rate is drawn, or it has none.
  [[nodiscard]] static std::optional<double> expected(const WorkloadSpec& spec, WallTime start, Instant until);

 private:
  WorldWatch watch_;
  std::vector<std::int64_t> counts_;
};

}  // namespace windtunnel::sim
