#pragma once
// A world in which everything is drawn, for what holds in all of them.

#include "sim/explore/swarm.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim {

inline Scenario swarm_base() {
  Scenario base = world(std::chrono::seconds{600}, workload("chat", per_second(20)));
  base.providers.push_back(provider("beta"));
  return base;
}

inline Scenario any_world(std::uint64_t seed) { return swarm_world(swarm_base(), seed); }

}  // namespace windtunnel::sim
