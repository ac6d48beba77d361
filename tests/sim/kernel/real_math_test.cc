#include "sim/kernel/real_math.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/kernel/chance.h"

namespace windtunnel::sim::kernel_real_math_test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint64_t kTrials = 200'000;

// The distance from the true value, in units of the last place of the value's double.
double units_off(double value, long double truth) {
  const double nearest = static_cast<double>(truth);
  const double step = std::nextafter(std::fabs(nearest), kInfinity) - std::fabs(nearest);
  return static_cast<double>(std::fabs(static_cast<long double>(value) - truth) / step);
}

double random_unit(std::uint64_t i) { return unit_open(draw(Chance{7}.stream("real_math"), i).a); }

TEST(RealMath, log_is_within_one_unit_in_the_last_place) {
  double worst = 0;
  for (std::uint64_t i = 0; i < kTrials; ++i) {
    const double u = random_unit(i);
    for (const double x : {u, 0.5 + u, 1.0 + u * 1e-6, 1.0 - u * 1e-6, std::pow(10.0, 600.0 * u - 300.0)}) {
      worst = std::max(worst, units_off(log(x), std::log(static_cast<long double>(x))));
    }
  }
  EXPECT_LT(worst, 1.0);
}

TEST(RealMath, exp_is_within_one_unit_in_the_last_place) {
  double worst = 0;
  for (std::uint64_t i = 0; i < kTrials; ++i) {
    const double u = random_unit(i);
    for (const double x : {1400.0 * u - 700.0, 2.0 * u - 1.0, u * 1e-6, 20.0 * u - 10.0, 1416.0 * u - 707.5}) {
      worst = std::max(worst, units_off(exp(x), std::exp(static_cast<long double>(x))));
    }
  }
  EXPECT_LT(worst, 1.0);
}

TEST(RealMath, pow_is_within_its_stated_error) {
  for (std::uint64_t i = 0; i < kTrials; ++i) {
    const double x = 40.0 * random_unit(2 * i);
    const double y = 20.0 * random_unit(2 * i + 1) - 10.0;
    const double bound = 3.0 + 2.0 * std::fabs(y * std::log(x));
    ASSERT_LE(units_off(pow(x, y), std::pow(static_cast<long double>(x), static_cast<long double>(y))), bound)
        << x << " to the power " << y;
  }
}

TEST(RealMath, log_gamma_is_within_its_stated_error) {
  for (const double x : {0.01, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 10.0, 11.9, 12.0, 12.1, 100.0, 1e6, 1e10}) {
    const long double truth = std::lgamma(static_cast<long double>(x));
    EXPECT_NEAR(log_gamma(x), static_cast<double>(truth), 1e-14 * std::max(1.0, std::fabs(static_cast<double>(truth))))
        << x;
  }
}

TEST(RealMath, is_exact_at_the_fixed_points) {
  EXPECT_EQ(log(1.0), 0.0);
  EXPECT_EQ(exp(0.0), 1.0);
  EXPECT_EQ(exp(-0.0), 1.0);
  for (const double x : {0.0, 0.1, 1.0, 2.5, 1e300, kInfinity}) {
    EXPECT_EQ(pow(x, 0.0), 1.0) << x;
    EXPECT_EQ(pow(x, 1.0), x) << x;
    EXPECT_EQ(pow(1.0, x), 1.0) << x;
  }
}

TEST(RealMath, answers_as_the_c_library_does_at_and_beyond_the_edges) {
  EXPECT_EQ(log(0.0), -kInfinity);
  EXPECT_EQ(log(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(log(-1.0)));
  EXPECT_TRUE(std::isnan(log(-kInfinity)));
  EXPECT_TRUE(std::isnan(log(kNaN)));
  EXPECT_EQ(exp(kInfinity), kInfinity);
  EXPECT_EQ(exp(-kInfinity), 0.0);
  EXPECT_TRUE(std::isnan(exp(kNaN)));
  EXPECT_EQ(pow(0.0, 2.5), 0.0);
  EXPECT_EQ(pow(0.0, -2.5), kInfinity);
  EXPECT_TRUE(std::isnan(pow(-1.0, 0.5)));
}

TEST(RealMath, covers_subnormal_numbers_and_the_ends_of_the_range) {
  constexpr double kLeast = std::numeric_limits<double>::denorm_min();
  for (const double x : {kLeast, 3 * kLeast, 0x1p-1040, std::numeric_limits<double>::min(),
                         std::nextafter(std::numeric_limits<double>::min(), 0.0), std::numeric_limits<double>::max()}) {
    EXPECT_LE(units_off(log(x), std::log(static_cast<long double>(x))), 1.0) << x;
  }
  for (const double x : {-745.133, -745.0, -740.0, -709.0, -708.5, -708.0, -707.9, 708.9, 709.0, 709.5, 709.7827}) {
    EXPECT_LE(units_off(exp(x), std::exp(static_cast<long double>(x))), 1.0) << x;
  }
  // The last argument that is finite and the first that is not; the last that is positive and the first that is 0.
  EXPECT_LT(exp(0x1.62e42fefa39efp+9), kInfinity);
  EXPECT_EQ(exp(0x1.62e42fefa39f0p+9), kInfinity);
  EXPECT_EQ(exp(-0x1.74910d52d3051p+9), kLeast);
  EXPECT_EQ(exp(-0x1.74910d52d3052p+9), 0.0);
}

TEST(RealMath, gives_the_same_bits_for_ever) {
  EXPECT_EQ(log(0.1), -0x1.26bb1bbb55515p+1);
  EXPECT_EQ(log(2.0), 0x1.62e42fefa39efp-1);
  EXPECT_EQ(log(0.7071), -0x1.62e6b3842a25ep-2);
  EXPECT_EQ(log(1e-300), -0x1.5963447f87fb5p+9);
  EXPECT_EQ(log(12345.678), 0x1.2d79559791e31p+3);
  EXPECT_EQ(exp(-700.5), 0x1.4ff475c68ca02p-1011);
  EXPECT_EQ(exp(-0.3), 0x1.7b4c869c37c05p-1);
  EXPECT_EQ(exp(1.0), 0x1.5bf0a8b14576ap+1);
  EXPECT_EQ(exp(20.25), 0x1.290d76d1966a9p+29);
  EXPECT_EQ(exp(700.5), 0x1.8625c7d4f56c2p+1010);
  EXPECT_EQ(pow(2.5, -3.3), 0x1.8e478b03adaaap-5);
  EXPECT_EQ(pow(0.01, 0.125), 0x1.1feb33c1c381ep-1);
  EXPECT_EQ(log_gamma(2.25), 0x1.ff797bba885p-4);
}

}  // namespace
}  // namespace windtunnel::sim::kernel_real_math_test
