#pragma once
// The resources of Envoy AI Gateway, several YAML documents in one file. The rules are those of version 1.1.0 and of
// the Envoy Gateway types that its resources name (docs/import.md).
//
//   AIGatewayRoute        each model that a rule matches (header x-ai-eg-model) is a route; its backends are the
//   targets AIServiceBackend      a provider BackendTrafficPolicy  retries, passive health checks, timeouts and global
//   rate limits of the route that it names QuotaPolicy           limits on calls of the backends that it names

#include "scenarios/import/source/config_reading.h"
#include "scenarios/import/world/imported_world.h"

namespace windtunnel::scenarios {

// `root` is the list of the documents.
void import_envoy_ai(const JsonValue& root, ConfigReading& in, ImportedWorld& world);

}  // namespace windtunnel::scenarios
