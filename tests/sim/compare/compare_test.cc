// Several variations on common random numbers: what is said of their differences, and what becomes of a regression
// rule.

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

TEST(Compare, says_of_each_metric_what_its_runs_say) {
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
    constexpr double kStudent7 = 2.364'624'251;  // 97.5 % point on 7 degrees of freedom
    EXPECT_NEAR(first.value->mean, a.mean(), 1e-9 * std::abs(a.mean()));
    EXPECT_NEAR(*first.value->half_width, kStudent7 * a.se(), 1e-8 * a.se());
    EXPECT_EQ(first.difference.has_value(), false);
    EXPECT_NEAR(second.value->mean, b.mean(), 1e-9 * std::abs(b.mean()));
    EXPECT_NEAR(second.difference->mean, difference.mean(), 1e-9 * (std::abs(a.mean()) + std::abs(b.mean())));
    EXPECT_NEAR(*second.difference->half_width, kStudent7 * difference.se(), 1e-6 * (a.se() + b.se()));
    if (difference.variance() > 0) {
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
    EXPECT_EQ(metric.difference->half_width, 0);
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
  const ComparisonResult one = compare(short_and_long(), {.seeds = 9, .jobs = 1});
  const ComparisonResult three = compare(short_and_long(), {.seeds = 9, .jobs = 3});
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(one.variations[i].runs, three.variations[i].runs);
    EXPECT_EQ(one.variations[i].down_phases, three.variations[i].down_phases);
    EXPECT_EQ(one.variations[i].verdicts, three.variations[i].verdicts);
    for (std::size_t metric = 0; metric < kCompareMetrics; ++metric) {
      if (!one.variations[i].metrics[metric].value) continue;
      EXPECT_EQ(one.variations[i].metrics[metric].value->half_width,
                three.variations[i].metrics[metric].value->half_width);
    }
  }
}

TEST(Compare, one_seed_has_values_and_no_intervals) {
  const ComparisonResult result = compare(short_and_long(), {.seeds = 1});
  const MetricComparison& probes = result.variations[1].of(CompareMetric::probes);
  EXPECT_EQ(probes.value->n, 1);
  EXPECT_EQ(probes.value->half_width, std::nullopt);
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
  EXPECT_NEAR(cost.difference->mean, 7.2, *cost.difference->half_width);
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
TEST(Compare, forecasts_tell_how_likely_a_budget_is_exceeded) {
  const Usd budget = Usd::from_dollars(112);
  const ComparisonResult result = compare({{"50 %", split_month(50, budget)}, {"55 %", split_month(55, budget)}},
                                          {.seeds = 8, .forecast = ForecastOptions{.horizon = 24h}});
  EXPECT_EQ(result.variations[0].of(CompareMetric::p_exceed).value->mean, 0);
  EXPECT_EQ(result.variations[1].of(CompareMetric::p_exceed).value->mean, 1);
  EXPECT_GT(result.variations[1].of(CompareMetric::requests_refused).value->mean, 0);
}

// --- Regressions ---------------------------------------------------------------------------------------------------

// Two variations whose p95 in milliseconds were these.
ComparisonResult of_p95(const std::vector<std::optional<double>>& first,
                        const std::vector<std::optional<double>>& other) {
  ComparisonResult result{.variations = std::vector<VariationResult>(2), .seeds = first.size()};
  const auto add = [](VariationResult& to, std::optional<double> value) {
    to.runs.emplace_back();
    if (value) to.runs.back()[static_cast<std::size_t>(CompareMetric::p95)] = *value * 1e6;
  };
  for (VariationResult& variation : result.variations) variation.requests = 10;
  for (const auto& value : first) add(result.variations[0], value);
  for (const auto& value : other) add(result.variations[1], value);
  return result;
}

RegressionFinding judged(const ComparisonResult& result, bool is_relative, double bound) {
  const auto findings = judge_regressions(
      result, {{.text = "rule", .metric = CompareMetric::p95, .is_relative = is_relative, .bound = bound}});
  EXPECT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings.front().variation, 1U);
  return findings.front();
}

// The differences are 4, 5 and 6: mean 5, half-width 4.302653 x 1 / sqrt(3) = 2.484138.
const ComparisonResult kThree = of_p95({100, 200, 300}, {104, 205, 306});

TEST(Regression, passes_when_the_upper_end_is_at_the_bound_and_not_beyond) {
  EXPECT_EQ(judged(kThree, false, 7.4842e6).verdict, Verdict::pass);
  EXPECT_EQ(judged(kThree, false, 7.4841e6).verdict, Verdict::inconclusive);
}

TEST(Regression, a_variation_without_requests_passes_nothing) {
  for (const std::size_t empty : {0U, 1U}) {
    ComparisonResult result = kThree;
    result.variations[empty].requests = 0;
    const RegressionFinding open = judged(result, false, 1e9);
    EXPECT_EQ(open.verdict, Verdict::inconclusive);
    EXPECT_EQ(verdict_of(result, {open}), Verdict::inconclusive);
    EXPECT_EQ(verdict_of(result, {}), Verdict::inconclusive);
    EXPECT_EQ(judged(result, false, 0).verdict, Verdict::fail) << "what is worse is worse";
  }
  EXPECT_EQ(verdict_of(kThree, {}), Verdict::nothing_claimed);
  EXPECT_EQ(verdict_of(kThree, {judged(kThree, false, 1e9)}), Verdict::pass);
}

TEST(Regression, is_one_when_the_lower_end_is_above_the_bound) {
  EXPECT_EQ(judged(kThree, false, 2.5158e6).verdict, Verdict::fail);
  EXPECT_EQ(judged(kThree, false, 2.5159e6).verdict, Verdict::inconclusive);
  EXPECT_NEAR(judged(kThree, false, 2e6).excess->mean, 3e6, 1);
}

TEST(Regression, without_any_spread_the_bound_itself_passes) {
  const ComparisonResult same = of_p95({100, 200}, {101, 201});
  EXPECT_EQ(judged(same, false, 1e6).verdict, Verdict::pass);
  EXPECT_EQ(judged(same, false, 0.999e6).verdict, Verdict::fail);
  EXPECT_EQ(judged(of_p95({100, 200}, {100, 200}), false, 0).verdict, Verdict::pass);
}

TEST(Regression, relative_to_the_first_it_takes_the_spread_of_both_into_account) {
  // Each is 10 % more: b - 1.1 a is 0 in every pair, whatever the spread of a and of b - a.
  const ComparisonResult tenth = of_p95({190, 200, 210}, {209, 220, 231});
  EXPECT_EQ(judged(tenth, true, 0.1000001).verdict, Verdict::pass);
  EXPECT_EQ(judged(tenth, true, 0.0999999).verdict, Verdict::fail);
}

TEST(Regression, can_ask_for_an_improvement) {
  const ComparisonResult better = of_p95({190, 200, 210}, {171, 180, 189});
  EXPECT_EQ(judged(better, true, -0.0999).verdict, Verdict::pass);
  EXPECT_EQ(judged(better, true, -0.1001).verdict, Verdict::fail);
}

TEST(Regression, undecided_says_how_many_seeds_would_decide) {
  // 2.484138 / 1 away from the bound at 6: 3 x 6.17 = 18.5 pairs.
  const RegressionFinding finding = judged(kThree, false, 6e6);
  EXPECT_EQ(finding.verdict, Verdict::inconclusive);
  EXPECT_EQ(finding.seeds_needed, 19);
  // At the mean no number decides.
  EXPECT_EQ(judged(kThree, false, 5e6).seeds_needed, std::nullopt);
}

TEST(Regression, no_data_is_undecided) {
  EXPECT_EQ(judged(of_p95({{}, {}}, {100, 200}), false, 1e9).verdict, Verdict::inconclusive);
  EXPECT_EQ(judged(of_p95({100, {}}, {100, 200}), false, 1e9).verdict, Verdict::inconclusive);
  EXPECT_EQ(judged(of_p95({100, {}, 300}, {100, 200, 300}), false, 1e9).verdict, Verdict::pass);
}

}  // namespace
}  // namespace windtunnel::sim::study_compare_test
