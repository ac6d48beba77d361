#include "sim/explore/shrink_routes.h"

#include "sim/explore/shrink_limits.h"

namespace windtunnel::sim {

void drop_deployment(monitor::RoutesConfig& routing, std::size_t deployment) {
  for (monitor::RouteConfig& route : routing.routes) {
    std::erase_if(route.targets, [&](const monitor::RouteTarget& target) {
      return target.deployment && index_of(*target.deployment) == deployment;
    });
    for (monitor::RouteTarget& target : route.targets) {
      if (!target.deployment || index_of(*target.deployment) < deployment) continue;
      target.deployment = monitor::ProviderId{static_cast<std::uint8_t>(index_of(*target.deployment) - 1)};
    }
  }
}

// Without a word that a deployment has of its own.
void add_without_own_words(const Scenario& world, std::vector<Scenario>& smaller) {
  for (std::size_t i = 0; i < world.providers.size(); ++i) {
    const ProviderSpec& provider = world.providers[i];
    if (provider.breaker) smaller.emplace_back(world).providers[i].breaker.reset();
    if (provider.backoff) smaller.emplace_back(world).providers[i].backoff.reset();
    if (!provider.first_token_timeout && !provider.idle_timeout) continue;
    ProviderSpec& plain = smaller.emplace_back(world).providers[i];
    plain.first_token_timeout.reset(), plain.idle_timeout.reset();
  }
}

std::vector<Scenario> with_smaller_routes(const Scenario& world) {
  std::vector<Scenario> smaller;
  add_without_own_words(world, smaller);
  const monitor::RoutesConfig& routing = world.monitor.routing;
  if (routing.routes.empty()) return smaller;
  Scenario& without = smaller.emplace_back(world);
  without.monitor.routing = {};
  forget_routes(without.monitor.limits);
  for (WorkloadSpec& load : without.workloads) load.route.reset();
  if (!routing.default_fallback.empty()) smaller.emplace_back(world).monitor.routing.default_fallback.clear();
  for (std::size_t i = 0; i < routing.routes.size(); ++i) {
    monitor::RouteConfig plain;
    plain.name = routing.routes[i].name;
    plain.targets = routing.routes[i].targets;
    if (plain == routing.routes[i]) continue;
    smaller.emplace_back(world).monitor.routing.routes[i] = std::move(plain);
  }
  return smaller;
}

}  // namespace windtunnel::sim
