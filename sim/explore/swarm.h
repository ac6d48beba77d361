#pragma once
// Draws a world from a seed: load, providers, faults and every setting of the monitor, features switched on and off.
// Fixed settings leave most bugs unreachable (a late result needs a timeout beyond the open time, an edge needs two
// events at one instant); a swarm varies one against the other.
//
//   const Scenario world = swarm_world(base, 17);   // pure: the same base and seed, the same world
//   run(world);                                     // world.seed is 17
//
// From `base` come the names, models and prices of its providers, the ranges and the kept parts of its `explore` block;
// what it claims (thresholds, coverage, a counterexample) is about another world and is dropped. Draws are made by
// name, so that a range narrowed moves no other draw. What is drawn can be written to a file and read back.
//
// Every fault is healed well before the end, and where recovery is possible (sim/checks/claims/recovery.h) the world
// claims it: `liveness` is set, with the time that its own settings need.

#include <cstdint>
#include <vector>

#include "sim/kernel/dice.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

[[nodiscard]] Scenario swarm_world(const Scenario& base, std::uint64_t seed);

// The world of a seed, of which some draws are those of other seeds: a child of its parent's world that differs from it
// in a few settings, and is as consistent as any world of a swarm.
struct WorldGenes {
  std::uint64_t seed = 0;
  std::vector<DiceLayer> layers;
  std::uint64_t run_seed = 0;  // of the requests and calls
  friend bool operator==(const WorldGenes&, const WorldGenes&) = default;
};
[[nodiscard]] Scenario swarm_world(const Scenario& base, const WorldGenes& genes);

}  // namespace windtunnel::sim
