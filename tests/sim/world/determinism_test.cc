#include "sim/world/determinism.h"

#include <gtest/gtest.h>

#include <chrono>

namespace windtunnel::sim::study_determinism_test {
namespace {

using namespace std::chrono_literals;

Scenario small_world() {
  Scenario scenario;
  scenario.duration = 20s;
  for (const char* name : {"openai", "anthropic"}) {
    ProviderSpec provider;
    provider.name = provider.model = name;
    provider.time_to_first_token = Law::uniform(1e9, 2e9);
    provider.time_per_output_token = Law::fixed(0);
    provider.tariffs = {{}};
    scenario.providers.push_back(provider);
  }
  WorkloadSpec workload;
  workload.name = "load";
  workload.arrival = Arrival::uniform;
  scenario.workloads.push_back(workload);
  return scenario;
}

TEST(Determinism, two_runs_of_one_seed_are_the_same_run) {
  EXPECT_FALSE(first_divergence(small_world(), {}, {}).has_value());
}

// Uniform arrivals come at the same instants under any seed: the first event whose figures differ is a completion.
TEST(Determinism, the_first_event_that_differs_is_named_from_both_sides) {
  const auto divergence = first_divergence(small_world(), {.seed = 1}, {.seed = 2});
  ASSERT_TRUE(divergence.has_value());
  EXPECT_GT(divergence->event, 1U);
  EXPECT_NE(divergence->first, divergence->second);
  EXPECT_NE(divergence->first.find("s: "), std::string::npos) << divergence->first;
}

TEST(Determinism, a_run_that_ends_earlier_differs_at_the_first_event_that_it_lacks) {
  const auto divergence = first_divergence(small_world(), {}, {.until = 5s});
  ASSERT_TRUE(divergence.has_value());
  EXPECT_EQ(divergence->second, "the run has ended\n");
  EXPECT_NE(divergence->first, divergence->second);
}

}  // namespace
}  // namespace windtunnel::sim::study_determinism_test
