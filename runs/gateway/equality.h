#pragma once
// A trial of our own gateway beside the simulation of the same file: each decision at the same instant.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/world/scenario.h"

namespace windtunnel::runs {

// The file in a trial's folder that the gateway writes its decisions to.
inline constexpr const char* kDecisions = "decisions.txt";

// The scenario as the gateway gets it: its providers are the trial's, and it holds neither load nor faults nor claims.
[[nodiscard]] std::string scenario_for_gateway(const sim::Scenario& scenario, std::uint64_t seed,
                                               const std::vector<std::string>& urls);

struct Equality {
  std::size_t requests = 0;
  std::size_t decisions = 0;  // of the simulation
  std::string difference;     // the first decision that differs, of both sides, and how many requests do; empty: none
};
// Throws ProblemError if the gateway has written no decisions.
[[nodiscard]] Equality compare_with_simulation(const sim::Scenario& scenario, std::uint64_t seed,
                                               const std::filesystem::path& decisions);

}  // namespace windtunnel::runs
