#include "sim/explore/shrink_limits.h"

#include <iterator>
#include <variant>

namespace windtunnel::sim {

namespace {

// A fault that restarts a replica which is left out restarts all.
Scenario with_replicas(Scenario world, const ReplicasSpec& replicas) {
  world.replicas = replicas;
  for (FaultSpec& fault : world.faults) {
    auto* restart = std::get_if<GatewayRestart>(&fault.settings);
    if (restart != nullptr && restart->replica > replicas.count) restart->replica = 0;
  }
  return world;
}

}  // namespace

void forget_routes(monitor::LimitsConfig& limits) {
  for (monitor::LimitConfig& limit : limits.limits) {
    if (limit.on_exhausted != monitor::OnExhausted::route) continue;
    limit.on_exhausted = monitor::OnExhausted::refuse;
    limit.route.reset();
  }
}

std::vector<Scenario> with_smaller_limits(const Scenario& world) {
  std::vector<Scenario> smaller;
  const monitor::LimitsConfig& limits = world.monitor.limits;
  if (world.replicas != ReplicasSpec{}) {
    smaller.push_back(with_replicas(world, {}));
    ReplicasSpec fewer = world.replicas;
    if (--fewer.count >= 2) smaller.push_back(with_replicas(world, fewer));
  }
  if (limits.limits.empty()) return smaller;
  smaller.emplace_back(world).monitor.limits = {};
  for (std::size_t i = 0; i < limits.limits.size(); ++i) {
    auto& fewer = smaller.emplace_back(world).monitor.limits.limits;
    fewer.erase(std::next(fewer.begin(), static_cast<std::ptrdiff_t>(i)));
  }
  if (limits.combine != monitor::LimitCombine::all) {
    smaller.emplace_back(world).monitor.limits.combine = monitor::LimitCombine::all;
  }
  for (std::size_t i = 0; i < limits.limits.size(); ++i) {
    monitor::LimitConfig plain;
    plain.id = limits.limits[i].id;
    plain.per = limits.limits[i].per;
    plain.requests = limits.limits[i].requests;
    plain.tokens = limits.limits[i].tokens;
    plain.usd = limits.limits[i].usd;
    plain.parallel_requests = limits.limits[i].parallel_requests;
    if (plain == limits.limits[i]) continue;
    smaller.emplace_back(world).monitor.limits.limits[i] = std::move(plain);
  }
  return smaller;
}

}  // namespace windtunnel::sim
