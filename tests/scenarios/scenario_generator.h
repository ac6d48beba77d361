#pragma once
// Arbitrary scenarios that a file can express, for the properties of reader, writer and schema.

#include "sim/world/scenario.h"

namespace windtunnel::scenarios {

// Only within a RapidCheck property.
sim::Scenario arbitrary_scenario();

}  // namespace windtunnel::scenarios
