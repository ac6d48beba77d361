#pragma once
// A BackendTrafficPolicy of Envoy Gateway: what it sets for the routes that it names.

#include <map>
#include <optional>
#include <string>

#include "monitor/breaker/breaker_config.h"
#include "monitor/routing/route.h"
#include "scenarios/import/source/config_reading.h"
#include "scenarios/import/world/imported_world.h"

namespace windtunnel::scenarios {

struct EnvoyPolicy {
  std::string name;
  const JsonValue* spec = nullptr;
  const JsonValue* rate_limit = nullptr;  // of the spec
  std::vector<std::string> targets;       // names of routes or gateways
  bool is_of_gateway = false;
  monitor::RouteRetry retry;  // without the key: one attempt
  std::optional<Duration> attempt_timeout;
  std::optional<Duration> wait_base;
  std::optional<Duration> wait_cap;
  std::optional<monitor::BreakerConfig> breaker;
};

// Lists what it carries and what it does not.
[[nodiscard]] EnvoyPolicy read_envoy_policy(const JsonValue& document, ConfigReading& in);

// What the limits of a policy count.
struct EnvoyLimitScope {
  std::optional<std::string> route;          // the one route of a scenario; nothing: all
  const char* why_not = nullptr;             // no limit can have this scope
  std::map<std::string, std::string> costs;  // types of what is counted, by the key of the metadata
};
// Adds the limits, and lists what it carries and what it does not. The routes have been read.
void read_envoy_limits(const EnvoyPolicy& policy, const EnvoyLimitScope& scope, ConfigReading& in,
                       ImportedWorld& world);

// What the clientSelectors of a rule match, as conditions of its limit and as tags of callers whom it counts. Returns
// why no limit can have them. `not_looked_at`: the rule looks at headers alone, and what else stands there is listed
// so; nullptr: it looks at all of them.
[[nodiscard]] const char* envoy_selectors(const JsonValue& rule, monitor::LimitConfig& limit, monitor::Tags& tags,
                                          ConfigReading& in, const char* not_looked_at);

// "1m30s", "100ms", as the Gateway API writes durations. Nothing: absent, or an error.
[[nodiscard]] std::optional<Duration> envoy_duration(const JsonValue& map, std::string_view key, ConfigReading& in);

}  // namespace windtunnel::scenarios
