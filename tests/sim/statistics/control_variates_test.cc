// Means with control variates against numbers worked out apart from this code (exact fractions in another language),
// and how often their intervals hold the true mean of a thousand samples.

#include "sim/statistics/control_variates.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "sim/kernel/chance.h"
#include "sim/kernel/samplers.h"

namespace windtunnel::sim::control_variates_test {
namespace {

using Values = std::vector<double>;

constexpr std::size_t kExperiments = 1000;
constexpr std::size_t kEach = 60;

// Slope 174/91; the weights move the mean of x from 41/6 to 8.
TEST(ControlVariates, have_the_known_answer) {
  const ControlVariates controls{6, {{.values = {1, 2, 4, 7, 11, 16}, .mean = 8}}};
  const ControlledMean mean = controls.mean_of(Values{3, 4, 9, 13, 25, 30});
  EXPECT_NEAR(mean.value, 16.23076923076923, 1e-12);
  EXPECT_NEAR(mean.variance, 1.905111827416664, 1e-12);
  EXPECT_NEAR(mean.plain_variance, 20.8, 1e-12);
  EXPECT_EQ(controls.effective_count(), 5U);
}

TEST(ControlVariates, leave_no_error_where_they_determine_the_value) {
  const ControlVariates controls{5, {{.values = {1, 2, 3, 5, 8}, .mean = 4}, {.values = {1, 0, 2, 0, 1}, .mean = 1}}};
  const ControlledMean mean = controls.mean_of(Values{2 + 7, 4 + 0, 6 + 14, 10 + 0, 16 + 7});
  EXPECT_NEAR(mean.value, 2 * 4 + 7 * 1, 1e-12);
  EXPECT_NEAR(mean.variance, 0, 1e-20);
}

TEST(ControlVariates, add_the_error_of_a_mean_that_was_estimated) {
  const ControlVariates exact{4, {{.values = {1, 2, 3, 4}, .mean = 2}}};
  const ControlVariates sampled{4, {{.values = {1, 2, 3, 4}, .mean = 2, .mean_variance = 0.25}}};
  const Values values{3, 6, 9, 12};
  EXPECT_NEAR(sampled.mean_of(values).variance - exact.mean_of(values).variance, 3 * 3 * 0.25, 1e-12);
}

TEST(ControlVariates, leave_out_what_the_others_determine) {
  const ControlVariates controls{
      4,
      {{.values = {1, 2, 3, 4}, .mean = 2}, {.values = {3, 5, 7, 9}, .mean = 5}, {.values = {2, 2, 2, 2}, .mean = 2}}};
  EXPECT_EQ(controls.used(), 1U);
}

// How many of 1,000 intervals hold the mean 3 of y = 3 + slope (x - 1) + noise, where x is lognormal with mean 1 and
// the noise as large as the root of x.
int held(double slope, double cv, double noise) {
  int count = 0;
  for (std::size_t experiment = 0; experiment < kExperiments; ++experiment) {
    const StreamKey stream = Chance{experiment}.stream("control variates");
    ControlVariate control{.values = {}, .mean = 1};
    Values values;
    for (std::size_t i = 0; i < kEach; ++i) {
      const Draw bits = draw(stream, i);
      const double x = factor_of_mean_one(cv, bits.a);
      control.values.push_back(x);
      values.push_back(3 + slope * (x - 1) + noise * std::sqrt(x) * standard_normal(unit_open(bits.b)));
    }
    const ControlVariates controls{kEach, {control}};
    const ControlledMean mean = controls.mean_of(values);
    const double half = student_factor(controls.effective_count()) * std::sqrt(mean.variance);
    if (std::abs(mean.value - 3) <= half) ++count;
  }
  return count;
}

TEST(ControlVariates, keep_95_percent_where_they_help_much) {
  const int count = held(3, 0.5, 0.1);
  EXPECT_GE(count, 922);
  EXPECT_LE(count, 978);
}
TEST(ControlVariates, keep_95_percent_where_they_help_little) {
  const int count = held(0.1, 0.5, 1);
  EXPECT_GE(count, 922);
  EXPECT_LE(count, 978);
}

TEST(EffectiveShare, is_the_binomial_interval_for_whole_trials) {
  const Estimate whole = estimate_share(12, 80);
  const Estimate effective = estimate_share_of(12.0 / 80, 80);
  EXPECT_NEAR(effective.low, whole.low, 1e-12);
  EXPECT_NEAR(effective.high, whole.high, 1e-12);
}

}  // namespace
}  // namespace windtunnel::sim::control_variates_test
