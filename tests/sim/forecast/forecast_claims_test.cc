// Which claims on a forecast show nothing although they hold.

#include <gtest/gtest.h>

#include <utility>

#include "sim/forecast/forecast.h"
#include "tests/sim/forecast/forecast_fixture.h"

namespace windtunnel::sim::forecast_claims_test {
namespace {

using namespace std::chrono_literals;

// A claim that the settings decide, or on money where none was spent, has not been tried.
TEST(Forecast, what_nothing_could_break_is_inconclusive) {
  Scenario scenario = drawn_demand(0);
  const auto finding = [&](ThresholdSpec threshold) {
    const ReplicationSet set = replicated(ForecastWorld{scenario, {.horizon = 24h}}, 60);
    return forecast_of(set, {std::move(threshold)}).findings.front();
  };
  const ThresholdSpec refused =
      forecast_threshold(ForecastQuantity::requests_refused, Aggregate::rate, Comparison::less, 500'000);
  const ThresholdSpec cost =
      forecast_threshold(ForecastQuantity::cost_usd, Aggregate::avg, Comparison::less, 5'000'000);
  EXPECT_EQ(finding(refused).verdict, Verdict::inconclusive);
  EXPECT_EQ(finding(refused).lack, "nothing can refuse a request: there is no limit and no budget");
  EXPECT_EQ(finding(cost).verdict, Verdict::pass);
  scenario.monitor.rate_limiter.requests_per_minute = 100;
  EXPECT_EQ(finding(refused).verdict, Verdict::pass) << "the limiter could";
  EXPECT_EQ(finding(refused).lack, "");
  scenario.monitor.cost_limiter.monthly = Usd::from_dollars(10);
  const ThresholdSpec exceed =
      forecast_threshold(ForecastQuantity::p_exceed, Aggregate::value, Comparison::less, 500'000);
  EXPECT_EQ(finding(exceed).verdict, Verdict::pass);
  scenario.providers[0].tariffs[0].tariff = tariff(0, 0);
  EXPECT_EQ(finding(cost).verdict, Verdict::inconclusive);
  EXPECT_EQ(finding(cost).lack, "no replication spent anything");
  EXPECT_EQ(finding(exceed).verdict, Verdict::inconclusive);
  EXPECT_EQ(finding(exceed).lack, "no replication spent anything");
  ThresholdSpec always = refused;
  always.bound = 1'000'000;
  always.comparison = Comparison::less_equal;
  EXPECT_EQ(finding(always).lack, "no share is above 1");
  ThresholdSpec more = cost;
  more.comparison = Comparison::greater;
  EXPECT_EQ(finding(more).verdict, Verdict::fail) << "what does not hold fails";
}

}  // namespace
}  // namespace windtunnel::sim::forecast_claims_test
