#pragma once
// Runs one scenario twice and compares the two event by event. Two runs of the same scenario and seed must be the same
// run; where they are not, the first event that differs is named, from both sides.

#include <cstdint>
#include <optional>
#include <string>

#include "base/units.h"
#include "sim/world/scenario.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

struct Divergence {
  std::uint64_t event = 0;  // from 1: the first one after which the digests differ
  std::string first;        // what the first run did in that event, one line a fact; "the run has ended" if it had
  std::string second;
};

// Nothing: the same run. The options' observers receive nothing.
std::optional<Divergence> first_divergence(const Scenario& scenario, const RunOptions& first, const RunOptions& second);

}  // namespace windtunnel::sim
