// The interval of a mean against numbers worked out apart from this code (exact fractions, integration of Student's
// density, binomial sums and bisection in another language), and how often it holds the true mean of a thousand
// samples.

#include "sim/statistics/skewed_mean.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "sim/kernel/chance.h"
#include "sim/kernel/samplers.h"

namespace windtunnel::sim::skewed_mean_test {
namespace {

using Values = std::vector<double>;

void expect_near(const Values& values, const Estimate& known) {
  const auto estimate = estimate_skewed_mean(values);
  ASSERT_TRUE(estimate);
  EXPECT_NEAR(estimate->value, known.value, 1e-8);
  EXPECT_NEAR(estimate->low, known.low, 1e-8);
  EXPECT_NEAR(estimate->high, known.high, 1e-8);
}

// The lower end is Student's, the upper one Hall's: Student's would be 13.449.
TEST(SkewedMean, reaches_further_to_the_side_of_the_long_tail) {
  expect_near({1, 2, 3, 4, 5, 6, 7, 8, 9, 30}, {7.5, 1.5506270118640595, 23.93371533962351});
  expect_near({-1, -2, -3, -4, -5, -6, -7, -8, -9, -30}, {-7.5, -23.933715339623507, -1.5506270118640595});
}

// The short side of three values is t(0.9775, 2 degrees) standard errors long, the long one t(0.999) = 22.327 of them;
// t(0.975) would give -0.573 and 12.573.
TEST(SkewedMean, of_a_few_values_reaches_much_further_to_the_side_of_the_long_tail) {
  expect_near({4, 5, 9}, {6, -0.9554802905191266, 40.105246436613584});
  expect_near({-4, -5, -9}, {-6, -40.105246436613584, 0.9554802905191266});
  expect_near({1, 2, 3, 4, 5, 6, 20}, {5.857142857142857, 0.20369151903215155, 21.634109629444083});
  expect_near({3, 4}, {3.5, -7.102474394844446, 14.102474394844446});
}

// t(0.98825, 2 degrees) = 6.407740.
TEST(SkewedMean, of_a_few_values_without_a_skewness_reaches_as_far_to_either_side) {
  expect_near({4, 5, 6}, {5, 1.3004893863568419, 8.699510613643158});
}

// At 97 % on the long side, which is Hall's; at 97.5 % it would reach to 23.13.
TEST(SkewedMean, of_11_to_17_values_reaches_a_little_less_far_to_the_long_side) {
  expect_near({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 30}, {8, 3.1611686229461533, 22.898644278581223});
}

// Two of 20 seeds, 3 at most: the share is at most 0.316983 and the greatest distance taken for 18, for 3 where both
// are 2; once in 20, at most 0.248733, for 30.
TEST(SkewedMean, of_rare_values_is_bounded_by_their_share) {
  Values two(20, 0);
  two[3] = 1;
  two[11] = 3;
  expect_near(two, {0.2, -0.12566893574470617, 5.705688852343481});
  Values once(20, 0);
  once[7] = 2;
  expect_near(once, {0.1, -0.1093024054408348, 7.461982883160833});
}

TEST(SkewedMean, of_rare_values_below_and_on_both_sides_is_bounded_there) {
  const Values below{5, 5, 5, 4, 5, 5, 4, 5, 5, 5, 4, 5};  // Hall's lower end lies further down
  expect_near(below, {4.75, 3.6482206571360343, 5.037356753096514});
  expect_near({0, -2, 1, 0, 0, 1, -2, 0, 1, 0}, {-0.1, -1.6682863869229245, 0.6872538050313604});
}

TEST(SkewedMean, without_a_spread_there_is_no_interval) {
  EXPECT_FALSE(estimate_skewed_mean(Values{}));
  EXPECT_FALSE(estimate_skewed_mean(Values{3}));
  EXPECT_FALSE(estimate_skewed_mean(Values{3, 3}));
  EXPECT_FALSE(estimate_skewed_mean(Values(1000, 0.1)));
  EXPECT_TRUE(estimate_skewed_mean(Values{3, 4}));
}

TEST(SkewedMean, the_commonest_value_is_the_least_of_those_that_come_most_often) {
  EXPECT_EQ(commonest_of(Values{7}).value, 7);
  EXPECT_EQ(commonest_of(Values{2, 9, 2, 9, 5}).value, 2);
  EXPECT_EQ(commonest_of(Values{9, 2, 9, 5}).value, 9);
  EXPECT_EQ(commonest_of(Values{9, 2, 9, 5}).count, 2U);
}

TEST(SkewedMean, unseen_values_are_bounded_by_the_rule_of_three) {
  EXPECT_DOUBLE_EQ(unseen_share(30), 0.1);
  EXPECT_DOUBLE_EQ(unseen_share(2), 1.5);
}

// --- Coverage --------------------------------------------------------------------------------------------------------

// Uniform numbers by their place.
class Source {
 public:
  explicit Source(std::uint64_t sample) : sample_(sample) {}
  double uniform() { return unit_open(draw(stream_, sample_, next_++).a); }
  double normal() { return standard_normal(uniform()); }
  double exponential() { return -std::log(uniform()); }
  bool chance(double share) { return uniform() < share; }

 private:
  StreamKey stream_ = Chance{17}.stream("skewed_mean");
  std::uint64_t sample_;
  std::uint32_t next_ = 0;
};

struct Tried {
  int held = 0;
  int none = 0;
};

constexpr std::uint64_t kSamples = 4000;

Tried try_law(const std::function<double(Source&)>& law, double mean, std::size_t n) {
  Tried tried;
  for (std::uint64_t i = 0; i < kSamples; ++i) {
    Source source{i};
    Values values;
    for (std::size_t j = 0; j < n; ++j) values.push_back(law(source));
    const auto estimate = estimate_skewed_mean(values);
    if (!estimate) {
      ++tried.none;
    } else if (estimate->low <= mean && mean <= estimate->high) {
      ++tried.held;
    }
  }
  return tried;
}

// Of the intervals that there are.
double share_held(const Tried& tried) { return tried.held / static_cast<double>(kSamples - tried.none); }

struct ContinuousLaw {
  const char* name;
  std::function<double(Source&)> draw;
  double mean;
};

const std::vector<ContinuousLaw>& continuous_laws() {
  static const std::vector<ContinuousLaw> laws{
      {"normal", [](Source& from) { return from.normal(); }, 0},
      {"lognormal 0.3", [](Source& from) { return std::exp(0.3 * from.normal()); }, std::exp(0.045)},
      {"lognormal 0.5", [](Source& from) { return std::exp(0.5 * from.normal()); }, std::exp(0.125)},
      {"lognormal 0.8", [](Source& from) { return std::exp(0.8 * from.normal()); }, std::exp(0.32)},
      {"lognormal 1", [](Source& from) { return std::exp(from.normal()); }, std::exp(0.5)},
      {"minus lognormal 1", [](Source& from) { return -std::exp(from.normal()); }, -std::exp(0.5)},
      {"uniform", [](Source& from) { return from.uniform(); }, 0.5},
      {"gamma 2", [](Source& from) { return from.exponential() + from.exponential(); }, 2},
      {"exponential", [](Source& from) { return from.exponential(); }, 1},
      {"minus exponential", [](Source& from) { return -from.exponential(); }, -1},
  };
  return laws;
}

// 92.2 to 97.8 % is asked of 1,000 experiments; 4,000 here have half their error.
TEST(SkewedMean, holds_the_mean_of_continuous_laws_in_95_percent) {
  for (const ContinuousLaw& law : continuous_laws()) {
    for (const std::size_t n : {2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 10U, 12U, 15U, 20U, 50U}) {
      const double share = share_held(try_law(law.draw, law.mean, n));
      EXPECT_GE(share, 0.922) << law.name << ", " << n;
      EXPECT_LE(share, 0.978) << law.name << ", " << n;
    }
  }
}

// Student's interval itself holds these too often. No few values tell them from a skewed law.
TEST(SkewedMean, holds_the_mean_of_long_tailed_symmetrical_laws_more_often_below_8_values) {
  const auto exponentials = [](Source& from) { return 1.5 * from.exponential() - from.exponential(); };
  const auto lognormals = [](Source& from) { return std::exp(from.normal()) - std::exp(from.normal()); };
  for (const std::size_t n : {2U, 3U, 4U, 5U, 6U, 7U, 8U, 10U, 20U, 50U}) {
    const double of_exponentials = share_held(try_law(exponentials, 0.5, n));
    const double of_lognormals = share_held(try_law(lognormals, 0, n));
    EXPECT_GE(std::min(of_exponentials, of_lognormals), 0.922) << n;
    EXPECT_LE(std::max(of_exponentials, of_lognormals), n < 8 ? 0.992 : 0.978) << n;
  }
}

// --- A rare outlier
// ----------------------------------------------------------------------------------------------------

std::function<double(Source&)> with_outliers(double share) {
  return [share](Source& from) { return from.normal() + (from.chance(share) ? 10 : 0); };
}

// Of samples that are smooth but for outliers, those without one are wrong, and no interval can be right. They are
// fewer than 5 % if outliers are at least as frequent as the rule of three tells.
TEST(SkewedMean, holds_the_mean_if_outliers_come_in_3_of_n_values) {
  for (const std::size_t n : {6U, 10U, 20U, 30U, 60U, 100U}) {
    const double share = std::min(0.5, unseen_share(n));
    EXPECT_GE(share_held(try_law(with_outliers(share), 10 * share, n)), 0.922) << n;
  }
}

TEST(SkewedMean, holds_the_mean_in_nearly_every_sample_that_shows_an_outlier) {
  for (const double share : {0.02, 0.1}) {
    for (const std::size_t n : {6U, 8U, 10U, 20U, 30U}) {
      int shown = 0;
      int held = 0;
      for (std::uint64_t i = 0; i < kSamples; ++i) {
        Source source{i};
        Values values;
        for (std::size_t j = 0; j < n; ++j) values.push_back(with_outliers(share)(source));
        if (*std::ranges::max_element(values) < 5) continue;
        ++shown;
        const auto estimate = estimate_skewed_mean(values);
        held += estimate->low <= 10 * share && 10 * share <= estimate->high ? 1 : 0;
      }
      EXPECT_GE(held, 0.985 * shown) << share << ", " << n;
      EXPECT_GT(shown, 200);
    }
  }
}

// --- Counts --------------------------------------------------------------------------------------------------------

// Counts that most seeds do not have. Exact intervals hold more often than 95 %.
TEST(SkewedMean, holds_the_mean_of_rare_counts) {
  for (const double share : {0.02, 0.05, 0.1, 0.2, 0.4}) {
    const auto ones = [share](Source& from) { return from.chance(share) ? 1.0 : 0.0; };
    const auto many = [share](Source& from) { return from.chance(share) ? 30 * from.exponential() : 0.0; };
    const auto both = [share](Source& from) {
      if (!from.chance(share)) return 0.0;
      return std::floor(20 * from.uniform()) - (from.chance(0.5) ? 0 : 19);
    };
    for (const std::size_t n : {6U, 10U, 20U, 40U, 100U}) {
      EXPECT_GE(share_held(try_law(ones, share, n)), 0.922) << share << ", " << n;
      EXPECT_GE(share_held(try_law(many, 30 * share, n)), 0.922) << share << ", " << n;
      EXPECT_GE(share_held(try_law(both, 0, n)), 0.922) << share << ", " << n;
    }
  }
}

// A seed in ten has an outage of a minute, or of a day.
TEST(SkewedMean, holds_the_mean_of_rare_values_whose_sizes_vary_much) {
  const double mean_size = std::exp(1.125);  // of a lognormal law, sigma 1.5
  for (const std::size_t n : {6U, 8U, 10U, 20U, 40U, 100U}) {
    for (const double share : {unseen_share(n), 0.02, 0.05, 0.1, 0.2, 0.4}) {
      const auto sizes = [share](Source& from) { return from.chance(share) ? std::exp(1.5 * from.normal()) : 0.0; };
      EXPECT_GE(share_held(try_law(sizes, share * mean_size, n)), 0.922) << share << ", " << n;
    }
  }
}

// What the rule of three says of seeds that are all alike: if another value comes with a greater chance than 3/n, a
// sample without it is rare.
TEST(SkewedMean, samples_that_hide_a_share_above_3_of_n_are_under_5_percent) {
  for (const std::size_t n : {6U, 10U, 20U, 100U}) {
    const double share = unseen_share(n);
    const Tried tried = try_law([share](Source& from) { return from.chance(share) ? 1.0 : 0.0; }, share, n);
    EXPECT_LE(tried.none, 0.06 * kSamples) << n;
    EXPECT_LE(std::pow(1 - share, static_cast<double>(n)), 0.05) << n;
  }
}

}  // namespace
}  // namespace windtunnel::sim::skewed_mean_test
