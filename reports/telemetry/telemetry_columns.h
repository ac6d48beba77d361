#pragma once
// What each key of telemetry.jsonl means. monitor/text/record_text.h writes them.

#include <vector>

#include "reports/text/explanations.h"

namespace windtunnel::reports {

// In the order of the record; a key inside another has its name in front: tokens.input.
std::vector<Explanation> telemetry_columns();

}  // namespace windtunnel::reports
