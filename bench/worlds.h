#pragma once
// The worlds that are measured, each a scenario file: shipped ones from scenarios/catalog, or of bench/worlds.

#include <string>
#include <vector>

#include "sim/world/scenario.h"

namespace windtunnel::bench {

// The project's folder.
[[nodiscard]] std::string root();
// A file below the root, under these `--set`s. Ends the program with the reader's message if it is not valid.
[[nodiscard]] sim::Scenario world(const std::string& file, const std::vector<std::string>& sets = {});

// Both providers healthy, an A/B split, every stage of the pipeline on, 50 requests a second for this long ("1d").
[[nodiscard]] sim::Scenario healthy_world(const std::string& duration);
// The same load; one provider refuses every call for the second quarter of an hour.
[[nodiscard]] sim::Scenario outage_world(const std::string& duration);
// The healthy load over two routes with weights, each team under a limit of requests and tokens.
[[nodiscard]] sim::Scenario routed_world(const std::string& duration);
// 10,000 requests a day for 31 days.
[[nodiscard]] sim::Scenario month_world();
// What other simulators are compared on: Poisson arrivals, lognormal latency, a timeout, errors, one more attempt at
// the other provider.
[[nodiscard]] sim::Scenario llm_request_world(const std::string& duration);

}  // namespace windtunnel::bench
