// Several variations on common random numbers: what is said of their differences.

#include "sim/compare/compare.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::study_compare_test {
namespace {

using namespace std::chrono_literals;

// An outage that random arrivals meet, under a breaker that opens for so long.
Scenario outage_world(Duration open) {
  Scenario scenario =
      world(60s, workload("chat", per_second(5), Arrival::poisson), provider("alpha", Law::exponential(100e6)));
  scenario.providers.push_back(provider("beta", Law::exponential(200e6)));
  scenario.monitor.circuit_breaker.consecutive_threshold = 3;
  scenario.monitor.circuit_breaker.open = open;
  scenario.faults = {fault("down", Outage{}, 10s, 20s)};
  scenario.faults.front().providers = {"alpha"};
  return scenario;
}

std::vector<Variation> short_and_long() { return {{"4s", outage_world(4s)}, {"8s", outage_world(8s)}}; }

// Eight values, none negative or differences. Without a spread there is no interval.
void expect_at_least_students(const Average& average, const sim::Sample& values, double rounding) {
  constexpr double kStudent7 = 2.240'879'288;  // 97 % point on 7 degrees of freedom: that of the short side
  EXPECT_EQ(average.interval.has_value(), values.sd() > rounding);
  if (!average.interval) return;
  const double slack = 1e-6 * (std::abs(average.mean) + values.se());
  EXPECT_LE(average.interval->low, std::max(0.0, average.mean - kStudent7 * values.se()) + slack);
  EXPECT_GE(average.interval->high, average.mean + kStudent7 * values.se() - slack);
  EXPECT_LE(average.interval->high, average.mean + 6 * kStudent7 * values.se()) << "and not without a reason more";
}

TEST(Compare, reports_each_metric_of_each_run) {
  const ComparisonResult result = compare(short_and_long(), {.seed_first = 5, .seeds = 8});
  ASSERT_EQ(result.seeds, 8U);
  EXPECT_FALSE(result.stopped);
  for (std::size_t metric = 0; metric < kCompareMetrics; ++metric) {
    sim::Sample a;
    Sample b;
    Sample difference;
    for (std::size_t i = 0; i < 8; ++i) {
      if (!result.variations[0].runs[i][metric]) continue;  // p_exceed is of forecasts
      a.add(*result.variations[0].runs[i][metric]);
      b.add(*result.variations[1].runs[i][metric]);
      difference.add(*result.variations[1].runs[i][metric] - *result.variations[0].runs[i][metric]);
    }
    const MetricComparison& first = result.variations[0].metrics[metric];
    EXPECT_EQ(first.value.has_value(), metric != static_cast<std::size_t>(CompareMetric::p_exceed));
    if (!first.value) continue;
    const MetricComparison& second = result.variations[1].metrics[metric];
    EXPECT_NEAR(first.value->mean, a.mean(), 1e-9 * std::abs(a.mean()));
    EXPECT_EQ(first.difference.has_value(), false);
    EXPECT_NEAR(second.value->mean, b.mean(), 1e-9 * std::abs(b.mean()));
    EXPECT_NEAR(second.difference->mean, difference.mean(), 1e-9 * (std::abs(a.mean()) + std::abs(b.mean())));
    const double rounding = 1e-12 * std::abs(a.mean());
    expect_at_least_students(*first.value, a, rounding);
    expect_at_least_students(*second.difference, difference, rounding);
    if (difference.sd() > rounding) {
      EXPECT_NEAR(*second.variance_reduction * difference.variance(), a.variance() + b.variance(),
                  1e-6 * (a.variance() + b.variance()));
    }
  }
  // Half as many probes, and the provider comes back later.
  EXPECT_LT(result.variations[1].of(CompareMetric::probes).difference->mean, -1);
  EXPECT_GT(result.variations[1].of(CompareMetric::recovery_time).difference->mean, 0);
}

TEST(Compare, runs_of_one_seed_meet_the_same_world) {
  Scenario dearer = outage_world(4s);
  dearer.providers[0].tariffs = {{WallTime::min(), tariff(60'000'000, 120'000'000)}};
  dearer.providers[1].tariffs = dearer.providers[0].tariffs;
  const ComparisonResult result =
      compare({{"once", outage_world(4s)}, {"again", outage_world(4s)}, {"twice", dearer}}, {.seeds = 6});
  for (const MetricComparison& metric : result.variations[1].metrics) {
    if (!metric.difference) continue;
    EXPECT_EQ(metric.difference->mean, 0);
    EXPECT_EQ(metric.difference->interval, std::nullopt) << "without a spread nothing bounds a rare difference";
    EXPECT_EQ(metric.differing, 0);
  }
  // Equal costs that vary by seed: their difference has no variance at all.
  EXPECT_TRUE(std::isinf(*result.variations[1].of(CompareMetric::cost_usd).variance_reduction));
  // Two values that never vary say nothing about reduction.
  EXPECT_EQ(result.variations[1].of(CompareMetric::requests_lost).variance_reduction, std::nullopt);
  // At twice the price the difference is the cost itself: var(a) + var(2a) over var(a) is 5.
  EXPECT_NEAR(*result.variations[2].of(CompareMetric::cost_usd).variance_reduction, 5, 1e-6);
  EXPECT_NEAR(result.variations[2].of(CompareMetric::cost_usd).difference->mean,
              result.variations[0].of(CompareMetric::cost_usd).value->mean, 1e-9);
}

TEST(Compare, does_not_depend_on_the_number_of_threads) {
  const ComparisonResult comparison_result = compare(short_and_long(), {.seeds = 9, .jobs = 1});
  const ComparisonResult three = compare(short_and_long(), {.seeds = 9, .jobs = 3});
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(comparison_result.variations[i].runs, three.variations[i].runs);
    EXPECT_EQ(comparison_result.variations[i].down_phases, three.variations[i].down_phases);
    EXPECT_EQ(comparison_result.variations[i].verdicts, three.variations[i].verdicts);
    for (std::size_t metric = 0; metric < kCompareMetrics; ++metric) {
      if (!comparison_result.variations[i].metrics[metric].value) continue;
      EXPECT_EQ(comparison_result.variations[i].metrics[metric].value->interval,
                three.variations[i].metrics[metric].value->interval);
    }
  }
}

TEST(Compare, one_seed_has_values_and_no_intervals) {
  const ComparisonResult result = compare(short_and_long(), {.seeds = 1});
  const MetricComparison& probes = result.variations[1].of(CompareMetric::probes);
  EXPECT_EQ(probes.value->n, 1);
  EXPECT_EQ(probes.value->interval, std::nullopt);
  EXPECT_LT(probes.difference->mean, 0);
  EXPECT_EQ(probes.variance_reduction, std::nullopt);
}

TEST(Compare, stopped_it_keeps_the_seeds_that_are_complete) {
  std::atomic<bool> stop{false};
  const ComparisonResult result =
      compare(short_and_long(), {.seeds = 1000, .stop = &stop, .progress = [&](std::uint64_t done, std::uint64_t of) {
                                   EXPECT_EQ(of, 2000U);
                                   if (done == 7) stop = true;
                                 }});
  EXPECT_TRUE(result.stopped);
  EXPECT_GE(result.seeds, 3U);
  EXPECT_LT(result.seeds, 100U);
  EXPECT_EQ(result.variations[0].runs.size(), result.seeds);
  EXPECT_EQ(result.variations[1].runs.size(), result.seeds);
}

TEST(Compare, without_checks_there_is_no_number_of_violations) {
  const std::vector<Variation> worlds{{"one", outage_world(4s)}, {"other", outage_world(8s)}};
  const auto value = [&](const std::vector<std::string>& checks) {
    return compare(worlds, {.seeds = 2, .checks = checks}).variations[1].of(CompareMetric::checks_violated).value;
  };
  EXPECT_TRUE(value({"all"}));
  EXPECT_FALSE(value({"none"}));
}

TEST(Compare, violations_are_counted_by_check_and_end_nothing) {
  Scenario stuck = outage_world(1h);
  stuck.liveness = LivenessSpec{.heal_at = 30s, .recover_within = 10s};
  Scenario well = outage_world(4s);
  well.liveness = stuck.liveness;
  const ComparisonResult result = compare({{"well", well}, {"stuck", stuck}}, {.seed_first = 3, .seeds = 4});
  EXPECT_TRUE(result.variations[0].violations.empty());
  EXPECT_EQ(result.variations[1].violations, (std::vector<ViolationCount>{{"V1", 4, 3}}));
  EXPECT_EQ(result.variations[1].of(CompareMetric::checks_violated).value->mean, 1);
  EXPECT_EQ(result.variations[1].verdicts[static_cast<std::size_t>(Verdict::fail)], 4);
  EXPECT_EQ(result.variations[0].verdicts[static_cast<std::size_t>(Verdict::pass)], 4);
}

// A day of 10,000 requests at two prices, of which this share goes to the dearer provider.
Scenario split_world(std::int64_t percent) {
  WorkloadSpec chat = workload("chat", per(24h, 10'000), Arrival::poisson);
  chat.input.law = Law::uniform(100, 300);
  chat.output.law = Law::uniform(50, 350);
  Scenario scenario = world(24h, chat, provider("openai"));
  scenario.providers.push_back(provider("anthropic"));
  scenario.providers[1].tariffs = {{WallTime::min(), tariff(3'000'000, 15'000'000)}};
  scenario.monitor.ab_router = {"split", {{"a", kFirst, percent}, {"b", kSecond, 100 - percent}}};
  return scenario;
}

// 5 % of the requests change sides; the others cost what they did, so that a hundred pairs tell as much as thousands of
// unpaired runs.
TEST(Compare, the_cost_of_another_split_needs_at_least_15_times_fewer_runs) {
  const ComparisonResult result =
      compare({{"50 %", split_world(50)}, {"55 %", split_world(55)}}, {.seeds = 60, .jobs = 2, .checks = {"none"}});
  const MetricComparison& cost = result.variations[1].of(CompareMetric::cost_usd);
  EXPECT_GE(*cost.variance_reduction, 15);
  // A request costs 200 x 27 + 200 x 45 micro-dollars more at the dearer provider: 500 of them 7.2 USD.
  EXPECT_NEAR(cost.difference->mean, 7.2, cost.difference->interval->half_width());
}

// The seed is of no matter: all have the first one's.
Scenario split_month(std::int64_t percent, std::optional<Usd> budget) {
  Scenario scenario = split_world(percent);
  scenario.seed = static_cast<std::uint64_t>(percent);
  scenario.monitor.cost_limiter.monthly = budget;
  return scenario;
}

TEST(Compare, forecasts_are_paired_replication_by_replication) {
  const CompareOptions options{.seeds = 20, .jobs = 2, .forecast = ForecastOptions{.horizon = 24h}};
  const ComparisonResult result =
      compare({{"50 %", split_month(50, {})}, {"again", split_month(50, {})}, {"55 %", split_month(55, {})}}, options);
  for (const MetricComparison& metric : result.variations[1].metrics) {
    if (!metric.difference) continue;
    EXPECT_EQ(metric.difference->mean, 0);
  }
  EXPECT_GE(*result.variations[2].of(CompareMetric::cost_usd).variance_reduction, 15);
  EXPECT_FALSE(result.variations[2].of(CompareMetric::wasted_calls).value.has_value());
  EXPECT_FALSE(result.variations[2].of(CompareMetric::p_exceed).value.has_value());
  // What the forecast of the first itself says of a replication is what is compared.
  const ForecastWorld alone{split_month(50, {}), *options.forecast};
  EXPECT_EQ(result.variations[0].runs[7], values_of(*alone.replicate(SeedFamily::forecast, 7, nullptr), alone.frame()));
}

// 108 and 115 USD a day: a budget between them is kept by the one and broken by the other.
TEST(Compare, forecasts_state_how_likely_a_budget_is_exceeded) {
  const Usd budget = Usd::from_dollars(112);
  const ComparisonResult result = compare({{"50 %", split_month(50, budget)}, {"55 %", split_month(55, budget)}},
                                          {.seeds = 8, .forecast = ForecastOptions{.horizon = 24h}});
  EXPECT_EQ(result.variations[0].of(CompareMetric::p_exceed).value->mean, 0);
  EXPECT_EQ(result.variations[1].of(CompareMetric::p_exceed).value->mean, 1);
  // As of a forecast: 1 - 0.05^(1/8).
  EXPECT_NEAR(result.variations[0].of(CompareMetric::p_exceed).value->interval->high, 0.312344, 1e-6);
  EXPECT_GT(result.variations[1].of(CompareMetric::requests_refused).value->mean, 0);
}

}  // namespace
}  // namespace windtunnel::sim::study_compare_test
