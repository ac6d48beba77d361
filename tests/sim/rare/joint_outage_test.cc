// Rare joint outages against closed forms, against plain paths and against the phases that a run draws.

#include "sim/rare/joint_outage.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::joint_outage_test {
namespace {

using namespace std::chrono_literals;

constexpr double kHour = 3600e9;

JointOutage two_providers(const Law& up, const Law& down, double longer_than, double horizon) {
  JointOutage event{.providers = {"a", "b"}, .longer_than = longer_than, .horizon = horizon, .laws = {}};
  for (std::size_t i = 0; i < 2; ++i) {
    event.laws.push_back({.providers = {i}, .begin = 0, .end = horizon, .up = up, .down = down});
  }
  return event;
}

// Two alternating renewals with exponential times, both up at first. A joint outage begins at t at the rate 2 l p(t)
// (1 - p(t)), where p(t) = q (1 - exp(-(l + m) t)) is the chance that one is down and q = l / (l + m), and outlasts T
// with the chance exp(-2 m T). The integral is the mean number of such outages, which bounds the chance of one from
// above; the chance is below it by less than the chance of two, which is the square of it or, after a joint outage, the
// chance that the other one fails again in time.
double mean_joint_outages(double up, double down, double longer_than, double horizon) {
  const double l = 1 / up;
  const double m = 1 / down;
  const double q = l / (l + m);
  const double c = l + m;
  const double t = horizon - longer_than;
  const double once = (1 - std::exp(-c * t)) / c;
  const double twice = (1 - std::exp(-2 * c * t)) / (2 * c);
  // p (1 - p) = q (1 - e) - q^2 (1 - 2 e + e^2).
  const double integral = q * (t - once) - q * q * (t - 2 * once + twice);
  return 2 * l * integral * std::exp(-2 * m * longer_than);
}

TEST(JointOutage, of_one_in_a_million_comes_to_its_closed_form) {
  const double up = 30 * 24 * kHour;
  const double down = kHour / 30;
  const double longer_than = kHour / 20;
  const double horizon = 30 * 24 * kHour;
  const double truth = mean_joint_outages(up, down, longer_than, horizon);
  ASSERT_GT(truth, 5e-7);
  ASSERT_LT(truth, 5e-6);
  const RareEstimate estimate = joint_outage_chance(
      two_providers(Law::exponential(up), Law::exponential(down), longer_than, horizon), 1, 0.1, 2'000'000);
  EXPECT_TRUE(estimate.reached);
  EXPECT_LE(estimate.chance.half_width(), 0.1 * estimate.chance.value);
  EXPECT_LT(estimate.paths, 300'000U);
  EXPECT_GT(estimate.effective, 300);
  EXPECT_NEAR(estimate.chance.value, truth, 2 * estimate.chance.half_width());
}

TEST(JointOutage, of_many_outages_a_month_comes_to_its_closed_form) {
  const double up = 71 * kHour;
  const double down = kHour / 6;
  const double horizon = 30 * 24 * kHour;
  const double truth = mean_joint_outages(up, down, 1.2 * kHour, horizon);
  const RareEstimate estimate = joint_outage_chance(
      two_providers(Law::exponential(up), Law::exponential(down), 1.2 * kHour, horizon), 2, 0.05, 2'000'000);
  EXPECT_TRUE(estimate.reached);
  EXPECT_NEAR(estimate.chance.value, truth, 2 * estimate.chance.half_width());
  EXPECT_LT(truth, 1e-5);
}

TEST(JointOutage, intervals_hold_the_closed_form_in_95_percent_of_the_experiments) {
  const double horizon = 100 * kHour;
  const double truth = mean_joint_outages(2000 * kHour, kHour, kHour, horizon);
  const JointOutage event = two_providers(Law::exponential(2000 * kHour), Law::exponential(kHour), kHour, horizon);
  int held = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Estimate chance = joint_outage_chance(event, seed, 0.1, 2000).chance;
    held += chance.low <= truth && truth <= chance.high ? 1 : 0;
  }
  EXPECT_GE(held, 922);
  EXPECT_LE(held, 978);
}

TEST(JointOutage, has_weights_of_mean_one_for_laws_of_every_kind) {
  const std::vector<Law> downs{Law::exponential(kHour), Law::weibull(0.7, kHour), Law::lognormal(std::log(kHour), 1),
                               Law::quantiles({0, 0.5 * kHour, kHour, 10 * kHour})};
  for (const Law& down : downs) {
    for (const Law& up : {Law::weibull(2, 300 * kHour), Law::uniform(100 * kHour, 900 * kHour)}) {
      const JointOutage event = two_providers(up, down, 3 * kHour, 1000 * kHour);
      double sum = 0;
      RareSum biased;
      RareSum plain;
      constexpr std::uint64_t kPaths = 20'000;
      for (std::uint64_t path = 0; path < kPaths; ++path) {
        const OutagePath drawn = outage_path(event, 3, path, true);
        sum += drawn.ratio;
        biased.add(drawn.weight);
        plain.add(outage_path(event, 4, path, false).weight);
      }
      EXPECT_NEAR(sum / kPaths, 1, 0.1);
      const Estimate a = biased.estimate(0.1).chance;
      const Estimate b = plain.estimate(0.1).chance;
      EXPECT_LE(a.low, b.high);
      EXPECT_LE(b.low, a.high);
      EXPECT_LT(a.half_width(), b.half_width());
    }
  }
}

// Whether a run's own phases have all providers down for longer than that.
bool meets(const Scenario& scenario, std::uint64_t seed, Duration longer_than) {
  const KeptRun kept{scenario, seed};
  std::array<bool, 2> is_down{};
  Instant since{};
  bool met = false;
  for (const FaultChanged& change : kept.changes) {
    const bool both = is_down[0] && is_down[1];
    if (both && change.at - since > longer_than) met = true;
    is_down[change.fault] = change.active;
    if (!both && is_down[0] && is_down[1]) since = change.at;
  }
  return met || (is_down[0] && is_down[1] && Instant{} + scenario.duration - since > longer_than);
}

TEST(JointOutage, is_as_likely_as_in_runs_of_the_scenario) {
  Scenario scenario = world(24h, workload("chat", per(24h, 1)), provider("alpha"));
  scenario.providers.push_back(provider("beta"));
  for (const char* name : {"alpha", "beta"}) {
    RandomOutages outages;
    outages.up = Law::exponential(6 * kHour);
    outages.down = Law::weibull(0.8, kHour);
    FaultSpec spec = fault(std::string("down-") + name, outages);
    spec.providers = {name};
    scenario.faults.push_back(spec);
  }
  int hits = 0;
  constexpr int kRuns = 3000;
  for (int seed = 1; seed <= kRuns; ++seed) hits += meets(scenario, static_cast<std::uint64_t>(seed), 30min) ? 1 : 0;
  const Estimate runs = estimate_share(static_cast<std::size_t>(hits), kRuns);
  const RareEstimate paths = joint_outage_chance(joint_outage_of(scenario, {0, 1}, 30min, 24h), 5, 0.03, 200'000);
  EXPECT_GT(runs.value, 0.05);
  EXPECT_LE(paths.chance.low, runs.high);
  EXPECT_GE(paths.chance.high, runs.low);
}

TEST(JointOutage, that_no_law_allows_has_no_hits) {
  const JointOutage event = two_providers(Law::exponential(100 * kHour), Law::fixed(kHour), 2 * kHour, 1000 * kHour);
  const RareEstimate estimate = joint_outage_chance(event, 1, 0.1, 5000);
  EXPECT_EQ(estimate.hits, 0U);
  EXPECT_FALSE(estimate.reached);
  EXPECT_GT(estimate.chance.high, 0);
}

TEST(JointOutage, of_fixed_outages_is_certain_or_impossible) {
  JointOutage event{.providers = {"a"}, .longer_than = kHour, .horizon = 10 * kHour, .laws = {}};
  event.laws.push_back({.providers = {0}, .begin = kHour, .end = 2 * kHour, .begins_down = true, .alternates = false});
  EXPECT_EQ(outage_path(event, 1, 0, true).weight, 0);  // not longer than an hour
  event.longer_than -= 1;
  EXPECT_EQ(outage_path(event, 1, 0, true).weight, 1);
}

}  // namespace
}  // namespace windtunnel::sim::joint_outage_test
