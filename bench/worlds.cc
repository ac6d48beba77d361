#include "bench/worlds.h"

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "scenarios/reader.h"

namespace windtunnel::bench {

std::string root() { return WINDTUNNEL_ROOT; }

sim::Scenario world(const std::string& file, const std::vector<std::string>& sets) {
  try {
    return scenarios::read_scenario(root() + "/" + file, sets);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::exit(1);
  }
}

sim::Scenario healthy_world(const std::string& duration) {
  return world("scenarios/catalog/healthy.json", {"workload.chat.rate=50", "duration=" + duration});
}

sim::Scenario outage_world(const std::string& duration) {
  return world("scenarios/catalog/openai-outage.json",
               {"workload.chat.rate=50", "faults.openai-down.at=15m", "faults.openai-down.duration=15m",
                "liveness.heal_at=45m", "duration=" + duration});
}

sim::Scenario routed_world(const std::string& duration) {
  return world("bench/worlds/routed.json", {"duration=" + duration});
}

sim::Scenario month_world() { return world("scenarios/catalog/month.json"); }

sim::Scenario llm_request_world(const std::string& duration) {
  return world("bench/worlds/llm-request.json", {"duration=" + duration});
}

}  // namespace windtunnel::bench
