#pragma once
// W2 and V2: faults touch what they claim and when they claim it, and every request ends.

#include <cstdint>
#include <vector>

#include "sim/checks/invariants/check_context.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

class RunChecks {
 public:
  explicit RunChecks(CheckContext& context);

  void on_fault(const FaultChanged& event);
  void on_fault_hit(std::size_t fault, OpenRequest* open_request);
  void on_attempt_end(const OpenRequest& open_request, const monitor::AttemptEnded& event);
  void at_end(const RunResult& result);

 private:
  struct One {
    Instant begin{};  // of its window, by the scenario's words
    Instant end{};
    std::uint64_t providers = 0;  // by bit
    bool is_certain = false;      // it changes each call in its window
    bool active = false;
    std::int64_t hits = 0;
  };

  CheckContext& context_;
  std::vector<One> faults_;
};

}  // namespace windtunnel::sim
