#pragma once
// Small forecasts: worlds whose spend can be worked out, and all of a forecast's replications at once.

#include <utility>
#include <vector>

#include "sim/forecast/forecast_study.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim {

inline constexpr WallTime kNewYear{std::chrono::seconds{1'767'225'600}};  // 2026-01-01T00:00:00Z

// 1000 requests a day at 0.03/0.06 and 0.003/0.015 USD per 1000 tokens, half of them each, uniform tokens.
inline Scenario month_of_two_providers() {
  WorkloadSpec load = workload("chat", per(std::chrono::hours{24}, 1000), Arrival::poisson);
  load.input.law = Law::uniform(150, 350);
  load.output.law = Law::uniform(50, 450);
  Scenario scenario = world(std::chrono::hours{24 * 30}, load, provider("openai"));
  scenario.providers.push_back(provider("anthropic"));
  scenario.providers[0].tariffs[0].tariff = tariff(30'000'000, 60'000'000);
  scenario.providers[1].tariffs[0].tariff = tariff(3'000'000, 15'000'000);
  scenario.monitor.ab_router = {.experiment_id = "split", .variants = {{"a", kFirst, 1}, {"b", kSecond, 1}}};
  scenario.start = kNewYear;
  return scenario;
}

// 100 requests a day, each at 9 milli-USD (100 tokens in at 30, 100 out at 60 micro-USD), whose level is drawn.
inline Scenario drawn_demand(double level_cv) {
  WorkloadSpec load = workload("chat", per(std::chrono::hours{24}, 100), Arrival::poisson);
  load.executor = Diurnal{.level_cv = level_cv};
  load.max_tokens = Tokens{100};  // so that a request reserves what it costs
  Scenario scenario = world(std::chrono::hours{24}, load);
  scenario.start = kNewYear;
  return scenario;
}

inline std::vector<ReplicationBlock> all_blocks(const ForecastWorld& world, const BlockPlan& plan, unsigned jobs = 1) {
  std::vector<ReplicationBlock> blocks;
  ThreadedMaker maker{world, jobs, nullptr};
  const BlockWatch watch{.take = [&](const ReplicationBlock& block) {
    blocks.push_back(block);
    return true;
  }};
  EXPECT_TRUE(make_blocks(maker, plan, watch));
  return blocks;
}

inline ReplicationSet replicated(const ForecastWorld& world, std::uint64_t replications, unsigned jobs = 1) {
  ReplicationSet set{.frame = world.frame(), .all = {}, .latency = {}};
  for (const ReplicationBlock& block : all_blocks(world, {.replications = replications}, jobs)) add(set, block);
  return set;
}

inline ThresholdSpec forecast_threshold(ForecastQuantity quantity, Aggregate aggregate, Comparison comparison,
                                        std::int64_t bound_millionths) {
  ThresholdSpec threshold;
  threshold.forecast = quantity;
  threshold.aggregate = aggregate;
  threshold.comparison = comparison;
  threshold.bound = bound_millionths;
  return threshold;
}

}  // namespace windtunnel::sim
