#include "sim/statistics/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/kernel/chance.h"
#include "sim/kernel/samplers.h"

namespace windtunnel::sim::study_statistics_test {
namespace {

using Whole = std::vector<std::int64_t>;

// The sums that a spreadsheet gives: 2, 4, 4, 4, 5, 5, 7, 9 has mean 5 and sum of squares 32.
TEST(Statistics, mean_and_variance_of_a_small_sample) {
  const Whole values{2, 4, 4, 4, 5, 5, 7, 9};
  const Moments moments = moments_of(std::span<const std::int64_t>{values});
  EXPECT_DOUBLE_EQ(moments.mean, 5);
  EXPECT_DOUBLE_EQ(moments.variance, 32.0 / 7);
  EXPECT_DOUBLE_EQ(moments.fourth, (81 + 3 * 1 + 2 * 0 + 16 + 256) / 8.0);
  const auto mean = estimate_mean(std::span<const std::int64_t>{values});
  ASSERT_TRUE(mean);
  // t(0.975, 7 degrees) = 2.364624252
  EXPECT_NEAR(mean->half_width(), 2.364624252 * std::sqrt(32.0 / 7 / 8), 1e-8);
  EXPECT_NEAR((mean->low + mean->high) / 2, 5, 1e-12);
}

// A double has 53 bits: squares of pico-dollars near the range's end would leave nothing of a spread of 3.
TEST(Statistics, a_small_spread_of_large_amounts_is_not_lost) {
  const std::int64_t base = 9'000'000'000'000'000'000;
  const Whole values{base, base + 1, base + 2, base + 3};
  EXPECT_DOUBLE_EQ(moments_of(std::span<const std::int64_t>{values}).variance, 5.0 / 3);
}

TEST(Statistics, one_value_has_no_interval) {
  const Whole entry{7};
  EXPECT_FALSE(estimate_mean(std::span<const std::int64_t>{entry}));
  EXPECT_FALSE(estimate_mean(std::span<const double>{}));
  EXPECT_FALSE(quantile_ranks(0, 0.5));
}

TEST(Statistics, pairs_cancel_what_they_share) {
  const Whole a{1'000, 2'000, 3'010};
  const Whole b{990, 1'990, 3'000};
  const auto difference = estimate_difference(std::span<const std::int64_t>{a}, std::span<const std::int64_t>{b});
  ASSERT_TRUE(difference);
  EXPECT_DOUBLE_EQ(difference->value, 10);
  EXPECT_DOUBLE_EQ(difference->half_width(), 0);
}

// Exact values: at 0 of n the mid-P end solves (1 - p)^n / 2 = 0.025.
TEST(Statistics, none_of_n_is_below_the_rule_of_three) {
  for (const std::size_t n : {1U, 10U, 100U, 1000U, 100'000U}) {
    const Estimate none = estimate_share(0, n);
    EXPECT_EQ(none.value, 0);
    EXPECT_EQ(none.low, 0);
    EXPECT_NEAR(none.high, 1 - std::pow(0.05, 1.0 / static_cast<double>(n)), 1e-9);
    EXPECT_LT(none.high, 3.0 / static_cast<double>(n));
    const Estimate all = estimate_share(n, n);
    EXPECT_EQ(all.high, 1);
    EXPECT_NEAR(all.low, 1 - none.high, 1e-9);
  }
}

double binomial(std::size_t n, std::size_t k, double p) {
  const auto f = [](std::size_t x) { return std::lgamma(static_cast<double>(x) + 1); };
  return std::exp(f(n) - f(k) - f(n - k) + static_cast<double>(k) * std::log(p) +
                  static_cast<double>(n - k) * std::log(1 - p));
}

// By summing the binomial law itself: no sampling. Clopper-Pearson would cover 97 to 98.5 % here, and so fail above.
TEST(Statistics, the_interval_of_a_share_covers_95_percent) {
  for (const std::size_t n : {50U, 200U, 1000U}) {
    double sum = 0;
    int cases = 0;
    for (double p = 0.02; p < 0.5; p += 0.0437, ++cases) {
      double covered = 0;
      for (std::size_t k = 0; k <= n; ++k) {
        const double weight = binomial(n, k, p);
        if (weight < 1e-6) continue;
        const Estimate share = estimate_share(k, n);
        if (share.low <= p && p <= share.high) covered += weight;
      }
      EXPECT_GT(covered, 0.925) << n << " " << p;
      EXPECT_LT(covered, 0.99) << n << " " << p;
      sum += covered;
    }
    EXPECT_NEAR(sum / cases, 0.953, 0.006) << n;
  }
}

TEST(Statistics, quantiles_are_refused_below_the_smallest_sample_that_bounds_them) {
  EXPECT_FALSE(quantile_ranks(5, 0.5));
  EXPECT_TRUE(quantile_ranks(6, 0.5));
  EXPECT_FALSE(quantile_ranks(35, 0.9));
  EXPECT_FALSE(quantile_ranks(35, 0.1));
  EXPECT_TRUE(quantile_ranks(36, 0.9));
  EXPECT_TRUE(quantile_ranks(36, 0.1));
}

// The ranks of printed tables (Hahn and Meeker): n = 100, median, 95 %: 40 and 61.
TEST(Statistics, quantile_ranks_are_those_of_the_tables) {
  const auto median = quantile_ranks(100, 0.5);
  ASSERT_TRUE(median);
  EXPECT_EQ(median->rank, 50U);
  EXPECT_EQ(median->low, 40U);
  EXPECT_EQ(median->high, 61U);
}

TEST(Statistics, order_statistics_cover_the_quantile_with_at_least_95_percent_and_little_more) {
  for (const std::size_t n : {40U, 100U, 1000U}) {
    for (const double q : {0.1, 0.5, 0.9}) {
      const auto ranks = quantile_ranks(n, q);
      ASSERT_TRUE(ranks);
      double covered = 0;
      for (std::size_t k = ranks->low; k < ranks->high; ++k) covered += binomial(n, k, q);
      EXPECT_GE(covered, 0.95) << n << " " << q;
      EXPECT_LT(covered, 0.975) << n << " " << q;
    }
  }
}

// A month in which the budget lasts has no date: such months count as later than any date.
TEST(Statistics, a_quantile_may_be_never) {
  Whole dates(60, INT64_MAX);
  for (std::size_t i = 0; i < 20; ++i) dates[i] = static_cast<std::int64_t>(i);
  const auto early = estimate_quantile(dates, 0.1);
  const auto middle = estimate_quantile(dates, 0.5);
  ASSERT_TRUE(early && middle);
  EXPECT_EQ(early->value, 5);
  EXPECT_LT(early->high, INT64_MAX);
  EXPECT_EQ(middle->value, INT64_MAX);
}

TEST(Statistics, a_ratio_of_sums_is_not_the_mean_of_ratios) {
  const Whole parts{1, 90};
  const Whole wholes{100, 100};
  EXPECT_DOUBLE_EQ(estimate_ratio(parts, wholes)->value, 0.455);
  const Whole uneven{1, 0};
  const Whole weights{1, 999};
  EXPECT_DOUBLE_EQ(estimate_ratio(uneven, weights)->value, 0.001);
  EXPECT_GE(estimate_ratio(uneven, weights)->low, 0);
  const Whole none{0, 0};
  EXPECT_DOUBLE_EQ(estimate_ratio(none, wholes)->high, 3.0 / 200);
  EXPECT_DOUBLE_EQ(estimate_ratio(wholes, wholes)->low, 1 - 3.0 / 200);
  const Whole nothing{0, 0};
  EXPECT_FALSE(estimate_ratio(nothing, nothing));
}

// Shares of experiments whose interval holds the truth; 3,000 experiments have a standard error of 0.4 %.
TEST(Statistics, students_interval_covers_95_percent_of_normal_and_skewed_samples) {
  const StreamKey stream = Chance{1}.stream("coverage");
  for (const double sigma : {0.0, 0.3}) {
    const double mean = sigma == 0 ? 0 : std::exp(sigma * sigma / 2);
    int held = 0;
    for (std::uint64_t i = 0; i < 3000; ++i) {
      std::vector<double> values;
      for (std::uint32_t j = 0; j < 100; ++j) {
        const double normal = standard_normal(unit_open(draw(stream, i, j).a));
        values.push_back(sigma == 0 ? normal : std::exp(sigma * normal));
      }
      const auto estimate = estimate_mean(std::span<const double>{values});
      held += estimate->low <= mean && mean <= estimate->high ? 1 : 0;
    }
    EXPECT_NEAR(held / 3000.0, 0.95, 0.015) << sigma;
  }
}

}  // namespace
}  // namespace windtunnel::sim::study_statistics_test
