#include <algorithm>

#include "monitor/routing/route.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

std::vector<monitor::BreakerConfig> breakers_of(const Scenario& scenario) {
  const auto by_route = breakers_of_routes(scenario.monitor.routing, scenario.providers.size());
  std::vector<monitor::BreakerConfig> breakers;
  for (std::size_t i = 0; i < scenario.providers.size(); ++i) {
    const auto& own = scenario.providers[i].breaker;
    const bool is_of_route = by_route[i] != nullptr;
    breakers.push_back(is_of_route ? by_route[i]->config : own ? own->config : scenario.monitor.circuit_breaker);
  }
  return breakers;
}

std::vector<monitor::ProviderConfig> provider_configs(const Scenario& scenario) {
  std::vector<monitor::ProviderConfig> configs;
  const std::vector<monitor::BreakerConfig> breakers = breakers_of(scenario);
  for (const ProviderSpec& spec : scenario.providers) {
    configs.push_back({.name = spec.name,
                       .model = spec.model,
                       .tariffs = spec.tariffs,
                       .attempt_timeout = spec.attempt_timeout,
                       .first_token_timeout = spec.first_token_timeout,
                       .idle_timeout = spec.idle_timeout,
                       .max_attempts = spec.max_attempts,
                       .backoff = spec.backoff,
                       .breaker = breakers[configs.size()],
                       .requests_per_minute = spec.rate_limit.requests_per_minute,
                       .tokens_per_minute = spec.rate_limit.tokens_per_minute,
                       .account = spec.account});
  }
  return configs;
}

namespace {

monitor::RouteId route_named(const Scenario& scenario, const WorkloadSpec& workload,
                             const std::optional<std::string>& name) {
  const monitor::RoutesConfig& routing = scenario.monitor.routing;
  if (routing.routes.empty()) return {};
  monitor::RouteId asked{};
  if (name) {
    const auto found = std::ranges::find(routing.routes, *name, &monitor::RouteConfig::name);
    check(found != routing.routes.end(), "a workload asks for a route that exists");
    asked = monitor::RouteId{static_cast<std::uint8_t>(found - routing.routes.begin())};
  }
  return route_by_rules(routing, asked, workload.tags);
}

bool has_routes_of_rows(const WorkloadSpec& workload) {
  return std::ranges::any_of(workload.requests, [](const ListedRequest& row) { return row.route.has_value(); });
}

}  // namespace

monitor::RouteId route_of(const Scenario& scenario, const WorkloadSpec& workload) {
  return route_named(scenario, workload, workload.route);
}

std::vector<monitor::RouteId> routes_of_rows(const Scenario& scenario, const WorkloadSpec& workload) {
  std::vector<monitor::RouteId> routes;
  if (!has_routes_of_rows(workload)) return routes;
  for (const ListedRequest& row : workload.requests) {
    routes.push_back(route_named(scenario, workload, row.route ? row.route : workload.route));
  }
  return routes;
}

bool has_routes_of_rows(const Scenario& scenario) {
  return std::ranges::any_of(scenario.workloads,
                             [](const WorkloadSpec& workload) { return has_routes_of_rows(workload); });
}

}  // namespace windtunnel::sim
