// Every kind of interval against numbers worked out apart from this code, with exact fractions and binomial sums in
// another language. Coverage alone lets an interval pass that is somewhat too wide.

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <vector>

#include "sim/statistics/standard_deviation.h"
#include "sim/statistics/statistics.h"

namespace windtunnel::sim::known_answers_test {
namespace {

using Whole = std::vector<std::int64_t>;

constexpr double kNear = 1e-8;

void expect_near(const Estimate& estimate, const Estimate& known) {
  EXPECT_NEAR(estimate.value, known.value, kNear);
  EXPECT_NEAR(estimate.low, known.low, kNear);
  EXPECT_NEAR(estimate.high, known.high, kNear);
}

// One value far out: its mean is 7.5, its kurtosis 6.699.
const Whole kSkewed{1, 2, 3, 4, 5, 6, 7, 8, 9, 30};

// t(0.975, 9 degrees) = 2.2621571627.
TEST(KnownAnswers, a_mean) {
  const auto mean = estimate_mean(std::span<const std::int64_t>{kSkewed});
  ASSERT_TRUE(mean);
  expect_near(*mean, {7.5, 1.5506270120145507, 13.449372987985448});
}

// Bonett (2006) with c = 50 / (50 - t) and the error c ((kurtosis - 47/50) / 49)^0.5, t(0.975, 49 degrees)
// = 2.00957524. With the kurtosis of a normal law in place of the sample's the first would be 12.01 to 18.44.
TEST(KnownAnswers, a_standard_deviation) {
  std::vector<Int128> even(50);
  std::iota(even.begin(), even.end(), 0);
  const auto sd = estimate_sd(even);
  ASSERT_TRUE(sd);
  expect_near(*sd, {14.577379737113251, 12.953558908433651, 17.09169917551101});
  std::vector<Int128> far = even;
  far[0] = 400;
  expect_near(*estimate_sd(far), {54.886246000250374, 21.51981176206282, 145.84918205691346});
}

// Cubes are skewed: Bonett's upper end is 43,701.8, that of the mean of the squared deviations is higher.
TEST(KnownAnswers, a_standard_deviation_of_skewed_values) {
  std::vector<Int128> cubes;
  for (int i = 0; i < 50; ++i) cubes.push_back(i * i * i);
  const auto sd = estimate_sd(cubes);
  ASSERT_TRUE(sd);
  EXPECT_NEAR(sd->value, 34674.393366822485, 1e-5);
  EXPECT_NEAR(sd->low, 28663.78998158365, 1e-5);
  EXPECT_NEAR(sd->high, 46780.54197812161, 1e-5);
  const std::vector<double> same(cubes.begin(), cubes.end());
  EXPECT_NEAR(estimate_sd(std::span<const double>{same})->high, sd->high, 1e-6);
}

// t(0.975, 3 degrees) = 3.1824463053; the differences are 4, 3, 6 and 2.
TEST(KnownAnswers, a_difference_of_pairs) {
  const Whole a{5, 7, 9, 12};
  const Whole b{1, 4, 3, 10};
  const auto difference = estimate_difference(std::span<const std::int64_t>{a}, std::span<const std::int64_t>{b});
  ASSERT_TRUE(difference);
  expect_near(*difference, {3.75, 1.0324691162035107, 6.467530883796489});
}

TEST(KnownAnswers, a_ratio_of_sums) {
  const Whole parts{1, 4, 2, 5};
  const Whole wholes{10, 20, 10, 30};
  const auto ratio = estimate_ratio(parts, wholes);
  ASSERT_TRUE(ratio);
  expect_near(*ratio, {12.0 / 70, 0.12056424601899396, 0.2222928968381489});
}

// The ends solve P(X > hits) + P(X = hits) / 2 = 0.025, and the same from the other side. 121 of 400 is the share of
// errors 0.3025.
TEST(KnownAnswers, a_share) {
  expect_near(estimate_share(3, 20), {0.15, 0.0396197843291521, 0.3561073603136138});
  expect_near(estimate_share(121, 400), {0.3025, 0.2589662193022202, 0.3488829057933993});
  expect_near(estimate_share(50, 100), {0.5, 0.4026979165900575, 0.5973020834099425});
  expect_near(estimate_share(0, 10), {0, 0, 0.2588655508930524});
  expect_near(estimate_share(10, 10), {1, 0.7411344491069478, 1});
}

}  // namespace
}  // namespace windtunnel::sim::known_answers_test
