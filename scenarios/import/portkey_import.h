#pragma once
// Portkey's config: a tree of targets with strategies. The rules are those of the open gateway, version 1.15.2
// (docs/import.md).

#include "scenarios/import/source/config_reading.h"
#include "scenarios/import/world/imported_world.h"

namespace windtunnel::scenarios {

void import_portkey(const JsonValue& root, ConfigReading& in, ImportedWorld& world);

}  // namespace windtunnel::scenarios
