#pragma once
// What the words of a route allow, read from the scenario and not from the plan: how long a call and a route may take,
// which deployments a route reaches, how often it calls. For the checks, so that these words have two readers.

#include <algorithm>
#include <cstdint>
#include <optional>

#include "sim/checks/invariants/open_requests.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

[[nodiscard]] inline const monitor::RouteConfig* route_in(const Scenario& scenario, monitor::RouteId route) {
  const auto& routes = scenario.monitor.routing.routes;
  return index_of(route) < routes.size() ? &routes[index_of(route)] : nullptr;
}

[[nodiscard]] inline bool is_nested_route(const Scenario& scenario, monitor::RouteId route) {
  const monitor::RouteConfig* config = route_in(scenario, route);
  return config != nullptr &&
         std::ranges::any_of(config->targets, [](const auto& target) { return target.route.has_value(); });
}

// When the time of the route that is being tried is over; nothing: never.
[[nodiscard]] inline std::optional<Instant> route_ends(const Scenario& scenario, const OpenRequest& open_request) {
  const monitor::RouteConfig* config = route_in(scenario, open_request.route);
  if (config == nullptr || !config->timeout) return std::nullopt;
  return open_request.route_entered + *config->timeout;
}

// The most specific word: of the route, of the deployment, of all calls.
[[nodiscard]] inline Duration attempt_timeout_of(const Scenario& scenario, monitor::RouteId route,
                                                 monitor::ProviderId deployment) {
  const monitor::RouteConfig* config = route_in(scenario, route);
  if (config != nullptr && config->attempt_timeout) return *config->attempt_timeout;
  return scenario.providers[index_of(deployment)].attempt_timeout.value_or(scenario.monitor.provider_call.timeout);
}

// Likewise of a time that only a streamed call is held to; nothing: no level states it.
[[nodiscard]] inline std::optional<Duration> stream_time_of(
    const Scenario& scenario, monitor::RouteId route, monitor::ProviderId deployment,
    std::optional<Duration> monitor::RouteConfig::*of_route, std::optional<Duration> ProviderSpec::*of_deployment,
    std::optional<Duration> monitor::ProviderCallConfig::*of_all) {
  const monitor::RouteConfig* config = route_in(scenario, route);
  if (config != nullptr && (config->*of_route)) return config->*of_route;
  const auto& own = scenario.providers[index_of(deployment)].*of_deployment;
  return own ? own : scenario.monitor.provider_call.*of_all;
}

[[nodiscard]] inline std::int32_t attempts_max_of(const Scenario& scenario, monitor::RouteId route,
                                                  monitor::ProviderId deployment) {
  const monitor::RouteConfig* config = route_in(scenario, route);
  if (config != nullptr && config->retry.max_attempts) return *config->retry.max_attempts;
  return scenario.providers[index_of(deployment)].max_attempts.value_or(
      scenario.monitor.provider_call.retry.max_attempts);
}

// Deployments by bit. Routes are nested four deep at most.
[[nodiscard]] inline std::uint64_t reached_by(const Scenario& scenario, monitor::RouteId route, int depth = 0) {
  std::uint64_t bits = 0;
  const monitor::RouteConfig* config = route_in(scenario, route);
  if (config == nullptr || depth > 4) return 0;
  for (const monitor::RouteTarget& target : config->targets) {
    bits |= target.route ? reached_by(scenario, *target.route, depth + 1)
                         : std::uint64_t{1} << index_of(*target.deployment);
  }
  return bits;
}

[[nodiscard]] inline bool may_retry_in(const Scenario& scenario, const monitor::RouteConfig& route,
                                       monitor::ReplyKind kind) {
  if (route.retry.on) return route.retry.on->has(kind);
  if (kind == monitor::ReplyKind::rate_limited) return scenario.monitor.provider_call.rate_limited_retries;
  return monitor::is_retriable(kind);
}

}  // namespace windtunnel::sim
