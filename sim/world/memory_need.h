#pragma once
// How much memory a run takes at least, computed from its scenario before anything is allocated. Counted is what the
// scenario alone decides: the tables of popularity and the listed requests. What depends on the course of the run, such
// as the requests in flight, is not.

#include <cstdint>
#include <string>

#include "sim/world/scenario.h"

namespace windtunnel::sim {

struct MemoryNeed {
  std::uint64_t bytes = 0;
  std::string largest;  // what takes most, for people: "workload chat: 1000000000 prompts"; empty: nothing does
};

[[nodiscard]] MemoryNeed memory_need(const Scenario& scenario);

}  // namespace windtunnel::sim
