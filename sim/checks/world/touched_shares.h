#pragma once
// Q: a fault hits the share of calls that it states. The hits among the calls that it could have decided are a sum of
// independent draws; the bound on their deviation (Bernstein's) is so wide that chance exceeds it less than once in
// 10^12 runs.

#include <cstdint>
#include <span>
#include <vector>

#include "sim/checks/world/world_watch.h"

namespace windtunnel::sim {

class TouchedShares {
 public:
  explicit TouchedShares(const WorldWatch& watch);

  void on_fault(std::size_t fault, bool acts) { faults_[fault].acts = acts; }
  // A call is made that these faults hit.
  void on_call(Instant at, std::size_t provider, std::span<const std::size_t> hits) {
    if (!order_.empty()) count(at, provider, hits);
  }
  void at_end(Instant ended) const;

 private:
  void count(Instant at, std::size_t provider, std::span<const std::size_t> hits);

  struct Fault {
    double chance = 0;  // that it decides a call, once its ramp is over
    bool counts = false;
    Instant end{};
    std::uint64_t providers = 0;  // by bit
    bool acts = false;
    std::int64_t calls = 0;
    std::int64_t hits = 0;
    double mean = 0;
    double variance = 0;
  };

  WorldWatch watch_;
  std::vector<Fault> faults_;
  std::vector<std::size_t> order_;  // those that decide calls, the stronger first
};

}  // namespace windtunnel::sim
