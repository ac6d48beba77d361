#pragma once
// Q: a user of a closed loop asks again when the drawn pause, at least a millisecond, has passed since the end of the
// user's request; and all users ask first when the load begins.

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "sim/checks/world/world_watch.h"
#include "sim/kernel/chance.h"

namespace windtunnel::sim {

class ThinkTimes {
 public:
  explicit ThinkTimes(const WorldWatch& watch);

  void on_begin(std::uint64_t seed);
  void on_arrival(Instant at, RequestId request, std::size_t workload);
  // `ordinal`: the request's number in its workload, from 0.
  void on_end(Instant at, std::size_t workload, std::uint64_t ordinal);

 private:
  struct Loop {
    const WorkloadSpec* spec = nullptr;
    const ConstantVus* users = nullptr;  // nullptr: no closed loop
    StreamKey stream;
    Instant end{};
    std::priority_queue<Instant, std::vector<Instant>, std::greater<>> due;
  };

  WorldWatch watch_;
  std::vector<Loop> loops_;  // by workload
};

}  // namespace windtunnel::sim
