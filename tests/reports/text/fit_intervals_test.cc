// The intervals of a fit against numbers worked out apart from this code: the log is made up, and each figure of it is
// known.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "reports/logs/log_fit.h"
#include "sim/fit/fit_estimates.h"
#include "tests/reports/text/fitted_log_fixture.h"

namespace windtunnel::reports::fit_intervals_test {
namespace {

// 400 requests, 90 s apart: those whose number in a cycle of 400 is below `failures` fail, evenly mixed with the
// others.
std::string log_with(int failures) {
  std::string text;
  for (int i = 0; i < 400; ++i) {
    const int seconds = 90 * i;
    char time[32];
    std::snprintf(time, sizeof time, "2026-01-05T%02d:%02d:%02dZ", seconds / 3600, seconds / 60 % 60, seconds % 60);
    const bool fails = i * 37 % 400 < failures;
    text += std::string(R"({"timestamp": ")") + time +
            R"(", "provider": "openai", "model": "gpt-4", "latency_ms": 300, "tokens": {"input": )" +
            (fails ? "0" : std::to_string(100 + i % 7)) + R"(, "output": )" +
            (fails ? "0" : std::to_string(50 + i % 5)) + R"(, "total": 0}, "cost_usd": 0.0, "success": )" +
            (fails ? "false" : "true") + "}\n";
  }
  return text;
}

// A served call at so many seconds after the begin of a Monday.
std::string stamped(int second, int latency_ms, const std::string& tokens, const std::string& more) {
  const int day = 5 + second / 86'400;
  char time[32];
  std::snprintf(time, sizeof time, "2026-%02d-%02dT%02d:%02d:%02dZ", day > 31 ? 2 : 1, day > 31 ? day - 31 : day,
                second / 3600 % 24, second / 60 % 60, second % 60);
  return std::string(R"({"timestamp": ")") + time + R"(", "provider": "openai", "model": "gpt-4", "latency_ms": )" +
         std::to_string(latency_ms) + R"(, "tokens": {)" + tokens + R"(}, "cost_usd": 0.0, "success": true)" + more +
         "}\n";
}

class FitIntervals : public FittedLogTest {};

const sim::FittedParameter* parameter_of(const FittedLog& log, const std::string& name) {
  const auto found = std::ranges::find(log.fit.parameters, name, &sim::FittedParameter::name);
  return found == log.fit.parameters.end() ? nullptr : &*found;
}

void expect_near(const FittedLog& log, const std::string& name, const sim::Estimate& known) {
  const sim::FittedParameter* parameter = parameter_of(log, name);
  ASSERT_NE(parameter, nullptr) << name << "\n" << fit_text(log);
  EXPECT_NEAR(parameter->estimate.value, known.value, 1e-8) << name;
  EXPECT_NEAR(parameter->estimate.low, known.low, 1e-8) << name;
  EXPECT_NEAR(parameter->estimate.high, known.high, 1e-8) << name;
}

// mid-P of 121 and of 360 of 400, by binomial sums and bisection.
TEST_F(FitIntervals, of_a_share_of_errors_are_mid_p) {
  const FittedLog log = fitted_to(log_with(121));
  const sim::FittedParameter* share = parameter_of(log, "openai.errors.server_error");
  ASSERT_NE(share, nullptr) << fit_text(log);
  EXPECT_NEAR(share->estimate.value, 0.3025, 1e-9);
  EXPECT_NEAR(share->estimate.low, 0.2589662193, 1e-8);
  EXPECT_NEAR(share->estimate.high, 0.3488829058, 1e-8);
  EXPECT_EQ(share->n, 400);
}

TEST_F(FitIntervals, are_printed_where_most_calls_fail) {
  const FittedLog log = fitted_to(log_with(360));
  ASSERT_EQ(log.fit.problem, std::nullopt);
  const sim::FittedParameter* share = parameter_of(log, "openai.errors.server_error");
  ASSERT_NE(share, nullptr) << fit_text(log);
  EXPECT_NEAR(share->estimate.value, 0.9, 1e-9);
  EXPECT_NEAR(share->estimate.low, 0.8676173292442778, 1e-8);
  EXPECT_NEAR(share->estimate.high, 0.9266090914761679, 1e-8);
  EXPECT_NE(fit_text(log).find("openai.errors.server_error"), std::string::npos);
  EXPECT_NE(fit_text(log).find("0.9"), std::string::npos);
}

// The root of a Poisson count has a standard deviation of nearly 1/2: 400 are 19.02^2 to 20.98^2. The interval lies
// about the count and is as wide.
TEST_F(FitIntervals, of_a_rate_within_a_day_is_poissons) {
  const FittedLog log = fitted_to(log_with(0));
  const sim::FittedParameter* rate = parameter_of(log, "rate");
  ASSERT_NE(rate, nullptr) << fit_text(log);
  EXPECT_NEAR(rate->estimate.low / rate->estimate.value, 1 - (20.98 * 20.98 - 19.02 * 19.02) / 800, 1e-9);
  EXPECT_NEAR(rate->estimate.high / rate->estimate.value, 1 + (20.98 * 20.98 - 19.02 * 19.02) / 800, 1e-9);
}

// --- Latency and tokens --------------------------------------------------------------------------------------------

// 400 calls whose first token takes 100 to 499 ms, each of these once, and 20 tokens at 2 ms after it.
std::string log_of_latencies() {
  std::string text;
  for (int i = 0; i < 400; ++i) {
    const int first = 100 + i * 37 % 400;
    text += stamped(90 * i, first + 40, "\"input\": " + std::to_string(first) + ", \"output\": 20, \"total\": 0",
                    ", \"ttft_ms\": " + std::to_string(first));
  }
  return text;
}

// Of 400 whole numbers in a row the variance is 400 x 401 / 12, so that the mean's half-width is t(0.975, 399 degrees)
// = 1.96592730 times 115.6144 / 20. The binomial sums of 400 values leave the ranks 180 and 221 about the median, and
// 371 and 389 about the 95th percentile, whose own ranks are 200 and 380.
TEST_F(FitIntervals, of_latency_and_tokens_are_students_and_order_statistics) {
  const FittedLog log = fitted_to(log_of_latencies());
  ASSERT_EQ(log.fit.problem, std::nullopt);
  for (const char* figure : {"openai.ttft", "input_tokens"}) {
    const std::string name{figure};
    expect_near(log, name + ".mean", {299.5, 299.5 - 11.3644655369, 299.5 + 11.3644655369});
    expect_near(log, name + ".p50", {299, 279, 320});
    expect_near(log, name + ".p95", {479, 470, 488});
    EXPECT_EQ(parameter_of(log, name + ".mean")->n, 400);
  }
  // All alike, so that nothing is known of how far others may lie: no interval is printed.
  expect_near(log, "openai.tpot.mean", {2, 2, 2});
  const std::string text = fit_text(log);
  const std::string line = text.substr(text.find("openai.tpot.mean"), text.find('\n', text.find("openai.tpot.mean")));
  EXPECT_NE(line.substr(0, line.find('\n')).find(" 2          -      -  400"), std::string::npos) << text;
}

// --- Days ----------------------------------------------------------------------------------------------------------

// Whole days with so many requests each, evenly over the day.
std::string log_of_days(const std::vector<int>& counts) {
  constexpr int kSeconds = 86'400;
  std::string text;
  for (std::size_t day = 0; day < counts.size(); ++day) {
    for (int i = 0; i < counts[day]; ++i) {
      const int second = static_cast<int>(day) * kSeconds + (2 * i + 1) * kSeconds / (2 * counts[day]);
      text += stamped(second, 300, R"("input": 100, "output": 50, "total": 0)", "");
    }
  }
  return text;
}

// 16 days of 60 and 140 requests in turn. Their variance is 16 x 40^2 / 15 = 1706.67, of which Poisson's law has 100:
// the rest is (0.400832 x 100)^2, and its half-width 1.959964 x 0.400832 / (2 x 15)^0.5. The mean's is that of
// Student's t for 16 days: t(0.975, 15 degrees) = 2.1314495 times 41.3118 / 4, which the code approximates.
TEST_F(FitIntervals, of_days_that_differ_are_of_their_spread) {
  std::vector<int> counts;
  for (int day = 0; day < 16; ++day) counts.push_back(day % 2 == 0 ? 60 : 140);
  const FittedLog log = fitted_to(log_of_days(counts));
  ASSERT_EQ(log.fit.problem, std::nullopt);
  expect_near(log, "day_factor_cv", {0.400832467, 0.400832467 - 0.143433422, 0.400832467 + 0.143433422});
  const sim::FittedParameter* rate = parameter_of(log, "rate");
  ASSERT_NE(rate, nullptr);
  EXPECT_NEAR(rate->estimate.value, 100, 1e-6);
  EXPECT_NEAR(rate->estimate.high, 100 + 22.0136, 0.02);
  EXPECT_NEAR(rate->estimate.low, 100 - 22.0136, 0.02);
  // A Poisson count of n by its root, whatever the exposure.
  const sim::FittedParameter* hour = parameter_of(log, "hour_07");
  ASSERT_NE(hour, nullptr);
  const double n = static_cast<double>(hour->n);
  EXPECT_NEAR(hour->estimate.low / hour->estimate.value, (std::sqrt(n) - 0.98) * (std::sqrt(n) - 0.98) / n, 1e-9);
  EXPECT_NEAR(hour->estimate.high / hour->estimate.value, (std::sqrt(n) + 0.98) * (std::sqrt(n) + 0.98) / n, 1e-9);
}

// Four weeks of 100 requests a day and 70 at the weekend: 91.429 a day. Of four Mondays there are 400, give or take 20,
// so that the factor's half-width is 1.959964 x 20 / 4 / 91.429.
TEST_F(FitIntervals, of_weekdays_are_poissons) {
  std::vector<int> counts;
  for (int day = 0; day < 28; ++day) counts.push_back(day % 7 >= 5 ? 70 : 100);  // 2026-01-05 is a Monday
  const FittedLog log = fitted_to(log_of_days(counts));
  ASSERT_EQ(log.fit.problem, std::nullopt);
  expect_near(log, "weekday_mon", {1.093750000, 1.093750000 - 0.107185531, 1.093750000 + 0.107185531});
  expect_near(log, "weekday_sun", {0.765625000, 0.765625000 - 0.089677849, 0.765625000 + 0.089677849});
}

// Of 400 requests half cost 1 and half 3 dollars: 2, give or take 1 / 20, with Student's t(0.975, 399 degrees).
TEST_F(FitIntervals, of_the_cost_of_a_request_is_students) {
  std::string text;
  for (int i = 0; i < 400; ++i) {
    std::string line = stamped(90 * i, 300, R"("input": 100, "output": 50, "total": 0)", "");
    line.replace(line.find("\"cost_usd\": 0.0"), 15, i % 2 == 0 ? "\"cost_usd\": 1.0" : "\"cost_usd\": 3.0");
    text += line;
  }
  const FittedLog log = fitted_to(text);
  const sim::FittedParameter* cost = parameter_of(log, "cost");
  ASSERT_NE(cost, nullptr);
  EXPECT_NEAR(cost->estimate.value, 2000, 1e-6);
  EXPECT_NEAR(cost->estimate.high - 2000, 98.29636, 0.001);
  EXPECT_NEAR(2000 - cost->estimate.low, 98.29636, 0.001);
}

// 16 days of 10 calls, of which `failed(day, call)` do.
std::string log_of_failures(const std::function<bool(int, int)>& failed) {
  std::string text;
  for (int day = 0; day < 16; ++day) {
    for (int i = 0; i < 10; ++i) {
      std::string line = stamped(86'400 * day + 8'640 * i + 10, 300, R"("input": 100, "output": 50, "total": 0)", "");
      if (failed(day, i)) line.replace(line.find("\"success\": true"), 15, "\"success\": false");
      text += line;
    }
  }
  return text;
}

// Two days of 16 fail as a whole. The squares about 1/8 add up to 2 x 8.75^2 + 14 x 1.25^2 = 175, which is 10.667 times
// what 160 independent calls have: 15 calls, and by Student's t(0.975, 15 degrees) = 2.1314495 as many as 12.683448. Of
// these mid-P of 1/8, by incomplete beta functions and bisection.
TEST_F(FitIntervals, of_errors_in_outages_are_over_days) {
  const FittedLog log = fitted_to(log_of_failures([](int day, int) { return day == 4 || day == 11; }));
  const sim::FittedParameter* share = parameter_of(log, "openai.errors.server_error");
  ASSERT_NE(share, nullptr) << fit_text(log);
  EXPECT_NEAR(share->estimate.value, 0.125, 1e-12);
  EXPECT_NEAR(share->estimate.low, 0.0155857033, 1e-6);
  EXPECT_NEAR(share->estimate.high, 0.3915030913, 1e-6);
}

// 20 of 160 again, one or two a day: mid-P of single calls.
TEST_F(FitIntervals, of_errors_that_days_share_are_over_calls) {
  const FittedLog log = fitted_to(log_of_failures([](int day, int i) { return i == day % 10 || (day < 4 && i == 9); }));
  const sim::Estimate known = sim::estimate_share(20, 160);
  expect_near(log, "openai.errors.server_error", known);
  EXPECT_LT(known.high, 0.19);
}

// The error of a cv is that of a normal sample's: 1.96 x 0.3 / (2 x 18)^0.5.
TEST(FitVariation, has_the_interval_of_a_normal_sample) {
  const sim::Estimate estimate = sim::cv_estimate(0.3, 19);
  EXPECT_NEAR(estimate.low, 0.202, 1e-9);
  EXPECT_NEAR(estimate.high, 0.398, 1e-9);
  EXPECT_EQ(sim::cv_estimate(0.3, 2).low, 0);
}

}  // namespace
}  // namespace windtunnel::reports::fit_intervals_test
