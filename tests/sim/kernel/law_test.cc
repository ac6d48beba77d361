#include "sim/kernel/law.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/kernel/chance.h"
#include "sim/kernel/samplers.h"

namespace windtunnel::sim::kernel_law_test {
namespace {

constexpr std::uint64_t kAllOnes = ~std::uint64_t{0};
constexpr std::uint64_t kDraws = 100'000;

std::vector<Law> one_of_each_kind() {
  return {Law::fixed(3),          Law::uniform(2, 5),   Law::exponential(2),
          Law::lognormal(1, 0.5), Law::weibull(0.8, 3), Law::quantiles({1, 2, 2, 8, 20}),
          Law::quantiles({4}),    Law::weibull(2, 3),   Law::lognormal_p50_p95(150, 300)};
}

TEST(Law, samples_average_to_its_mean_with_and_without_a_shift) {
  for (Law law : one_of_each_kind()) {
    for (const double shift : {0.0, 10.0}) {
      law.shift = shift;
      double sum = 0;
      double square = 0;
      for (std::uint64_t i = 0; i < kDraws; ++i) {
        const double off = sample(law, draw(Chance{42}.stream("law"), i).a) - law.mean();
        sum += off;
        square += off * off;
      }
      EXPECT_NEAR(sum / kDraws, 0, 4 * std::sqrt(square) / kDraws + 1e-12) << "kind " << static_cast<int>(law.kind);
    }
  }
}

TEST(Law, mean_is_the_formula_of_its_kind) {
  EXPECT_EQ(Law::fixed(3).mean(), 3);
  EXPECT_EQ(Law::uniform(2, 5).mean(), 3.5);
  EXPECT_EQ(Law::exponential(2).mean(), 2);
  EXPECT_NEAR(Law::lognormal(1, 0.5).mean(), std::exp(1.125), 1e-14);
  EXPECT_NEAR(Law::weibull(0.8, 3).mean(), 3 * std::tgamma(1 + 1 / 0.8), 1e-13);
  EXPECT_NEAR(Law::weibull(1, 3).mean(), 3, 1e-13);
  EXPECT_EQ(Law::quantiles({1, 2, 2, 8, 20}).mean(), (10.5 + 12) / 4);
  EXPECT_EQ(Law::quantiles({4}).mean(), 4);
}

TEST(Law, is_the_sampler_of_its_kind_at_the_open_unit) {
  const std::uint64_t bits = 0xc0de'0000'1234'5678;
  const double u = unit_open(bits);
  EXPECT_EQ(sample(Law::fixed(3), bits), 3);
  EXPECT_EQ(sample(Law::uniform(2, 5), bits), uniform(u, 2, 5));
  EXPECT_EQ(sample(Law::exponential(2), bits), exponential(u, 2));
  EXPECT_EQ(sample(Law::lognormal(1, 0.5), bits), lognormal(u, 1, 0.5));
  EXPECT_EQ(sample(Law::weibull(0.8, 3), bits), weibull(u, 0.8, 3));
  EXPECT_EQ(sample(Law::quantiles({1, 2, 9}), bits), quantile_table(u, std::vector<double>{1, 2, 9}));
  Law shifted = Law::exponential(2);
  shifted.shift = -1.5;
  EXPECT_EQ(sample(shifted, bits), exponential(u, 2) - 1.5);
}

TEST(Law, lognormal_p50_p95_has_those_percentiles) {
  const Law law = Law::lognormal_p50_p95(150, 300);
  EXPECT_NEAR(lognormal(0.5, law.a, law.b), 150, 1e-11);
  EXPECT_NEAR(lognormal(0.95, law.a, law.b), 300, 1e-10);
  EXPECT_EQ(Law::lognormal_p50_p95(7, 7).b, 0);
}

TEST(Law, stays_finite_and_in_its_support_for_the_least_and_greatest_bits) {
  for (const Law& law : one_of_each_kind()) {
    for (const std::uint64_t bits : {std::uint64_t{0}, kAllOnes}) {
      EXPECT_TRUE(std::isfinite(sample(law, bits))) << "kind " << static_cast<int>(law.kind);
      EXPECT_GT(sample(law, bits), 0) << "kind " << static_cast<int>(law.kind);
    }
  }
  EXPECT_GE(sample(Law::uniform(2, 5), 0), 2);
  EXPECT_LE(sample(Law::uniform(2, 5), kAllOnes), 5);
  EXPECT_GE(sample(Law::quantiles({1, 20}), 0), 1);
  EXPECT_LE(sample(Law::quantiles({1, 20}), kAllOnes), 20);
}

RC_GTEST_PROP(Law, never_gives_less_for_greater_bits, (std::uint64_t value, std::uint64_t two)) {
  for (const Law& law : one_of_each_kind()) {
    const double low = sample(law, std::min(value, two));
    const double high = sample(law, std::max(value, two));
    RC_ASSERT(low <= high * (1 + 1e-14));
  }
}

TEST(Law, is_equal_only_when_every_part_is) {
  Law law = Law::lognormal(1, 0.5);
  EXPECT_EQ(law, Law::lognormal(1, 0.5));
  EXPECT_NE(law, Law::lognormal(1, 0.6));
  EXPECT_NE(law, Law::lognormal(2, 0.5));
  EXPECT_NE(law, Law::weibull(1, 0.5));
  law.shift = 1;
  EXPECT_NE(law, Law::lognormal(1, 0.5));
  EXPECT_NE(Law::quantiles({1, 2}), Law::quantiles({1, 3}));
}

TEST(Law, stops_the_run_when_built_from_what_the_reader_should_have_refused) {
  EXPECT_EXIT(Law::uniform(2, 1), testing::ExitedWithCode(1), "in order");
  EXPECT_EXIT(Law::exponential(-1), testing::ExitedWithCode(1), "not negative");
  EXPECT_EXIT(Law::lognormal(0, -1), testing::ExitedWithCode(1), "sigma");
  EXPECT_EXIT(Law::lognormal_p50_p95(0, 1), testing::ExitedWithCode(1), "percentiles");
  EXPECT_EXIT(Law::lognormal_p50_p95(2, 1), testing::ExitedWithCode(1), "percentiles");
  EXPECT_EXIT(Law::weibull(0, 1), testing::ExitedWithCode(1), "shape");
  EXPECT_EXIT(Law::quantiles({}), testing::ExitedWithCode(1), "quantiles");
  EXPECT_EXIT(Law::quantiles({2, 1}), testing::ExitedWithCode(1), "quantiles");
}

}  // namespace
}  // namespace windtunnel::sim::kernel_law_test
