// Control variates of a forecast: the demand they are made of is the one that replications have, they gain what they
// are for, and their intervals hold the truth as often as plain ones.

#include "sim/forecast/controls.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/forecast/forecast_fixture.h"

namespace windtunnel::sim::controls_test {
namespace {

using namespace std::chrono_literals;

// Days of so many requests at 9 milli-USD each, whose factors are drawn.
Scenario drawn_days(std::int64_t days, std::int64_t requests, double day_factor_cv, double level_cv) {
  Scenario scenario = drawn_demand(level_cv);
  scenario.duration = days * 24h;
  scenario.workloads[0].rate = per(24h, requests);
  std::get<Diurnal>(scenario.workloads[0].executor).day_factor_cv = day_factor_cv;
  return scenario;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double drawn_mean(const Diurnal& draws, std::size_t count) {
  const DrawnLoad load{.word = "chat", .workload = 0, .by_day = {0, 0, 10}, .draws = draws};
  double sum = 0;
  double by_day[3];
  for (std::size_t seed = 0; seed < count; ++seed) {
    draw_demand(load, Chance{seed}, by_day);
    sum += by_day[2];
  }
  return sum / static_cast<double>(count);
}

TEST(Demand, has_the_mean_that_its_laws_have) {
  Diurnal draws;
  draws.day_factor_cv = 0.3;
  draws.level_cv = 0.2;
  draws.growth_per_day = 0.05;
  DrawnLoad load{.word = "chat", .workload = 0, .by_day = {0, 0, 10}, .draws = draws};
  EXPECT_NEAR(mean_demand(load)[2], 10 * 1.05 * 1.05, 1e-12);
  EXPECT_NEAR(drawn_mean(draws, 40'000), mean_demand(load)[2], 0.08);
  draws.day_factor_law = FactorLaw::gamma;
  EXPECT_NEAR(drawn_mean(draws, 40'000), mean_demand(load)[2], 0.08);
  // Growth of sd 0.1 known since 3 days before the start: E[(1.05 + 0.1 z)^5] / 1.05^3.
  draws.growth_sd = 0.1;
  draws.growth_known_days = 3;
  load.draws = draws;
  const double g = 1.05;
  const double s = 0.01;
  const double moment = std::pow(g, 5) + 10 * std::pow(g, 3) * s + 15 * g * s * s;
  EXPECT_NEAR(mean_demand(load)[2], 10 * moment / std::pow(g, 3), 1e-6);
}

TEST(Demand, is_what_replications_expect_of_their_environment) {
  Scenario scenario = drawn_days(3, 200, 0.3, 0.2);
  WorkloadSpec steady = workload("steady", per(24h, 50), Arrival::poisson);
  steady.executor = RampingArrivalRate{.stages = {{72h, {100'000'000}}}};
  scenario.workloads.push_back(steady);
  const ForecastWorld world{scenario, {.horizon = 72h, .controlled = true}};
  const DemandModel& demand = *world.frame().demand;
  ASSERT_EQ(demand.drawn.size(), 1U);
  EXPECT_TRUE(demand.counts_are_poisson);
  EXPECT_NEAR(demand.fixed_requests, 3 * 75.0, 1e-6);
  std::vector<double> squares;
  std::vector<double> excess;
  for (const Replication& replication : replicated(world, 400, 2).all) {
    double by_day[3];
    draw_demand(demand.drawn[0], Chance{replication_seed(world.frame().seed, SeedFamily::forecast, replication.index)},
                by_day);
    const double expected = demand.fixed_requests + by_day[0] + by_day[1] + by_day[2];
    const double beyond = (static_cast<double>(replication.requests()) - expected) / std::sqrt(expected);
    excess.push_back(beyond);
    squares.push_back(beyond * beyond);
  }
  EXPECT_NEAR(mean_of(excess), 0, 0.2);
  EXPECT_NEAR(mean_of(squares), 1, 0.25);
}

TEST(Demand, has_no_poisson_counts_without_poisson_arrivals) {
  Scenario scenario = drawn_days(2, 100, 0.2, 0);
  scenario.workloads[0].arrival = Arrival::uniform;
  EXPECT_FALSE(ForecastWorld(scenario, {.horizon = 48h, .controlled = true}).frame().demand->counts_are_poisson);
}

// A month at a day CV of 0.25 whose budget lies where 5 to 6 % reach it: plain averages take 8,000 replications for the
// mean +- 0.1 % and this chance +- 0.5 points.
TEST(Controls, gain_more_than_a_factor_of_20_at_a_day_cv_of_a_quarter) {
  Scenario scenario = drawn_days(30, 2000, 0.25, 0);
  scenario.monitor.cost_limiter.monthly = Usd::from_dollars(574);
  const Forecast forecast =
      forecast_of(replicated(ForecastWorld{scenario, {.horizon = 720h, .controlled = true}}, 150, 2), {});
  ASSERT_TRUE(forecast.reduction);
  EXPECT_GT(forecast.reduction->cost, 20);
  ASSERT_GT(forecast.p_exceed.back().value, 0.03);
  ASSERT_LT(forecast.p_exceed.back().value, 0.15);
  EXPECT_GT(forecast.reduction->p_exceed.back(), 20);
  // The true mean: 30 x 2,000 requests of 9 milli-USD, but for what the budget refused.
  EXPECT_NEAR(forecast.cost->value / 1e12, 540, 2.0);
}

TEST(Controls, are_left_out_of_a_plain_forecast) {
  Scenario scenario = drawn_days(2, 100, 0.3, 0.2);
  scenario.monitor.cost_limiter.monthly = Usd::from_cents(180);
  const ReplicationSet plain = replicated(ForecastWorld{scenario, {.horizon = 48h}}, 100);
  const ReplicationSet controlled = replicated(ForecastWorld{scenario, {.horizon = 48h, .controlled = true}}, 100);
  EXPECT_EQ(plain.all, controlled.all);
  const Forecast forecast = forecast_of(plain, {});
  EXPECT_FALSE(forecast.reduction);
  std::vector<Int128> costs;
  for (const Replication& replication : plain.all) costs.push_back(replication.cost());
  EXPECT_EQ(forecast.cost, estimate_mean(std::span<const Int128>{costs}));
  EXPECT_NE(forecast_of(controlled, {}).cost, forecast.cost);
}

TEST(Controls, need_30_replications) {
  const Scenario scenario = drawn_days(2, 100, 0.3, 0.2);
  const Forecast few = forecast_of(replicated(ForecastWorld{scenario, {.horizon = 48h, .controlled = true}}, 29), {});
  ASSERT_TRUE(few.reduction);
  EXPECT_TRUE(few.reduction->controls.empty());
  EXPECT_EQ(few.reduction->cost, 1);
}

TEST(Controls, leave_a_chance_that_never_showed_as_it_is) {
  Scenario scenario = drawn_days(2, 100, 0.1, 0);
  scenario.monitor.cost_limiter.monthly = Usd::from_dollars(9);
  const Forecast forecast =
      forecast_of(replicated(ForecastWorld{scenario, {.horizon = 48h, .controlled = true}}, 60), {});
  EXPECT_EQ(forecast.p_exceed.back(), estimate_share(0, 60));
  EXPECT_EQ(forecast.reduction->p_exceed.back(), 1);
}

TEST(Controls, do_not_depend_on_how_the_reference_was_drawn) {
  Scenario scenario = drawn_days(2, 100, 0.3, 0.2);
  scenario.monitor.cost_limiter.monthly = Usd::from_cents(200);
  ReplicationSet grown = replicated(ForecastWorld{scenario, {.horizon = 48h, .controlled = true}}, 150);
  ReplicationSet merged{.frame = grown.frame, .all = grown.all, .latency = grown.latency};
  ASSERT_GT(grown.reference.size, merged.reference.size);
  EXPECT_EQ(forecast_of(grown, {}).p_exceed, forecast_of(merged, {}).p_exceed);
}

// --- Coverage ---

constexpr std::size_t kExperiments = 1000;

// How many of 1,000 forecasts hold the truth of all their replications together. A chance may be held more often.
void expect_coverage(const Scenario& scenario, std::size_t each) {
  const ForecastWorld world{scenario, {.horizon = scenario.duration, .controlled = true}};
  const ReplicationSet all = replicated(world, kExperiments * each, 2);
  double cost = 0;
  std::size_t reached = 0;
  for (const Replication& replication : all.all) cost += static_cast<double>(replication.cost());
  for (const std::int64_t at : first_crossings(all, all.frame.shares.size() - 1)) reached += at == kNever ? 0 : 1;
  cost /= static_cast<double>(all.all.size());
  const double chance = static_cast<double>(reached) / static_cast<double>(all.all.size());
  int of_cost = 0;
  int of_chance = 0;
  for (std::size_t i = 0; i < kExperiments; ++i) {
    ReplicationSet set{.frame = all.frame, .all = {}, .latency = {}, .reference = all.reference};
    const auto begin = all.all.begin() + static_cast<std::ptrdiff_t>(i * each);
    set.all.assign(begin, begin + static_cast<std::ptrdiff_t>(each));
    set.reference.size = reference_size(set.frame, each);
    const Controls controls{set};
    std::vector<double> costs;
    for (const Replication& replication : set.all) costs.push_back(static_cast<double>(replication.cost()));
    const auto mean = controls.mean(costs);
    const Estimate of_mean = mean ? mean->estimate : *estimate_mean(std::span<const double>{costs});
    of_cost += of_mean.low <= cost && cost <= of_mean.high ? 1 : 0;
    const std::vector<std::int64_t> at = first_crossings(set, set.frame.shares.size() - 1);
    const auto hits = at.size() - static_cast<std::size_t>(std::ranges::count(at, kNever));
    const auto controlled = controls.chance(set.frame.shares.size() - 1);
    const Estimate of_hits = controlled ? controlled->estimate : estimate_share(hits, at.size());
    of_chance += of_hits.low <= chance && chance <= of_hits.high ? 1 : 0;
  }
  EXPECT_GE(of_cost, 922) << "mean";
  EXPECT_LE(of_cost, 978) << "mean";
  EXPECT_GE(of_chance, 922) << "P(exceed) of " << chance;
}

Scenario lengthy(Scenario scenario, double budget_usd) {
  scenario.workloads[0].input.law = Law::uniform(50, 1000);
  scenario.workloads[0].output.law = Law::uniform(50, 1000);
  scenario.workloads[0].max_tokens = Tokens{1000};
  scenario.monitor.cost_limiter.monthly = Usd::from_picos(static_cast<std::int64_t>(budget_usd * 1e12));
  return scenario;
}

// 3 days of 40 requests at 47 milli-USD: 5.7 USD on average.
TEST(Controls, keep_their_coverage_where_they_help_much) {
  expect_coverage(lengthy(drawn_days(3, 40, 0.5, 0.3), 8.5), 60);
}
TEST(Controls, keep_their_coverage_of_a_small_chance) { expect_coverage(lengthy(drawn_days(3, 40, 0.4, 0.2), 9), 100); }
TEST(Controls, keep_their_coverage_where_they_help_little) {
  Scenario scenario = lengthy(drawn_days(3, 10, 0.1, 0), 1.7);
  expect_coverage(scenario, 60);
}
// An outage, in a part of the months, sends requests to a provider at ten times the price, which no control shows.
TEST(Controls, keep_their_coverage_where_something_else_decides) {
  Scenario scenario = lengthy(drawn_days(3, 40, 0.3, 0.1), 11);
  scenario.providers.push_back(provider("dear"));
  scenario.providers.back().tariffs[0].tariff = tariff(300'000'000, 600'000'000);
  FaultSpec outages{.id = "away", .settings = RandomOutages{}};
  std::get<RandomOutages>(outages.settings).up = Law::exponential(200.0 * 3600e9);
  std::get<RandomOutages>(outages.settings).down = Law::exponential(4.0 * 3600e9);
  outages.providers = {scenario.providers.front().name};
  scenario.faults.push_back(outages);
  expect_coverage(scenario, 60);
}

}  // namespace
}  // namespace windtunnel::sim::controls_test
