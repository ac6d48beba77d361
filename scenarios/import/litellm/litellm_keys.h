#pragma once
// What LiteLLM's /key/list and /team/list return: limits and budgets of callers, which stand in its database and in no
// configuration.
//
// A scenario draws its callers from a catalogue, so that the file's third key is "key-3" there. Where the file has
// teams, callers are drawn by team, and the limits of single keys are not carried.

#include "scenarios/import/source/config_reading.h"
#include "scenarios/import/world/imported_world.h"

namespace windtunnel::scenarios {

// `root` is one such answer, or an object or list of several.
void read_litellm_keys(const JsonValue& root, ConfigReading& in, ImportedWorld& world);

}  // namespace windtunnel::scenarios
