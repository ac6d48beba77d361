#include "sim/explore/guided.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/explore/situations.h"
#include "sim/world/world.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::guided_test {
namespace {

using namespace std::chrono_literals;

Scenario base_world() {
  Scenario base = world(10min, workload("chat", per_second(2)), provider("alpha"));
  base.providers.push_back(provider("beta"));
  return base;
}

std::vector<std::uint32_t> features_of(const Scenario& world) {
  Situations situations{world};
  (void)run(world, {.observers = {&situations}});
  return situations.features();
}

TEST(Guided, gives_the_same_search_for_any_number_of_threads) {
  const Scenario base = base_world();
  const Exploration one = explore_guided(base, 1, 100, {.swarm = true, .jobs = 1});
  const Exploration four = explore_guided(base, 1, 100, {.swarm = true, .jobs = 4});
  EXPECT_EQ(one.totals, four.totals);
  EXPECT_EQ(one.last, 100U);
  EXPECT_EQ(one.guided->situations, four.guided->situations);
  EXPECT_FALSE(one.failure);
}

TEST(Guided, reaches_more_situations_than_the_swarm_in_as_many_worlds) {
  const Scenario base = base_world();
  std::set<std::uint32_t> swarm;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const auto features = features_of(swarm_world(base, seed));
    swarm.insert(features.begin(), features.end());
  }
  const Exploration guided = explore_guided(base, 1, 300, {.swarm = true, .jobs = 2});
  EXPECT_GT(guided.guided->situations, swarm.size());
}

TEST(Guided, children_differ_from_their_parents_in_a_few_draws) {
  const Scenario base = base_world();
  const WorldGenes parent{.seed = 7, .layers = {}, .run_seed = 7};
  const WorldGenes child{.seed = 7, .layers = {{.seed = 99, .percent = 5}}, .run_seed = 7};
  const WorldGenes whole{.seed = 7, .layers = {{.seed = 99, .percent = 100}}, .run_seed = 99};
  EXPECT_NE(run(swarm_world(base, parent)).digest, run(swarm_world(base, whole)).digest);
  EXPECT_EQ(run(swarm_world(base, whole)).digest, run(swarm_world(base, 99)).digest);
  int alike = 0;
  for (const char* name : {"grid", "start", "rate", "workloads", "providers", "faults", "timeout", "duration"}) {
    for (std::uint64_t member = 0; member < 10; ++member) {
      alike += Dice{child.seed, child.layers}.bits(name, member) == Dice{parent.seed}.bits(name, member) ? 1 : 0;
    }
  }
  EXPECT_GT(alike, 60);
  EXPECT_LT(alike, 80);
}

TEST(Guided, keeps_a_world_that_reached_something_new_and_no_other) {
  GuidedCorpus corpus{1};
  corpus.learn({.seed = 1}, {3, 5});
  corpus.learn({.seed = 2}, {3, 5});
  EXPECT_EQ(corpus.worlds(), 1U);
  EXPECT_EQ(corpus.situations(), 2U);
  corpus.learn({.seed = 3}, {5, 8});
  EXPECT_EQ(corpus.worlds(), 2U);
  EXPECT_EQ(corpus.situations(), 3U);
}

TEST(Situations, tell_an_outage_from_a_healthy_run) {
  Scenario healthy = base_world();
  Scenario broken = healthy;
  broken.faults.push_back(fault("down", Outage{}, 1min, 2min));
  const auto a = features_of(healthy);
  const auto b = features_of(broken);
  EXPECT_GT(b.size(), a.size());
  EXPECT_EQ(features_of(broken), b);
}

}  // namespace
}  // namespace windtunnel::sim::guided_test
