// Days drawn by a known law: the model has its weekdays, growth and steps, and no more than that.

#include "sim/fit/fit_days.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/kernel/real_math.h"
#include "sim/kernel/samplers.h"
#include "sim/statistics/statistics.h"

namespace windtunnel::sim::fit_days_test {
namespace {

constexpr std::int64_t kMonday = 20'542;  // a day since 1970

struct Law {
  double level = 1000;
  double weekend = 1;
  double growth = 0;
  double day_cv = 0;
  std::size_t step_at = 0;
  double step = 1;
};

double mean_of(const Law& law, std::size_t day) {
  double mean = law.level * exp(law.growth * static_cast<double>(day));
  if (weekday_of(kMonday + static_cast<std::int64_t>(day)) >= 5) mean *= law.weekend;
  return law.step_at > 0 && day >= law.step_at ? mean * law.step : mean;
}

std::vector<std::int64_t> drawn(const Law& law, std::size_t days, std::uint64_t seed) {
  const Chance chance{seed};
  std::vector<std::int64_t> counts;
  for (std::size_t day = 0; day < days; ++day) {
    const double factor = factor_of_mean_one(law.day_cv, draw(chance.stream("factor"), day).a);
    counts.push_back(static_cast<std::int64_t>(poisson_count(chance.stream("count"), day, mean_of(law, day) * factor)));
  }
  return counts;
}

TEST(FitDays, of_weekends_are_weekdays_and_not_a_spread_of_days) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto model = fit_days(kMonday, drawn({.weekend = 0.4}, 28, seed));
    ASSERT_TRUE(model);
    ASSERT_TRUE(model->has_weekdays);
    const double mean = (5 + 2 * 0.4) / 7;
    for (std::size_t k = 0; k < 7; ++k) {
      const bool is_weekend = weekday_of(kMonday + static_cast<std::int64_t>(k)) >= 5;
      const std::size_t place = weekday_of(kMonday + static_cast<std::int64_t>(k));
      EXPECT_NEAR(model->weekday[place], (is_weekend ? 0.4 : 1) / mean, 0.1) << k;
    }
    EXPECT_NEAR(model->level, 1000 * mean, 5 * 1000 * mean * model->level_error);
    EXPECT_LT(model->day_cv, 0.05) << "without the weekdays it would be 0.33";
  }
}

TEST(FitDays, that_differ_by_chance_alone_have_neither_weekdays_nor_growth_nor_steps) {
  int weekdays = 0;
  int growth = 0;
  int steps = 0;
  int spreads = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto model = fit_days(kMonday, drawn({}, 60, seed));
    weekdays += model->has_weekdays ? 1 : 0;
    growth += model->has_growth ? 1 : 0;
    steps += model->steps.empty() ? 0 : 1;
    spreads += model->day_cv > 0 ? 1 : 0;
  }
  // Of 200: by chance 2, 7, few and 2 with standard deviations of up to 2.6.
  EXPECT_LE(weekdays, 8);
  EXPECT_LE(growth, 20);
  EXPECT_LE(steps, 10);
  EXPECT_LE(spreads, 12);
}

// Decades of empty days: e^(0.2 x 20,000) is no double.
TEST(FitDays, of_decades_have_no_growth_that_is_not_finite) {
  for (const std::size_t days : {13'000U, 20'472U}) {
    for (const bool at_the_end : {false, true}) {
      std::vector<std::int64_t> counts(days);
      (at_the_end ? counts.back() : counts.front()) = 1;
      const auto model = fit_days(kMonday, counts);
      ASSERT_TRUE(model);
      for (const double figure :
           {model->level, model->growth, model->growth_error, model->level_error, model->pivot, model->dispersion}) {
        EXPECT_TRUE(std::isfinite(figure)) << days;
      }
    }
  }
}

TEST(FitDays, that_grow_have_their_growth_within_its_errors) {
  int within = 0;
  int steps = 0;  // that are none
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const auto model = fit_days(kMonday, drawn({.growth = 0.01, .day_cv = 0.1}, 60, seed));
    ASSERT_TRUE(model->has_growth);
    steps += model->steps.empty() ? 0 : 1;
    within += std::abs(model->growth - 0.01) <= 1.96 * model->growth_error ? 1 : 0;
  }
  EXPECT_LE(steps, 5);
  // 95 give or take 2.2.
  EXPECT_GE(within, 88);
}

TEST(FitDays, of_a_launch_have_its_day_and_the_level_after_it) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto model = fit_days(kMonday, drawn({.day_cv = 0.05, .step_at = 38, .step = 1.75}, 60, seed));
    ASSERT_FALSE(model->steps.empty());
    EXPECT_NEAR(static_cast<double>(model->steps.back() - kMonday), 38, 1);
    EXPECT_NEAR(model->level, 1750, 5 * 1750 * std::max(0.01, model->level_error));
  }
}

// Means of the log of 60 days with a spread: their errors are as large as the model says.
TEST(FitDays, know_their_level_as_well_as_they_say) {
  int within = 0;
  int all = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto model = fit_days(kMonday, drawn({.weekend = 0.5, .day_cv = 0.15}, 42, seed));
    if (model->has_growth || !model->steps.empty()) continue;
    ++all;
    const double truth = 1000 * (5 + 2 * 0.5) / 7;
    within += std::abs(model->level - truth) <= 1.96 * model->level_error * truth ? 1 : 0;
  }
  EXPECT_GE(all, 150);
  EXPECT_GE(within, 0.89 * all);
}

TEST(FitDays, that_are_few_or_empty_say_nothing) {
  EXPECT_FALSE(fit_days(kMonday, std::vector<std::int64_t>(7, 10)));
  EXPECT_FALSE(fit_days(kMonday, std::vector<std::int64_t>(30, 0)));
  const auto lone = fit_days(kMonday, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0});
  ASSERT_TRUE(lone);
  EXPECT_TRUE(std::isfinite(lone->level) && std::isfinite(lone->level_error) && std::isfinite(lone->day_cv));
}

TEST(LastStep, of_a_ratio_is_the_day_from_which_it_is_another_one) {
  std::vector<double> values(30, 10);
  const std::vector<double> weights(30, 5);
  EXPECT_FALSE(last_step_of(values, weights));
  for (std::size_t i = 20; i < 30; ++i) values[i] = 7;
  EXPECT_EQ(last_step_of(values, weights), 20U);
}

TEST(StudentWidening, is_the_ratio_of_the_97_5_percent_points) {
  for (const std::size_t count : {4U, 8U, 15U, 61U, 1000U}) {
    EXPECT_NEAR(student_widening(static_cast<double>(count) - 1), student_factor(count) / 1.959964,
                0.01 * student_factor(count) / 1.959964)
        << count;
  }
}

}  // namespace
}  // namespace windtunnel::sim::fit_days_test
