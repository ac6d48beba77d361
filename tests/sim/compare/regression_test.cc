// What becomes of a regression rule.

#include "sim/compare/regression.h"

#include <gtest/gtest.h>

#include <optional>
#include <tuple>
#include <vector>

namespace windtunnel::sim::regression_test {
namespace {

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

// The differences are 4, 5 and 6: mean 5, half-width 6.407740 x 1 / sqrt(3) = 3.699511.
const ComparisonResult kThree = of_p95({100, 200, 300}, {104, 205, 306});

TEST(Regression, passes_when_the_upper_end_is_at_the_bound_and_not_beyond) {
  EXPECT_EQ(judged(kThree, false, 8.6996e6).verdict, Verdict::pass);
  EXPECT_EQ(judged(kThree, false, 8.6995e6).verdict, Verdict::inconclusive);
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

TEST(Regression, what_the_settings_of_both_rule_out_passes_nothing) {
  ComparisonResult result = kThree;
  const auto p95 = static_cast<std::size_t>(CompareMetric::p95);
  result.variations[1].ruled_out[p95] = true;
  EXPECT_EQ(judged(result, false, 1e9).verdict, Verdict::pass) << "the first shows something";
  result.variations[0].ruled_out[p95] = true;
  EXPECT_EQ(judged(result, false, 1e9).verdict, Verdict::inconclusive);
  EXPECT_EQ(judged(result, false, 1e9).lack, EvidenceLack::ruled_out);
}

TEST(Regression, a_variation_of_inconclusive_runs_alone_passes_nothing) {
  for (const std::size_t place : {0U, 1U}) {
    ComparisonResult result = kThree;
    std::int64_t& inconclusive = result.variations[place].verdicts[static_cast<std::size_t>(Verdict::inconclusive)];
    inconclusive = 2;
    EXPECT_EQ(judged(result, false, 1e9).verdict, Verdict::pass);
    inconclusive = 3;
    const RegressionFinding open = judged(result, false, 1e9);
    EXPECT_EQ(open.verdict, Verdict::inconclusive);
    EXPECT_EQ(open.lack, EvidenceLack::only_inconclusive);
    EXPECT_EQ(open.lacking, place);
    EXPECT_EQ(judged(result, false, 0).verdict, Verdict::fail) << "what is worse is worse";
  }
}

TEST(Regression, wasted_calls_pass_where_a_fault_had_calls_to_waste) {
  ComparisonResult result = kThree;
  for (VariationResult& variation : result.variations) {
    for (CompareValues& run : variation.runs) run[static_cast<std::size_t>(CompareMetric::wasted_calls)] = 0;
  }
  result.variations[1].runs[0][static_cast<std::size_t>(CompareMetric::wasted_calls)] = 1;
  const std::vector<RegressionRule> rules{{.text = "rule", .metric = CompareMetric::wasted_calls, .bound = 1e9}};
  EXPECT_EQ(judge_regressions(result, rules).front().lack, EvidenceLack::no_call_in_a_fault);
  EXPECT_EQ(judge_regressions(result, rules).front().verdict, Verdict::inconclusive);
  result.variations[0].calls_in_faults = 1;
  EXPECT_EQ(judge_regressions(result, rules).front().verdict, Verdict::pass);
}

TEST(Regression, seeds_with_data_on_one_side_alone_pass_nothing) {
  const std::optional<double> none;
  const ComparisonResult both = of_p95({100, 200, none, 300}, {104, 205, none, 306});
  EXPECT_EQ(judged(both, false, 1e9).verdict, Verdict::pass) << "a seed that has none in either is rare";
  for (const bool first : {false, true}) {
    const ComparisonResult result = first ? of_p95({100, 200, none, 300}, {104, 205, 150, 306})
                                          : of_p95({100, 200, 150, 300}, {104, 205, none, 306});
    const RegressionFinding open = judged(result, false, 1e9);
    EXPECT_EQ(open.verdict, Verdict::inconclusive);
    EXPECT_EQ(open.lack, EvidenceLack::one_side_alone);
    EXPECT_EQ(open.pairs, 3);
    EXPECT_EQ(open.lone, 1);
    EXPECT_EQ(judged(result, false, 0).verdict, Verdict::fail) << "what is worse is worse";
  }
}

// Its costs are 0 and its lost requests none, which is no data.
TEST(Regression, a_seed_to_which_no_request_came_has_no_data) {
  ComparisonResult result = kThree;
  result.variations[1].silent = {1};
  EXPECT_EQ(judged(result, false, 1e9).lack, EvidenceLack::one_side_alone);
  EXPECT_EQ(judged(result, false, 1e9).lone, 1);
  result.variations[0].silent = {1};
  EXPECT_EQ(judged(result, false, 1e9).verdict, Verdict::pass);
}

TEST(Regression, without_a_check_no_violation_passes_nothing) {
  const RegressionFinding finding =
      judge_regressions(kThree, {{.text = "rule", .metric = CompareMetric::checks_violated, .bound = 5}}).front();
  EXPECT_EQ(finding.verdict, Verdict::inconclusive);
  EXPECT_EQ(finding.lack, EvidenceLack::no_check);
}

TEST(Regression, is_one_when_the_lower_end_is_above_the_bound) {
  EXPECT_EQ(judged(kThree, false, 1.3004e6).verdict, Verdict::fail);
  EXPECT_EQ(judged(kThree, false, 1.3005e6).verdict, Verdict::inconclusive);
  EXPECT_NEAR(judged(kThree, false, 2e6).excess->mean, 3e6, 1);
}

// --- Without a spread
// --------------------------------------------------------------------------------------------------

// So many pairs of probes with this difference, the first always with 10.
ComparisonResult of_probes(std::size_t seeds, double difference) {
  ComparisonResult result{.variations = std::vector<VariationResult>(2), .seeds = seeds};
  for (VariationResult& variation : result.variations) {
    variation.requests = 10;
    variation.runs.resize(seeds);
  }
  for (std::size_t i = 0; i < seeds; ++i) {
    result.variations[0].runs[i][static_cast<std::size_t>(CompareMetric::probes)] = 10;
    result.variations[1].runs[i][static_cast<std::size_t>(CompareMetric::probes)] = 10 + difference;
  }
  return result;
}

RegressionFinding judged_probes(const ComparisonResult& result, bool is_relative, double bound) {
  return judge_regressions(
             result, {{.text = "rule", .metric = CompareMetric::probes, .is_relative = is_relative, .bound = bound}})
      .front();
}

TEST(Regression, no_number_of_equal_seeds_shows_that_nothing_at_all_is_worse) {
  for (const std::size_t seeds : {2U, 10U, 40U, 1000U}) {
    const RegressionFinding finding = judged_probes(of_probes(seeds, 0), false, 0);
    EXPECT_EQ(finding.verdict, Verdict::inconclusive) << seeds;
    EXPECT_EQ(finding.unseen, 1) << "a rare seed has one probe more";
    EXPECT_EQ(finding.seeds_needed, std::nullopt);
    EXPECT_DOUBLE_EQ(finding.excess->interval->high, 3.0 / static_cast<double>(seeds));
  }
}

TEST(Regression, equal_seeds_show_that_a_count_is_worse_by_less_than_3_of_n) {
  EXPECT_EQ(judged_probes(of_probes(30, 0), false, 0.1).verdict, Verdict::pass);
  const RegressionFinding undecided = judged_probes(of_probes(29, 0), false, 0.1);
  EXPECT_EQ(undecided.verdict, Verdict::inconclusive);
  EXPECT_EQ(undecided.seeds_needed, 30);
}

TEST(Regression, a_difference_that_every_seed_has_may_be_missing_from_rare_ones) {
  // With 11 seeds up to 3/11 of all deviate, each by 2: 2 - 0.55 is above 0 and below 1.5.
  EXPECT_EQ(judged_probes(of_probes(11, 2), false, 0).verdict, Verdict::fail);
  EXPECT_EQ(judged_probes(of_probes(11, -2), false, 0).verdict, Verdict::pass);
  EXPECT_EQ(judged_probes(of_probes(11, 2), false, 1.5).verdict, Verdict::inconclusive) << "0.5 - 0.55 is below 0";
}

// Whatever is taken of rare seeds: their share may be above a quarter.
TEST(Regression, ten_equal_seeds_or_fewer_decide_nothing) {
  for (std::size_t seeds = 2; seeds <= 11; ++seeds) {
    for (const auto& [difference, bound, decided] :
         {std::tuple{2.0, 0.0, Verdict::fail}, {-2.0, 0.0, Verdict::pass}, {0.0, 100.0, Verdict::pass}}) {
      const RegressionFinding finding = judged_probes(of_probes(seeds, difference), false, bound);
      EXPECT_EQ(finding.verdict, seeds < 11 ? Verdict::inconclusive : decided) << seeds << " with " << difference;
      if (seeds < 11) EXPECT_EQ(finding.seeds_needed, 11) << seeds << " with " << difference;
    }
  }
}

// b - 1.05 a is -0.5 in every seed, b - 1.02 a is -0.2, and varies with a where a varies: both must leave room for rare
// seeds.
TEST(Regression, a_relative_bound_does_not_hide_that_no_seed_differs) {
  EXPECT_EQ(judged_probes(of_probes(11, 0), true, 0.02).verdict, Verdict::inconclusive);
  EXPECT_EQ(judged_probes(of_probes(11, 0), true, 0.05).verdict, Verdict::pass);
  ComparisonResult varied = of_probes(11, 0);
  for (VariationResult& variation : varied.variations) {
    variation.runs[0][static_cast<std::size_t>(CompareMetric::probes)] = 11;
  }
  EXPECT_EQ(judged_probes(varied, true, 0.02).verdict, Verdict::inconclusive);
  EXPECT_EQ(judged_probes(varied, true, 0.2).verdict, Verdict::pass);
}

// One seed of 40 has 20 probes more. That is 0.5 a seed, but 5 % of the first's 10 are no bound on it.
TEST(Regression, a_relative_bound_does_not_hide_a_rare_seed) {
  ComparisonResult rare = of_probes(40, 0);
  rare.variations[1].runs[7][static_cast<std::size_t>(CompareMetric::probes)] = 30;
  for (std::size_t i = 0; i < 40; ++i) {
    for (VariationResult& variation : rare.variations) {
      *variation.runs[i][static_cast<std::size_t>(CompareMetric::probes)] += 0.001 * static_cast<double>(i);
    }
  }
  EXPECT_EQ(judged_probes(rare, true, 0.2).verdict, Verdict::inconclusive);
  EXPECT_EQ(judged_probes(rare, true, 5).verdict, Verdict::pass);
}

// A time's rare seed is taken to be off by as much as the time is long.
TEST(Regression, equal_times_show_that_a_time_is_worse_by_less_than_3_of_n_of_it) {
  const std::vector<std::optional<double>> sixty(60, 100);
  const std::vector<std::optional<double>> twenty(20, 100);
  EXPECT_EQ(judged(of_p95(sixty, sixty), true, 0.05).verdict, Verdict::pass);
  EXPECT_EQ(judged(of_p95(twenty, twenty), true, 0.05).verdict, Verdict::inconclusive);
  EXPECT_EQ(judged(of_p95(twenty, twenty), true, 0.05).seeds_needed, 60);
  const std::vector<std::optional<double>> none(20, 0);
  const RegressionFinding nothing = judged(of_p95(none, none), false, 1e9);
  EXPECT_EQ(nothing.verdict, Verdict::inconclusive) << "nothing is known of how long a rare one is";
  EXPECT_EQ(nothing.excess->interval, std::nullopt);
}

TEST(Regression, relative_to_the_first_it_takes_the_spread_of_both_into_account) {
  // Each is 10 % more: b - 1.1 a is 0 in every pair, whatever the spread of a and of b - a. What is left is the bound
  // on rare seeds.
  std::vector<std::optional<double>> first;
  std::vector<std::optional<double>> tenth;
  for (int i = 0; i < 300; ++i) {
    first.emplace_back(190 + i % 20);
    tenth.emplace_back(1.1 * (190 + i % 20));
  }
  EXPECT_EQ(judged(of_p95(first, tenth), true, 0.12).verdict, Verdict::pass);
  EXPECT_EQ(judged(of_p95(first, tenth), true, 0.08).verdict, Verdict::fail);
  EXPECT_EQ(judged(of_p95(first, tenth), true, 0.1).verdict, Verdict::inconclusive);
}

// --- Others
// ------------------------------------------------------------------------------------------------------------

TEST(Regression, can_ask_for_an_improvement) {
  const ComparisonResult better = of_p95({190, 200, 210, 204}, {171, 180.1, 189, 183.5});
  EXPECT_EQ(judged(better, true, -0.098).verdict, Verdict::pass);
  EXPECT_EQ(judged(better, true, -0.102).verdict, Verdict::fail);
}

TEST(Regression, undecided_reports_how_many_seeds_would_decide) {
  // 3.699511 / 1 away from the bound at 6: 3 x 13.69 = 41.06 pairs.
  const RegressionFinding finding = judged(kThree, false, 6e6);
  EXPECT_EQ(finding.verdict, Verdict::inconclusive);
  EXPECT_EQ(finding.seeds_needed, 42);
  // At the mean no number decides.
  EXPECT_EQ(judged(kThree, false, 5e6).seeds_needed, std::nullopt);
}

TEST(Regression, no_data_is_undecided) {
  EXPECT_EQ(judged(of_p95({{}, {}}, {100, 200}), false, 1e9).verdict, Verdict::inconclusive);
  EXPECT_EQ(judged(of_p95({100, {}}, {100, 200}), false, 1e9).verdict, Verdict::inconclusive);
  EXPECT_EQ(judged(of_p95({100, {}, 300}, {101, {}, 303}), false, 1e9).verdict, Verdict::pass);
}

}  // namespace
}  // namespace windtunnel::sim::regression_test
