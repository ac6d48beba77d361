// A swarm: each seed has a world of its own, from ranges that the base may narrow, healed early enough to recover.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/checks/claims/recovery.h"
#include "sim/explore/explore.h"
#include "tests/sim/any_world.h"

namespace windtunnel::sim::study_swarm_test {
namespace {

using namespace std::chrono_literals;

TEST(Swarm, is_a_pure_function_of_base_and_seed) {
  const Scenario base = swarm_base();
  std::set<std::uint64_t> digests;
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    const Scenario world = swarm_world(base, seed);
    EXPECT_EQ(world.seed, seed);
    const std::uint64_t digest = run(world).digest;
    EXPECT_EQ(run(swarm_world(base, seed)).digest, digest);
    digests.insert(digest);
  }
  EXPECT_EQ(digests.size(), 5U);
}

// Every draw has a name of its own: a range narrowed leaves the others as they are.
TEST(Swarm, a_range_narrowed_moves_no_other_draw) {
  const Scenario base = swarm_base();
  Scenario narrowed = base;
  narrowed.explore.faults = {2, 2};
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Scenario wide = swarm_world(base, seed);
    const Scenario narrow = swarm_world(narrowed, seed);
    EXPECT_EQ(narrow.faults.size(), 2U);
    EXPECT_EQ(wide.duration, narrow.duration);
    EXPECT_EQ(wide.monitor.provider_call, narrow.monitor.provider_call);
    EXPECT_EQ(wide.monitor.circuit_breaker, narrow.monitor.circuit_breaker);
    EXPECT_EQ(wide.workloads.size(), narrow.workloads.size());
    for (std::size_t i = 0; i < std::min<std::size_t>(2, wide.faults.size()); ++i) {
      EXPECT_EQ(wide.faults[i].settings, narrow.faults[i].settings);
      EXPECT_EQ(wide.faults[i].at, narrow.faults[i].at);
    }
  }
}

TEST(Swarm, stays_within_its_ranges) {
  Scenario base = swarm_base();
  base.explore.duration = {70s, 90s};
  base.explore.timeout = {2s, 3s};
  base.explore.open = {4s, 5s};
  base.explore.providers = {2, 4};
  base.explore.faults = {1, 3};
  base.explore.fault_kinds = {kind_of(Throttle{}), kind_of(Outage{})};
  base.explore.time_grids = {Duration{0}};
  std::set<std::size_t> providers;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Scenario world = swarm_world(base, seed);
    EXPECT_TRUE(world.duration >= 70s && world.duration <= 90s);
    EXPECT_TRUE(world.monitor.provider_call.timeout >= 2s && world.monitor.provider_call.timeout <= 3s);
    EXPECT_TRUE(world.monitor.circuit_breaker.open >= 4s && world.monitor.circuit_breaker.open <= 5s);
    EXPECT_TRUE(!world.faults.empty() && world.faults.size() <= 3);
    for (const FaultSpec& fault : world.faults) {
      EXPECT_TRUE(std::holds_alternative<Throttle>(fault.settings) || std::holds_alternative<Outage>(fault.settings));
      EXPECT_TRUE(!world.liveness || fault.at < world.liveness->heal_at);
    }
    EXPECT_EQ(world.providers[0].name, "alpha");
    EXPECT_EQ(world.providers[1].name, "beta");
    providers.insert(world.providers.size());
  }
  EXPECT_EQ(providers, (std::set<std::size_t>{2, 3, 4}));
}

TEST(Swarm, keeps_what_it_is_configured_to_keep) {
  Scenario base = swarm_base();
  base.faults = {fault("down", Outage{}, 100s, 30s)};
  base.monitor.cache.capacity = 17;
  base.monitor.provider_call.timeout = 7s;
  base.monitor.circuit_breaker.consecutive_threshold = 4;
  base.start = WallTime{std::chrono::seconds{1'234'567'890}};
  for (std::uint8_t part = 0; part < kSwarmParts; ++part) base.explore.keep.push_back(SwarmPart{part});
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Scenario same = base;
    same.liveness = swarm_world(base, seed).liveness;
    ASSERT_TRUE(same.liveness);
    EXPECT_EQ(run(swarm_world(base, seed)).digest, run(same, {.seed = seed}).digest);
  }
  base.explore.keep = {SwarmPart::cache, SwarmPart::faults};
  const Scenario world = swarm_world(base, 1);
  EXPECT_EQ(world.monitor.cache.capacity, 17U);
  ASSERT_EQ(world.faults.size(), 1U);
  EXPECT_EQ(world.faults[0].at, 100s);
  EXPECT_GE(world.duration, 130s);  // long enough for what is kept
  EXPECT_NE(world.start, base.start);
}

TEST(Swarm, drops_what_the_base_claims_of_itself) {
  Scenario base = swarm_base();
  base.thresholds.emplace_back();
  base.coverage = {{"failover", 5}};
  base.counterexample.emplace();
  const Scenario world = swarm_world(base, 1);
  EXPECT_TRUE(world.thresholds.empty() && world.coverage.empty() && !world.counterexample);
}

// Where no recovery is possible none is claimed; that is rare, or liveness would be watched of nothing.
TEST(Swarm, claims_recovery_where_it_is_possible_which_is_nearly_everywhere) {
  const Scenario base = swarm_base();
  std::size_t impossible = 0;
  std::size_t limited = 0;
  constexpr std::uint64_t kSeeds = 5000;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Scenario world = swarm_world(base, seed);
    const auto& limiter = world.monitor.rate_limiter;
    const bool may_gather =
        (limiter.requests_per_minute || limiter.tokens_per_minute) &&
        std::ranges::any_of(world.workloads, [](const auto& load) { return load.client.has_value(); });
    if (!world.monitor.limits.limits.empty() || world.replicas.count > 1 || may_gather) {
      // Limits may refuse for as long as the world lasts, a replica may be asked too little, and callers whom a limiter
      // sent away come back together.
      EXPECT_FALSE(world.liveness.has_value()) << seed;
      ++limited;
      continue;
    }
    const Recovery recovery = recovery_of(world);
    EXPECT_EQ(world.liveness.has_value(), recovery.possible) << seed << ": " << recovery.reason;
    if (!recovery.possible) {
      ++impossible;
      EXPECT_FALSE(recovery.reason.empty());
    }
  }
  EXPECT_GT(impossible, 0U);
  EXPECT_LT(impossible, kSeeds / 12);  // nearly all by quotas that are meant to be used up
  EXPECT_GT(limited, 0U);
  EXPECT_LT(limited, kSeeds / 2);
}

// No check cries without a reason, and what never happened was not shown to be quiet.
TEST(Swarm, finds_nothing_in_the_pipeline_and_goes_through_every_situation) {
  const Exploration found = explore(swarm_base(), 1, 1000, {.swarm = true});
  if (found.failure)
    ADD_FAILURE() << "seed " << found.failure->seed << ": " << found.failure->finding.id << ": "
                  << found.failure->finding.reason;
  EXPECT_EQ(found.last, 1000U);
  EXPECT_EQ(found.totals.seeds, 1000U);
  for (std::size_t i = 0; i < kCoverageCounters; ++i) {
    EXPECT_GT(found.totals.seeds_covering[i], 5U) << coverage_counters()[i];
  }
}

}  // namespace
}  // namespace windtunnel::sim::study_swarm_test
