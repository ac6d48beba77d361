// Rare chances of spend against an integral and against plain replications.

#include "sim/rare/rare_budget.h"

#include <gtest/gtest.h>

#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

#include "tests/sim/forecast/forecast_fixture.h"

namespace windtunnel::sim::rare_budget_test {
namespace {

using namespace std::chrono_literals;

// 100 requests of 9 milli-USD on average, whose level is drawn, and a budget of so many requests.
Scenario budget_of(std::int64_t requests, double level_cv) {
  Scenario scenario = drawn_demand(level_cv);
  scenario.monitor.cost_limiter.monthly = Usd::from_picos(requests * 9'000'000'000);
  return scenario;
}

// The mean over the lognormal level of the chance that a Poisson count reaches so many.
double chance_of(std::int64_t requests, double level_cv) {
  const double variance = std::log(1 + level_cv * level_cv);
  double sum = 0;
  constexpr double kStep = 1e-3;
  for (double z = -8; z <= 8; z += kStep) {
    const double level = std::exp(-variance / 2 + std::sqrt(variance) * z);
    sum += kStep * std::exp(-z * z / 2) / std::sqrt(2 * M_PI) *
           boost::math::gamma_p(static_cast<double>(requests), 100 * level);
  }
  return sum;
}

RareEstimate estimate_of(const Scenario& scenario, double relative, std::uint64_t replications) {
  const ForecastWorld world{scenario, {.horizon = 24h, .controlled = true}};
  const std::size_t share = world.frame().shares.size() - 1;
  const auto shifts = shifts_to(world, share);
  EXPECT_TRUE(shifts);
  return *rare_budget_chance(world, *shifts,
                             {.share = share, .relative = relative, .replications = replications, .jobs = 2});
}

TEST(RareBudget, of_one_in_a_hundred_thousand_comes_to_its_integral) {
  const double truth = chance_of(290, 0.25);
  ASSERT_LT(truth, 5e-5);
  ASSERT_GT(truth, 1e-6);
  const RareEstimate estimate = estimate_of(budget_of(290, 0.25), 0.1, 10'000);
  EXPECT_TRUE(estimate.reached);
  EXPECT_LT(estimate.paths, 10'000U);
  EXPECT_GT(estimate.effective, 100);
  EXPECT_NEAR(estimate.chance.value, truth, 2 * estimate.chance.half_width());
}

TEST(RareBudget, agrees_with_plain_replications_where_these_show_it) {
  Scenario scenario = budget_of(450, 0.1);
  scenario.duration = 72h;
  std::get<Diurnal>(scenario.workloads[0].executor).day_factor_cv = 0.4;
  const ForecastWorld world{scenario, {.horizon = 72h}};
  const ReplicationSet plain = replicated(world, 4000, 2);
  const Estimate shown = forecast_of(plain, {}).p_exceed.back();
  ASSERT_GT(shown.value, 0.002);
  const ForecastWorld shifted{scenario, {.horizon = 72h, .controlled = true}};
  const std::size_t share = shifted.frame().shares.size() - 1;
  const RareEstimate rare = *rare_budget_chance(shifted, *shifts_to(shifted, share),
                                                {.share = share, .relative = 0.05, .replications = 4000, .jobs = 2});
  EXPECT_LE(rare.chance.low, shown.high);
  EXPECT_GE(rare.chance.high, shown.low);
  EXPECT_LT(rare.chance.half_width(), shown.half_width());
}

TEST(RareBudget, is_the_same_for_any_number_of_threads) {
  const ForecastWorld world{budget_of(250, 0.25), {.horizon = 24h, .controlled = true}};
  const std::size_t share = world.frame().shares.size() - 1;
  const auto shifts = shifts_to(world, share);
  const auto one = rare_budget_chance(world, *shifts, {.share = share, .relative = 0.2, .jobs = 1});
  const auto four = rare_budget_chance(world, *shifts, {.share = share, .relative = 0.2, .jobs = 4});
  EXPECT_EQ(one->chance, four->chance);
  EXPECT_EQ(one->paths, four->paths);
}

TEST(RareBudget, needs_a_lognormal_demand_and_a_budget) {
  EXPECT_FALSE(shifts_to(ForecastWorld{budget_of(250, 0), {.horizon = 24h, .controlled = true}}, 3));
  EXPECT_FALSE(shifts_to(ForecastWorld{drawn_demand(0.2), {.horizon = 24h, .controlled = true}}, 3));
}

}  // namespace
}  // namespace windtunnel::sim::rare_budget_test
