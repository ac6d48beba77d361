// What a run takes at least, of each setting whose size the scenario alone decides.

#include "sim/world/memory_need.h"

#include <gtest/gtest.h>

#include "tests/sim/any_world.h"

namespace windtunnel::sim::memory_need_test {
namespace {

constexpr std::uint64_t kMillionOfThem = 1'000'000;

Scenario plain() {
  Scenario scenario = swarm_base();
  scenario.workloads.resize(1);
  scenario.workloads[0] = WorkloadSpec{};
  scenario.workloads[0].name = "chat";
  return scenario;
}

// What the setting adds to a scenario without it.
template <typename Change>
std::uint64_t added(Scenario scenario, const Change& change) {
  const std::uint64_t before = memory_need(scenario).bytes;
  change(scenario);
  return memory_need(scenario).bytes - before;
}

TEST(MemoryNeed, of_tables_of_popularity_is_a_number_for_each_item) {
  const auto prompts = [](Scenario& scenario) { scenario.workloads[0].prompts = {.count = kMillionOfThem, .zipf = 1}; };
  const auto users = [](Scenario& scenario) { scenario.workloads[0].users = {.count = kMillionOfThem, .zipf = 1}; };
  const auto alike = [](Scenario& scenario) { scenario.workloads[0].prompts = {.count = kMillionOfThem, .zipf = 0}; };
  EXPECT_EQ(added(plain(), prompts), 8 * kMillionOfThem);
  EXPECT_EQ(added(plain(), users), 8 * kMillionOfThem);
  EXPECT_EQ(added(plain(), alike), 0U);
}

TEST(MemoryNeed, of_keys_is_theirs_in_each_team) {
  Scenario limited = plain();
  limited.monitor.limits.limits.emplace_back();
  const auto callers = [](double zipf) {
    return [zipf](Scenario& scenario) {
      scenario.workloads[0].teams = {.count = 10'000, .zipf = 0};
      scenario.workloads[0].keys = {.count = 10'000, .zipf = zipf};
    };
  };
  const std::uint64_t words = 8 * 4'096 * (1 + 10'000);
  EXPECT_EQ(added(limited, callers(0)), words);
  EXPECT_EQ(added(limited, callers(1)), words + 8 * std::uint64_t{10'000} * 10'000);
  EXPECT_EQ(added(plain(), callers(1)), 0U) << "without limits no request carries a caller";
}

TEST(MemoryNeed, of_users_of_a_closed_loop_is_their_first_requests) {
  const auto loop = [](Scenario& scenario) { scenario.workloads[0].executor = ConstantVus{.vus = 1'000'000}; };
  EXPECT_GE(added(plain(), loop), 1'000 * kMillionOfThem);
  Scenario scenario = plain();
  loop(scenario);
  EXPECT_EQ(memory_need(scenario).largest, "workload chat: 1000000 users at once");
}

TEST(MemoryNeed, of_the_windows_of_breakers_is_theirs_in_each_replica) {
  Scenario single = plain();
  for (ProviderSpec& provider : single.providers) provider.breaker.reset();
  single.monitor.circuit_breaker.window_type = monitor::WindowType::count;
  single.monitor.circuit_breaker.window_size = 0;
  const std::uint64_t providers = single.providers.size();
  const auto ring = [](Scenario& scenario) { scenario.monitor.circuit_breaker.window_size = 1'000'000; };
  EXPECT_EQ(added(single, ring), providers * kMillionOfThem);
  Scenario many = single;
  many.replicas.count = 3;
  EXPECT_EQ(added(many, ring), 4 * providers * kMillionOfThem);
  const auto buckets = [](Scenario& scenario) {
    scenario.monitor.circuit_breaker.window_type = monitor::WindowType::time;
    scenario.monitor.circuit_breaker.window_buckets = 1'000'000;
  };
  EXPECT_EQ(added(single, buckets), providers * 24 * kMillionOfThem);
}

}  // namespace
}  // namespace windtunnel::sim::memory_need_test
