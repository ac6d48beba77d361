#pragma once
// W2 and V2: faults touch what they claim and when they claim it, and every request ends.

#include <cstdint>
#include <vector>

#include "sim/checks/invariants/check_context.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

class RunChecks {
 public:
  explicit RunChecks(Watched& watched);

  void on_fault(const FaultChanged& event);
  void on_fault_hit(std::size_t fault, OpenRequest* one);
  void on_attempt_end(const OpenRequest& one, const monitor::AttemptEnded& event);
  void at_end(const RunResult& result);

 private:
  struct One {
    Instant begin{};  // of its window, by the scenario's words
    Instant end{};
    std::uint32_t providers = 0;  // by bit
    bool is_certain = false;      // it changes each call in its window
    bool active = false;
    std::int64_t hits = 0;
  };

  Watched& watched_;
  std::vector<One> faults_;
};

}  // namespace windtunnel::sim
