// The intervals of a fit against numbers worked out apart from this code: the log is made up, and each figure of it is
// known.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>

#include "reports/telemetry/fit_report.h"
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

class FitIntervals : public FittedLogTest {};

const sim::FittedParameter* parameter_of(const FittedLog& log, const std::string& name) {
  const auto found = std::ranges::find(log.fit.parameters, name, &sim::FittedParameter::name);
  return found == log.fit.parameters.end() ? nullptr : &*found;
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

}  // namespace
}  // namespace windtunnel::reports::fit_intervals_test
