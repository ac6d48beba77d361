#pragma once
// A record as JSON by a general library, field for field what TelemetryWriter writes: what it is compared with.

#include <string>
#include <vector>

#include "monitor/record.h"
#include "sim/world/scenario.h"

namespace windtunnel::bench {

// The records of a run of this scenario.
[[nodiscard]] std::vector<monitor::Record> records_of(const sim::Scenario& scenario);
[[nodiscard]] std::string general_json(const sim::Scenario& scenario, const monitor::Record& record);

}  // namespace windtunnel::bench
