// How often the interval of a standard deviation holds the truth. Its known answers are in known_answers_test.cc.

#include "sim/statistics/standard_deviation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "sim/kernel/chance.h"
#include "sim/kernel/samplers.h"

namespace windtunnel::sim::standard_deviation_test {
namespace {

using Uniform = std::function<double()>;

struct LawOfValues {
  const char* name;
  std::function<double(const Uniform&)> draw;
  double variance;
};

double lognormal_variance(double sigma) { return std::exp(sigma * sigma) * (std::exp(sigma * sigma) - 1); }

LawOfValues lognormal(const char* name, double sigma) {
  return {name, [sigma](const Uniform& uniform) { return std::exp(sigma * standard_normal(uniform())); },
          lognormal_variance(sigma)};
}

const std::vector<LawOfValues>& laws() {
  static const std::vector<LawOfValues> all{
      {"normal", [](const Uniform& uniform) { return standard_normal(uniform()); }, 1},
      {"uniform", [](const Uniform& uniform) { return uniform(); }, 1.0 / 12},
      {"exponential", [](const Uniform& uniform) { return -std::log(uniform()); }, 1},
      {"Laplace", [](const Uniform& uniform) { return std::log(uniform()) - std::log(uniform()); }, 2},
      lognormal("lognormal 0.3", 0.3),
      lognormal("lognormal 0.5", 0.5),
      lognormal("lognormal 0.8", 0.8),
  };
  return all;
}

double share_held(const LawOfValues& law, std::size_t count) {
  constexpr std::uint64_t kSamples = 2000;
  const StreamKey stream = Chance{23}.stream("standard deviation");
  const double truth = std::sqrt(law.variance);
  int held = 0;
  for (std::uint64_t i = 0; i < kSamples; ++i) {
    std::uint32_t next = 0;
    const Uniform uniform = [&] { return unit_open(draw(stream, i, next++).a); };
    std::vector<double> values;
    for (std::size_t j = 0; j < count; ++j) values.push_back(law.draw(uniform));
    const auto estimate = estimate_sd(values);
    held += estimate->low <= truth && truth <= estimate->high ? 1 : 0;
  }
  return static_cast<double>(held) / static_cast<double>(kSamples);
}

TEST(StandardDeviation, is_held_in_95_percent_of_normal_and_skewed_samples) {
  for (const LawOfValues& law : laws()) {
    for (const std::size_t count : {50U, 100U, 200U}) {
      const double share = share_held(law, count);
      EXPECT_GE(share, 0.922) << law.name << ", " << count;
      EXPECT_LE(share, 0.978) << law.name << ", " << count;
    }
  }
}

TEST(StandardDeviation, of_fewer_than_50_values_has_no_interval) {
  std::vector<double> values(49, 0);
  values[3] = 1;
  EXPECT_FALSE(estimate_sd(values));
  values.push_back(0);
  EXPECT_TRUE(estimate_sd(values));
}

// A coin's two sides tell their spread exactly, one outlier among a hundred hardly at all: a normal sample's interval,
// 14 % on either side, would be wrong for both.
TEST(StandardDeviation, has_an_interval_that_accounts_for_the_tails_of_the_sample) {
  std::vector<Int128> coin;
  std::vector<Int128> outlier(100, 0);
  for (std::int64_t i = 0; i < 100; ++i) coin.push_back(i % 2 == 0 ? -1000 : 1000);
  outlier[50] = 1000;
  const auto narrow = estimate_sd(coin);
  EXPECT_LT(narrow->half_width() / narrow->value, 0.03);
  EXPECT_GT(narrow->half_width() / narrow->value, 0.01);
  const auto wide = estimate_sd(outlier);
  EXPECT_GT(wide->high / wide->value, 2);
}

// Amounts beyond 64 bits with a spread of a few pico-dollars.
TEST(StandardDeviation, of_large_amounts_is_that_of_their_distances) {
  std::vector<Int128> small;
  std::vector<Int128> large;
  for (std::int64_t i = 0; i < 60; ++i) {
    small.push_back(i * i);
    large.push_back((Int128{1} << 70) + i * i);
  }
  EXPECT_NEAR(estimate_sd(large)->high, estimate_sd(small)->high, 1e-6);
  EXPECT_NEAR(estimate_sd(large)->value, estimate_sd(small)->value, 1e-6);
}

}  // namespace
}  // namespace windtunnel::sim::standard_deviation_test
