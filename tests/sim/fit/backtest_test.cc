// Fits of logs that are made of samples here, their forecasts, and the backtest.

#include "sim/fit/backtest.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/kernel/samplers.h"
#include "tests/sim/forecast/forecast_fixture.h"

namespace windtunnel::sim::backtest_test {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kInputPrice = 2'000'000;
constexpr std::int64_t kOutputPrice = 10'000'000;

// Requests of 500 + about 200 tokens at random instants, whose days have this spread. One more begins the first day and
// one ends the last, so that all days are whole.
Fitter log_of(std::size_t days, double a_day, double day_cv, std::uint64_t seed = 1) {
  const Chance chance{seed};
  Fitter fitter;
  std::uint64_t number = 0;
  const auto add = [&](WallTime at) {
    const auto output =
        static_cast<std::int64_t>(lognormal(unit_open(draw(chance.stream("output"), number++).a), 5.3, 0.5));
    fitter.add({.finished = at + 2s,
                .latency = 2s,
                .answered = true,
                .provider = "openai",
                .model = "gpt",
                .input = Tokens{500},
                .output = Tokens{output},
                .cost = Usd::from_picos(500 * kInputPrice + output * kOutputPrice)});
  };
  for (std::size_t day = 0; day < days; ++day) {
    const WallTime midnight = kNewYear + 24h * static_cast<std::int64_t>(day);
    if (day == 0) add(midnight);
    const double factor = factor_of_mean_one(day_cv, draw(chance.stream("factor"), day).a);
    const std::uint64_t count = poisson_count(chance.stream("count"), day, a_day * factor);
    for (std::uint64_t i = 0; i < count; ++i) {
      const double offset = unit(draw(chance.stream("instant"), number).a) * 86'400e9;
      add(midnight + Duration{static_cast<std::int64_t>(offset)});
    }
    if (day + 1 == days) add(midnight + 24h - 1s);
  }
  return fitter;
}

double relative_sd_of(const Scenario& scenario, std::uint64_t replications) {
  const Forecast forecast = forecast_of(replicated(ForecastWorld{scenario, {.horizon = 24h * 30}}, replications), {});
  return forecast.cost_sd.all->value / forecast.cost->value;
}

// 600 requests of ten days leave the level sqrt(1 / 600) uncertain (Student's 2.26 / 1.96 of it), and the lengths a
// little; a month of 60 a day has a noise of sqrt(1 / 1800) of its own.
TEST(FitUncertainty, of_the_parameters_reaches_the_forecast) {
  const Fit fit = log_of(10, 60, 0).fit();
  ASSERT_EQ(fit.problem, std::nullopt);
  const double level = 2.26 / 1.96 / std::sqrt(600);
  EXPECT_GT(std::get<Diurnal>(fit.scenario.workloads[0].executor).level_cv, 0.9 * level);
  EXPECT_GT(relative_sd_of(fit.scenario, 300), std::sqrt(level * level + 1.0 / 1800));
  Scenario certain = fit.scenario;
  std::get<Diurnal>(certain.workloads[0].executor).level_cv = 0;
  certain.workloads[0].length_cv = 0;
  EXPECT_LT(relative_sd_of(certain, 300), 0.035) << "as if the log had told all: 0.026 of request noise";
}

TEST(FitUncertainty, of_a_level_is_that_of_a_mean_over_days) {
  const Fit fit = log_of(40, 200, 0.2, 3).fit();
  const auto& diurnal = std::get<Diurnal>(fit.scenario.workloads[0].executor);
  EXPECT_NEAR(diurnal.day_factor_cv, 0.2, 0.08);
  EXPECT_NEAR(diurnal.level_cv, std::sqrt(0.04 + 1.0 / 200) / std::sqrt(40), 0.012);
}

TEST(Backtest, forecasts_the_last_third_of_the_days) {
  const Fitter fitter = log_of(36, 100, 0.1);
  const auto test = backtest(fitter, 1);
  ASSERT_TRUE(test);
  EXPECT_EQ(test->days_fitted, 24U);
  ASSERT_EQ(test->days.size(), 12U);
  EXPECT_EQ(test->replications, 200U);
  EXPECT_EQ(test->days.front().day, kNewYear + 24h * 24);
  double sum = 0;
  for (const BacktestDay& day : test->days) {
    EXPECT_LE(day.cost.p10, day.cost.p50);
    EXPECT_LE(day.cost.p50, day.cost.p90);
    EXPECT_NEAR(day.cost.observed, 0.32, 0.25);
    sum += day.cost.observed;
  }
  EXPECT_NEAR(test->all.observed, sum, 1e-9);
  EXPECT_LT(test->all.p90 - test->all.p10, 12 * (test->days[0].cost.p90 - test->days[0].cost.p10));
  EXPECT_EQ(backtest(fitter, 3)->sentence(), test->sentence());
  Scenario scenario = fitter.fit().scenario;
  EXPECT_FALSE(is_fitted(scenario));
  describe(scenario, {"IT DOES NOT COME TO THE COST"}, test);
  EXPECT_TRUE(is_fitted(scenario));
  EXPECT_TRUE(scenario.description.starts_with("Fitted to a log. IT DOES NOT COME TO THE COST. Backtest: a fit to"));
  EXPECT_NE(scenario.description.find("the last 12: "), std::string::npos) << scenario.description;
}

// The chance of at most 11 of 20 days, of 80 % each, is 0.010, of at most 12 it is 0.032; of at most 1 of 4 it is
// 0.027.
TEST(Backtest, is_poor_where_chance_does_not_explain_how_few_days_are_inside) {
  const auto of_days = [](std::size_t inside, std::size_t all) {
    Backtest test;
    test.days.resize(all, {.day = {}, .cost = {.p10 = 1, .p50 = 2, .p90 = 3, .observed = 4}});
    for (std::size_t i = 0; i < inside; ++i) test.days[i].cost.observed = 2;
    return test;
  };
  EXPECT_TRUE(of_days(11, 20).is_poor());
  EXPECT_FALSE(of_days(12, 20).is_poor());
  EXPECT_FALSE(of_days(20, 20).is_poor());
  EXPECT_TRUE(of_days(0, 4).is_poor());
  EXPECT_FALSE(of_days(1, 4).is_poor());
  EXPECT_FALSE(of_days(0, 0).is_poor()) << "there is nothing to hold it against";
  EXPECT_NE(of_days(5, 20).sentence().find("does not describe the days"), std::string::npos);
  EXPECT_EQ(of_days(16, 20).sentence().find("does not describe"), std::string::npos);
}

// 20 logs of 12 days that are forecast: 192 of 240 by right; days of one log share the error of its fit.
TEST(Backtest, has_about_80_percent_of_the_days_in_their_bands) {
  std::size_t inside = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) inside += backtest(log_of(36, 100, 0.1, seed), 2)->days_inside();
  EXPECT_NEAR(static_cast<double>(inside), 192, 25);
}

// Of the days before the forecast one has requests, all within a second: the others are known to have had none.
TEST(Backtest, knows_of_the_days_without_requests_before_it) {
  Fitter fitter;
  for (int i = 0; i < 600; ++i) {
    const WallTime day = kNewYear + 24h * (i < 300 ? 0 : 29);
    fitter.add({.finished = day + Duration{1s} * (i % 300) / 300 + 2s,
                .latency = 2s,
                .answered = true,
                .provider = "openai",
                .model = "gpt",
                .input = Tokens{500},
                .output = Tokens{100 + i % 7},
                .cost = Usd::from_picos(500 * kInputPrice + (100 + i % 7) * kOutputPrice)});
  }
  const Fit fit = fitter.fit(kNewYear + 24h * 20);
  ASSERT_EQ(fit.problem, std::nullopt);
  double a_day = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    a_day += static_cast<double>(run(fit.scenario, {.seed = seed}).arrivals) / 20 / 30;
  }
  EXPECT_LT(a_day, 300.0 / 20 + 3) << "and not 300 a second";
}

TEST(Backtest, takes_twelve_whole_days) {
  EXPECT_FALSE(backtest(log_of(11, 100, 0), 1));
  EXPECT_TRUE(backtest(log_of(12, 100, 0), 1));
  EXPECT_FALSE(backtest(Fitter{}, 1));
}

}  // namespace
}  // namespace windtunnel::sim::backtest_test
