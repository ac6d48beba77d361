#pragma once
// The listed requests of a load, of a script or a trace, that come after the end of what is played.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/world/scenario.h"

namespace windtunnel::sim {

struct UnplayedRows {
  const WorkloadSpec* load = nullptr;  // of the scenario
  std::int64_t count = 0;              // at least 1
  Duration end{0};                     // of the load, since the start of the run
};

// Of each load that leaves rows out.
[[nodiscard]] std::vector<UnplayedRows> unplayed_rows(const Scenario& scenario);

// Of each load whose stages last longer than it is played: "workload.chat has stages of 600 s and ends after 60 s".
[[nodiscard]] std::vector<std::string> unplayed_stages(const Scenario& scenario);

[[nodiscard]] bool is_trace(const WorkloadSpec& load);

// "12 of its 40 rows come after the end at 600.000 s".
[[nodiscard]] std::string sentence_of(const UnplayedRows& rows);

}  // namespace windtunnel::sim
