#include "sim/explore/swarm.h"

#include <algorithm>

#include "sim/checks/claims/recovery.h"
#include "sim/explore/swarm_draws.h"
#include "sim/world/replicas.h"

namespace windtunnel::sim {
namespace swarm {

bool Draft::keeps(SwarmPart part) const {
  return std::find(ranges.keep.begin(), ranges.keep.end(), part) != ranges.keep.end();
}

}  // namespace swarm

namespace {

using swarm::Draft;
using namespace std::chrono_literals;

Duration whole_seconds(Duration duration) { return duration / 1s * 1s; }

// Near the ends of minutes, days, months and years, and far from them.
void draw_start(Draft& draft) {
  if (draft.keeps(SwarmPart::start)) return;
  draft.world.start = WallTime{
      std::chrono::seconds{draft.dice.one_of<std::int64_t>({1'709'164'770,   // 2024-02-28T23:59:30Z, before a leap day
                                                            1'709'251'150,   // 2024-02-29T23:59:10Z, its end
                                                            1'735'689'540,   // 2024-12-31T23:59:00Z
                                                            1'769'903'960,   // 2026-01-31T23:59:20Z
                                                            1'768'903'200},  // 2026-01-20T10:00:00Z
                                                           "start")}};
}

// Faults are over early enough for the settings to recover, and for requests to show it. A run too short for that is
// made longer, up to the longest.
void claim_recovery(Draft& draft) {
  Scenario& world = draft.world;
  const Duration shown = world.duration / 8;
  const Recovery recovery = recovery_of(world);
  // On top: the pauses between requests, and something to spare.
  const Duration within = std::max<Duration>(draft.grid, 1s) + whole_seconds(recovery.time + 5s + world.duration / 20);
  const Duration least = world.duration / 3;
  if (!draft.keeps(SwarmPart::duration) && least + within + shown > world.duration) {
    world.duration =
        std::max(world.duration, std::min(draft.ranges.duration.most, whole_seconds((within + shown) / 2 * 3)));
  }
  const Duration latest = std::max(least, world.duration - within - shown);
  const Duration heal_at = std::min(std::max<Duration>(1s, whole_seconds(latest)), world.duration - 1ms);
  world.liveness = LivenessSpec{.heal_at = heal_at, .recover_within = within, .success_rate = 0.95};
}

}  // namespace

Scenario swarm_world(const Scenario& base, std::uint64_t seed) {
  Draft draft{.base = base, .ranges = base.explore, .dice = Dice{seed}, .world = base};
  Scenario& world = draft.world;
  world.seed = seed;
  world.thresholds.clear();
  world.forecast_thresholds.clear();
  world.coverage.clear();
  world.counterexample.reset();
  world.explore = ExploreSpec{};
  world.liveness.reset();
  world.origins.clear();
  world.warnings.clear();
  if (!draft.ranges.time_grids.empty()) draft.grid = draft.dice.one_of(draft.ranges.time_grids, "grid");
  draw_start(draft);
  swarm::draw_provider_names(draft);
  swarm::draw_calls(draft);
  swarm::draw_load(draft);
  swarm::draw_limits(draft);
  swarm::draw_providers(draft);
  swarm::draw_breaker(draft);
  swarm::draw_cache_and_routes(draft);
  if (!draft.keeps(SwarmPart::providers)) swarm::draw_deployments(draft);
  swarm::draw_routes(draft);
  swarm::draw_limit_list(draft);
  swarm::draw_replicas(draft);
  claim_recovery(draft);
  swarm::draw_faults(draft);
  const bool outlives = std::ranges::any_of(
      world.faults, [&](const FaultSpec& fault) { return fault.at >= world.liveness->heal_at; });  // only if kept
  // A caller without anything left asks for nothing, and no request shows that a breaker has closed.
  const bool may_starve = !world.monitor.limits.limits.empty();
  // Nor does it of each replica, if there are several.
  const bool is_many = world.replicas.count > 1;
  // Callers whom a limiter sends away come back all together, when its minute is over.
  const auto& limiter = world.monitor.rate_limiter;
  const bool may_gather =
      (limiter.requests_per_minute || limiter.tokens_per_minute) &&
      std::ranges::any_of(world.workloads, [](const WorkloadSpec& load) { return load.client.has_value(); });
  // Breakers of another program belong to one gateway that is never restarted.
  if (!world.breaker_command.empty()) {
    std::erase_if(world.faults, [](const FaultSpec& fault) { return restart_of(fault.settings).has_value(); });
  }
  // Neither replicas nor a gateway that restarts hear of usage that comes late.
  if (has_replicas(world)) {
    for (ProviderSpec& provider : world.providers) provider.usage_late = 0;
    std::erase_if(world.faults, [](const FaultSpec& fault) { return delays_usage(fault.settings); });
  }
  if (outlives || may_starve || may_gather || is_many || !recovery_of(world).possible) {
    world.liveness.reset();
  }
  return draft.world;
}

}  // namespace windtunnel::sim
