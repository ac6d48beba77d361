#include "sim/kernel/samplers.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

namespace windtunnel::sim::kernel_samplers_test {
namespace {

constexpr std::uint64_t kDraws = 100'000;
constexpr std::uint64_t kAllOnes = ~std::uint64_t{0};
constexpr double kLeast = unit_open(0);
constexpr double kGreatest = unit_open(kAllOnes);

StreamKey stream() { return Chance{42}.stream("samplers"); }

double normal_below(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

using Distribution = std::function<double(double)>;

std::vector<double> values_of(const Distribution& quantile) {
  std::vector<double> values;
  for (std::uint64_t i = 0; i < kDraws; ++i) values.push_back(quantile(unit_open(draw(stream(), i).a)));
  return values;
}

std::vector<double> gamma_values(double shape, double scale) {
  std::vector<double> values;
  for (std::uint64_t i = 0; i < kDraws; ++i) values.push_back(gamma(stream(), i, shape, scale));
  return values;
}

// Mean and variance within four of their standard errors, the variance's from the fourth moment of the values.
void expect_moments(const std::vector<double>& values, double mean, double variance) {
  const auto count = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  double square = 0;
  double fourth = 0;
  for (const double value : values) {
    const double off = (value - mean) * (value - mean);
    square += off;
    fourth += off * off;
  }
  EXPECT_NEAR(sum / count, mean, 4 * std::sqrt(variance / count));
  EXPECT_NEAR(square / count, variance, 4 * std::sqrt((fourth / count - variance * variance) / count));
}

// Kolmogorov and Smirnov: the greatest distance of the two distribution functions, times the root of the count, stays
// below 1.95 with probability 0.999.
void expect_distribution(std::vector<double> values, const Distribution& below_it) {
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  double distance = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double truth = below_it(values[i]);
    distance = std::max({distance, truth - static_cast<double>(i) / count, static_cast<double>(i + 1) / count - truth});
  }
  EXPECT_LT(distance * std::sqrt(count), 1.95);
}

TEST(Samplers, uniform_fills_its_interval) {
  const auto values = values_of([](double u) { return uniform(u, -2, 4); });
  expect_moments(values, 1, 3);
  expect_distribution(values, [](double x) { return (x + 2) / 6; });
  EXPECT_EQ(uniform(0.25, 3, 3), 3);
}

TEST(Samplers, exponential_has_its_mean_and_shape) {
  const auto values = values_of([](double u) { return exponential(u, 2.5); });
  expect_moments(values, 2.5, 6.25);
  expect_distribution(values, [](double x) { return 1 - std::exp(-x / 2.5); });
}

TEST(Samplers, standard_normal_has_its_moments_and_shape) {
  const auto values = values_of(standard_normal);
  expect_moments(values, 0, 1);
  expect_distribution(values, normal_below);
}

// The quantiles of the double nearest to each u, computed apart with 70 digits.
TEST(Samplers, standard_normal_gives_the_true_quantiles) {
  EXPECT_EQ(standard_normal(0.5), 0);
  const std::vector<std::pair<double, double>> known = {
      {0.3, -0.52440051270804081597},   {0.95, 1.6448536269514722843},     {0.975, 1.9599639845400538556},
      {0.9, 1.2815515655446005935},     {0.999, 3.0902323061678132778},    {0.075, -1.4395314709384559349},
      {0.0749, -1.4402382675279636631}, {0.01, -2.3263478740408410931},    {0.00001, -4.2648907939228246102},
      {1e-11, -6.7060231554951362961},  {1.5e-11, -6.6465708874771128614}, {3e-14, -7.5080818259428932354},
      {1e-15, -7.9413453261709967713},  {0x1p-53, -8.2095361516013868556}};
  for (const auto& [u, z] : known) EXPECT_NEAR(standard_normal(u), z, std::fabs(z) * 1e-15) << u;
}

TEST(Samplers, standard_normal_is_symmetric_and_joins_its_three_pieces) {
  for (const double u : {0.375, 0x1p-2, 0x1p-4, 0x1p-10, 0x1p-30, 0x1p-36, 0x1p-37, 0x1p-53}) {
    EXPECT_EQ(standard_normal(1 - u), -standard_normal(u)) << u;
  }
  // Both sides of |q| = 0.425 and of r = 5, that is of u = e^-25.
  for (const double u : {0.075, 0.925, 1.3887943864964021e-11}) {
    const double below_edge = standard_normal(u * (1 - 1e-12));
    const double above_edge = standard_normal(u * (1 + 1e-12));
    EXPECT_LT(below_edge, above_edge) << u;
    EXPECT_NEAR(below_edge, above_edge, 2e-11) << u;
  }
}

TEST(Samplers, lognormal_has_its_moments_and_shape) {
  const auto values = values_of([](double u) { return lognormal(u, 1.5, 0.5); });
  const double mean = std::exp(1.5 + 0.125);
  expect_moments(values, mean, mean * mean * std::expm1(0.25));
  expect_distribution(values, [](double x) { return normal_below((std::log(x) - 1.5) / 0.5); });
}

TEST(Samplers, weibull_has_its_moments_and_shape) {
  for (const double shape : {0.7, 1.5, 3.0}) {
    const auto values = values_of([=](double u) { return weibull(u, shape, 2); });
    const double mean = 2 * std::tgamma(1 + 1 / shape);
    expect_moments(values, mean, 4 * std::tgamma(1 + 2 / shape) - mean * mean);
    expect_distribution(values, [=](double x) { return 1 - std::exp(-std::pow(x / 2, shape)); });
  }
}

TEST(Samplers, weibull_of_shape_one_is_the_exponential) {
  for (const double u : {kLeast, 0.1, 0.5, 0.9, kGreatest}) EXPECT_EQ(weibull(u, 1, 3), exponential(u, 3));
}

TEST(Samplers, quantile_table_meets_its_quantiles_and_is_linear_between) {
  const std::array<double, 5> table = {1, 2, 4, 4, 10};
  EXPECT_EQ(quantile_table(0.25, table), 2);
  EXPECT_EQ(quantile_table(0.375, table), 3);
  EXPECT_EQ(quantile_table(0.5, table), 4);
  EXPECT_EQ(quantile_table(0.625, table), 4);
  EXPECT_EQ(quantile_table(0.875, table), 7);
  EXPECT_EQ(quantile_table(0.0, table), 1);
  EXPECT_EQ(quantile_table(1.0, table), 10);
  EXPECT_NEAR(quantile_table(kLeast, table), 1, 1e-15);
  EXPECT_NEAR(quantile_table(kGreatest, table), 10, 1e-14);
  EXPECT_EQ(quantile_table(0.3, std::array{7.0}), 7);
}

TEST(Samplers, gamma_has_its_moments_and_shape_on_both_sides_of_one) {
  for (const double shape : {0.5, 1.0, 2.0, 9.0}) expect_moments(gamma_values(shape, 3), shape * 3, shape * 9);
  expect_distribution(gamma_values(0.5, 3), [](double x) { return std::erf(std::sqrt(x / 3)); });
  expect_distribution(gamma_values(1, 3), [](double x) { return 1 - std::exp(-x / 3); });
  expect_distribution(gamma_values(2, 3), [](double x) { return 1 - std::exp(-x / 3) * (1 + x / 3); });
}

// Counts are gathered in cells of at least 20 expected, from below; chi-square stays within four deviations, sqrt(2 n),
// of its n degrees of freedom.
void expect_poisson(double mean, std::uint64_t draws) {
  std::vector<double> seen;
  for (std::uint64_t i = 0; i < draws; ++i) {
    const std::uint64_t count = poisson_count(stream(), i, mean);
    if (seen.size() <= count) seen.resize(count + 1);
    seen[count] += 1;
  }
  double chi_square = 0;
  double cells = 0;
  double cell_expected = 0;
  double cell_seen = 0;
  double expected_left = static_cast<double>(draws);
  for (std::size_t k = 0; k < seen.size() && expected_left > 40; ++k) {
    const double expected = static_cast<double>(draws) * std::exp(static_cast<double>(k) * std::log(mean) - mean -
                                                                  std::lgamma(static_cast<double>(k) + 1));
    cell_expected += expected;
    cell_seen += seen[k];
    expected_left -= expected;
    if (cell_expected < 20) continue;
    chi_square += (cell_seen - cell_expected) * (cell_seen - cell_expected) / cell_expected;
    cells += 1;
    cell_expected = cell_seen = 0;
  }
  EXPECT_GT(cells, 3);
  EXPECT_NEAR(chi_square, cells, 4 * std::sqrt(2 * cells)) << "mean " << mean;
}

TEST(Samplers, poisson_count_has_its_law_below_and_above_the_splitting) {
  expect_poisson(0.5, kDraws);
  expect_poisson(3, kDraws);
  expect_poisson(64, kDraws);
  expect_poisson(65, kDraws);
  // Counts below 70 come only from an arrival after the end, about 1 in 1,500: some 130 of them here.
  expect_poisson(100, 2 * kDraws);
  expect_poisson(1000, kDraws / 5);
}

TEST(Samplers, poisson_count_has_its_mean_and_variance_when_large) {
  std::vector<double> values;
  for (std::uint64_t i = 0; i < 2000; ++i) values.push_back(static_cast<double>(poisson_count(stream(), i, 100'000)));
  expect_moments(values, 100'000, 100'000);
}

TEST(Samplers, poisson_count_covers_its_range_and_no_more) {
  EXPECT_EQ(poisson_count(stream(), 0, 0), 0U);
  EXPECT_NEAR(static_cast<double>(poisson_count(stream(), 0, 1e7)), 1e7, 4 * std::sqrt(1e7));
  EXPECT_EXIT((void)poisson_count(stream(), 0, -1), testing::ExitedWithCode(1), "Poisson mean");
  EXPECT_EXIT((void)poisson_count(stream(), 0, 1.1e7), testing::ExitedWithCode(1), "Poisson mean");
}

TEST(Samplers, stay_finite_and_in_their_support_at_the_extremes) {
  for (const double u : {kLeast, kGreatest}) {
    EXPECT_LT(std::fabs(standard_normal(u)), 8.3);
    EXPECT_GT(exponential(u, 2), 0);
    EXPECT_LT(exponential(u, 2), 75);
    EXPECT_GT(lognormal(u, 0, 2), 0);
    EXPECT_LT(lognormal(u, 0, 2), 2e7);
    EXPECT_GT(weibull(u, 0.5, 2), 0);
    EXPECT_LT(weibull(u, 0.5, 2), 2800);
    EXPECT_GE(uniform(u, 5, 6), 5);
    EXPECT_LE(uniform(u, 5, 6), 6);
  }
}

RC_GTEST_PROP(Samplers, never_fall_as_the_bits_rise, (std::uint64_t value, std::uint64_t two)) {
  const double low = unit_open(std::min(value, two));
  const double high = unit_open(std::max(value, two));
  const auto rises = [](double before, double after) { return before <= after + 1e-14 * std::fabs(after); };
  const std::array<double, 4> table = {-1, 0, 0, 5};
  RC_ASSERT(rises(uniform(low, 1, 3), uniform(high, 1, 3)));
  RC_ASSERT(rises(exponential(low, 2), exponential(high, 2)));
  RC_ASSERT(rises(standard_normal(low), standard_normal(high)));
  RC_ASSERT(rises(lognormal(low, 1, 0.7), lognormal(high, 1, 0.7)));
  RC_ASSERT(rises(weibull(low, 0.8, 2), weibull(high, 0.8, 2)));
  RC_ASSERT(rises(quantile_table(low, table), quantile_table(high, table)));
}

TEST(Samplers, give_the_same_bits_for_ever) {
  EXPECT_EQ(uniform(kLeast, -2, 4), -0x1.ffffffffffffdp+0);
  EXPECT_EQ(uniform(0.01, -2, 4), -0x1.f0a3d70a3d70ap+0);
  EXPECT_EQ(uniform(0.3, -2, 4), -0x1.99999999999ap-3);
  EXPECT_EQ(uniform(0.77, -2, 4), 0x1.4f5c28f5c28f6p+1);
  EXPECT_EQ(uniform(kGreatest, -2, 4), 0x1.ffffffffffffep+1);
  EXPECT_EQ(exponential(kLeast, 2.5), 0x1.4p-52);
  EXPECT_EQ(exponential(0.01, 2.5), 0x1.9ba968e0bc9ebp-6);
  EXPECT_EQ(exponential(0.3, 2.5), 0x1.c88b3ee198f24p-1);
  EXPECT_EQ(exponential(0.77, 2.5), 0x1.d64bdaffe6794p+1);
  EXPECT_EQ(exponential(kGreatest, 2.5), 0x1.6f5e359f105f8p+6);
  EXPECT_EQ(standard_normal(kLeast), -0x1.06b48528cea52p+3);
  EXPECT_EQ(standard_normal(0.01), -0x1.29c5c4630ff0ep+1);
  EXPECT_EQ(standard_normal(0.3), -0x1.0c7e39582c5fcp-1);
  EXPECT_EQ(standard_normal(0.77), 0x1.7a4a225c019b3p-1);
  EXPECT_EQ(standard_normal(kGreatest), 0x1.06b48528cea52p+3);
  EXPECT_EQ(lognormal(kLeast, 1.5, 0.5), 0x1.2ec707d4b39a4p-4);
  EXPECT_EQ(lognormal(0.01, 1.5, 0.5), 0x1.6686de9486fbp+0);
  EXPECT_EQ(lognormal(0.3, 1.5, 0.5), 0x1.b958ac4f0c192p+1);
  EXPECT_EQ(lognormal(0.77, 1.5, 0.5), 0x1.9f02f9347ce22p+2);
  EXPECT_EQ(lognormal(kGreatest, 1.5, 0.5), 0x1.0fb809d38998bp+8);
  EXPECT_EQ(weibull(kLeast, 0.7, 2), 0x1.381147622f897p-75);
  EXPECT_EQ(weibull(0.01, 0.7, 2), 0x1.6edeb6c5f9b29p-9);
  EXPECT_EQ(weibull(0.3, 0.7, 2), 0x1.d59730bcd5cd8p-2);
  EXPECT_EQ(weibull(0.77, 0.7, 2), 0x1.bbbd46e749f1cp+1);
  EXPECT_EQ(weibull(kGreatest, 0.7, 2), 0x1.58430fefe0669p+8);
  const std::array<double, 4> table = {0.1, 0.7, 3.3, 9.1};
  EXPECT_EQ(quantile_table(kLeast, table), 0x1.99999999999a8p-4);
  EXPECT_EQ(quantile_table(0.01, table), 0x1.e353f7ced9169p-4);
  EXPECT_EQ(quantile_table(0.3, table), 0x1.47ae147ae147ap-1);
  EXPECT_EQ(quantile_table(0.77, table), 0x1.4645a1cac0831p+2);
  EXPECT_EQ(quantile_table(kGreatest, table), 0x1.2333333333332p+3);
  EXPECT_EQ(gamma(stream(), 0, 0.5, 3), 0x1.471a008d6e3c4p-2);
  EXPECT_EQ(gamma(stream(), 1, 0.5, 3), 0x1.9b8272376e4dap-1);
  EXPECT_EQ(gamma(stream(), 2, 0.5, 3), 0x1.aca76fd6e9b73p-4);
  EXPECT_EQ(gamma(stream(), 0, 2.5, 3), 0x1.447a819af09bep+3);
  EXPECT_EQ(gamma(stream(), 1, 2.5, 3), 0x1.734ef18a1fc02p+2);
  EXPECT_EQ(gamma(stream(), 2, 2.5, 3), 0x1.f6c80f2552a46p+1);
  EXPECT_EQ(poisson_count(stream(), 0, 0.5), 2U);
  EXPECT_EQ(poisson_count(stream(), 1, 0.5), 0U);
  EXPECT_EQ(poisson_count(stream(), 0, 30), 25U);
  EXPECT_EQ(poisson_count(stream(), 1, 30), 30U);
  EXPECT_EQ(poisson_count(stream(), 0, 100), 97U);
  EXPECT_EQ(poisson_count(stream(), 1, 100), 110U);
  EXPECT_EQ(poisson_count(stream(), 0, 5000), 5009U);
  EXPECT_EQ(poisson_count(stream(), 1, 5000), 5055U);
  EXPECT_EQ(poisson_count(stream(), 2024, 100), 66U);
  EXPECT_EQ(poisson_count(stream(), 2054, 100), 69U);
}

}  // namespace
}  // namespace windtunnel::sim::kernel_samplers_test
