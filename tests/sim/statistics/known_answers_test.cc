// Every kind of interval against numbers worked out apart from this code, with exact fractions and binomial sums in
// another language. Coverage alone lets an interval pass that is somewhat too wide.

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

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

// Bonett (2006) with c = 10 / (10 - t) and the error c ((kurtosis - 7/10) / 9)^0.5. With the kurtosis of a normal law
// in place of the sample's it would be 4.52 to 19.80.
TEST(KnownAnswers, a_standard_deviation) {
  const auto sd = estimate_sd(std::span<const std::int64_t>{kSkewed});
  ASSERT_TRUE(sd);
  expect_near(*sd, {8.3166499665831, 2.8663968733374885, 31.184631777431367});
  const std::vector<double> same(kSkewed.begin(), kSkewed.end());
  expect_near(*estimate_sd(std::span<const double>{same}), *sd);
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
