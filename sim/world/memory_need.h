#pragma once
// How much memory a run takes at least, computed from its scenario before anything is allocated. Counted is what the
// scenario alone decides: the tables of popularity, the listed requests, the words of callers, the users of a closed
// loop, who all ask at its start, and the windows of the breakers of each replica. What depends on the course of the
// run, such as the requests in flight of an open loop or the entries of a cache, is not.

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
