#include <algorithm>

#include "monitor/routing/route.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

monitor::RouteId route_of(const Scenario& scenario, const WorkloadSpec& workload) {
  const monitor::RoutesConfig& routing = scenario.monitor.routing;
  if (routing.routes.empty()) return {};
  monitor::RouteId asked{};
  if (workload.route) {
    const auto found = std::ranges::find(routing.routes, *workload.route, &monitor::RouteConfig::name);
    check(found != routing.routes.end(), "a workload asks for a route that exists");
    asked = monitor::RouteId{static_cast<std::uint8_t>(found - routing.routes.begin())};
  }
  return route_by_rules(routing, asked, workload.tags);
}

}  // namespace windtunnel::sim
