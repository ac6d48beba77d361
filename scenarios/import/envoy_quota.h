#pragma once
// QuotaPolicies of Envoy AI Gateway: how many tokens a backend's model may use in a second, a minute, an hour or a day.
// Each bucket is a limit on calls of that deployment.
//
// The gateway refuses a request once no bucket of the backends of its rule has room. Where others of them have quotas
// too, a limit passes over a backend without room. Several buckets of one model need room in any of them
// (combine_limits), and all other limits are then in force always.

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "monitor/routing/provider_id.h"
#include "scenarios/import/source/config_reading.h"
#include "scenarios/import/world/imported_world.h"

namespace windtunnel::scenarios {

struct EnvoyBackends {
  // By name of the backend and modelNameOverride: quotas are of no other models.
  std::map<std::pair<std::string, std::string>, monitor::ProviderId> overridden;
  std::vector<std::set<monitor::ProviderId>> pools;  // that a rule chooses among
};

// Adds the limits, and lists what it carries and what it does not. Routes and all other limits have been read.
void read_envoy_quotas(const JsonValue& documents, const EnvoyBackends& backends, ConfigReading& in,
                       ImportedWorld& world);

}  // namespace windtunnel::scenarios
