#pragma once
// The parts of a swarm's world, each drawn by a function of its own. For swarm.cc only.

#include <algorithm>

#include "sim/explore/shrink_limits.h"
#include "sim/kernel/dice.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim::swarm {

// Attempts of a request at all providers together: more would only make runs longer. A base with more providers has one
// each.
inline constexpr std::size_t kSwarmAttemptsMax = 16;

// What the parts share.
struct Draft {
  const Scenario& base;
  const ExploreSpec& ranges;
  Dice dice;
  Duration grid{0};  // 0: none
  Scenario world;

  [[nodiscard]] bool keeps(SwarmPart part) const;
  // How long a call is waited for, in figures that settings are drawn around.
  [[nodiscard]] Duration patience() const {
    return std::min<Duration>(world.monitor.provider_call.timeout, std::chrono::hours{1});
  }
  [[nodiscard]] Duration on_grid(Duration duration) const { return sim::on_grid(duration, grid); }
};

// In this order: each may use what those before it drew.
void draw_provider_names(Draft& draft);
void draw_calls(Draft& draft);             // provider_call
void draw_load(Draft& draft);              // duration, workload
void draw_limits(Draft& draft);            // rate_limiter, token_limiter, cost_limiter
void draw_providers(Draft& draft);         // all but their names
void draw_breaker(Draft& draft);           // circuit_breaker
void draw_cache_and_routes(Draft& draft);  // cache, ab_router
void draw_deployments(Draft& draft);       // quotas, windows of context and own timeouts of providers
void draw_routes(Draft& draft);            // routes, in place of an experiment and of choices
void draw_limit_list(Draft& draft);        // limits, and callers
void draw_replicas(Draft& draft);          // replicas and what they share
void draw_faults(Draft& draft);            // faults, between the start and the time at which they are healed

}  // namespace windtunnel::sim::swarm
