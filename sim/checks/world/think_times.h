#pragma once
// Q: a user of a closed loop asks again when the drawn pause, at least a millisecond, has passed since the end of the
// user's request, and all users ask first when the load begins. Of a load whose users come and go, each asks at the
// first instant from then on at which the line of users is high enough; users who are due at one instant ask in the
// order in which they became due.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sim/checks/world/world_watch.h"
#include "sim/kernel/chance.h"

namespace windtunnel::sim {

class ThinkTimes {
 public:
  explicit ThinkTimes(const WorldWatch& watch);

  void on_begin(std::uint64_t seed);
  // `ordinal`: the request's number in its workload, from 0.
  void on_arrival(Instant at, RequestId request, std::size_t workload, std::uint64_t ordinal) {
    if (is_closed_loop(workload)) ask(at, request, workload, ordinal);
  }
  void on_end(Instant at, std::size_t workload, std::uint64_t ordinal) {
    if (is_closed_loop(workload)) think(at, workload, ordinal);
  }

 private:
  struct Loop {
    const WorkloadSpec* spec = nullptr;
    const Law* pause = nullptr;  // nullptr: no closed loop
    const RampingVus* ramp = nullptr;
    StreamKey stream;
    Instant begin{};
    Instant end{};
    std::multimap<Instant, std::int64_t> due;           // users, in the order of becoming due
    std::map<std::uint64_t, std::int64_t> user_asking;  // by ordinal
  };

  [[nodiscard]] bool is_closed_loop(std::size_t workload) const { return loops_[workload].pause != nullptr; }
  void ask(Instant at, RequestId request, std::size_t workload, std::uint64_t ordinal);
  void think(Instant at, std::size_t workload, std::uint64_t ordinal);
  static void make_due(Loop& loop, std::int64_t user, Instant from);

  WorldWatch watch_;
  std::vector<Loop> loops_;  // by workload
};

}  // namespace windtunnel::sim
