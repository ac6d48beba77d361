#include "scenarios/grammar/forecast_grammar.h"

#include <gtest/gtest.h>

namespace windtunnel::scenarios::forecast_grammar_test {
namespace {

using sim::Aggregate;
using sim::Comparison;
using sim::ForecastQuantity;

sim::ThresholdSpec claim(const std::string& text) {
  sim::ThresholdSpec threshold;
  const auto error = parse_assertion(text, threshold);
  EXPECT_FALSE(error) << text << ": " << error->message;
  return threshold;
}

std::string claim_error(const std::string& text) {
  sim::ThresholdSpec threshold;
  const auto error = parse_assertion(text, threshold);
  return error ? std::to_string(error->column) + " " + error->message : "no error";
}

TEST(ForecastGrammar, reads_a_claim_in_one_piece) {
  const auto exceed = claim("forecast.p_exceed(0.9)<=0.05");
  EXPECT_EQ(exceed.forecast, ForecastQuantity::p_exceed);
  EXPECT_EQ(exceed.share.value, 900'000);
  EXPECT_EQ(exceed.aggregate, Aggregate::value);
  EXPECT_EQ(exceed.comparison, Comparison::less_equal);
  EXPECT_EQ(exceed.bound, 50'000);
  const auto cost = claim("forecast.cost_usd{provider:openai} p(90) < 4000.5");
  EXPECT_EQ(cost.provider, "openai");
  EXPECT_EQ(cost.percentile.value, 900'000);
  EXPECT_EQ(cost.bound, 4'000'500'000);
  EXPECT_EQ(claim("forecast.cost_usd: avg<1").aggregate, Aggregate::avg);
  EXPECT_EQ(claim("forecast.request_duration p(95)<3s").bound, 3'000'000'000);
  EXPECT_EQ(claim("forecast.requests_failed<0.01").aggregate, Aggregate::rate);
  EXPECT_EQ(claim("forecast.days_to_exhaustion p(10)>25").comparison, Comparison::greater);
}

TEST(ForecastGrammar, names_where_a_claim_is_wrong) {
  EXPECT_EQ(claim_error("cost_usd avg<1"), "1 \"cost_usd\" is no metric of a forecast");
  EXPECT_EQ(claim_error("forecast.costs avg<1"), "1 no metric is named \"forecast.costs\"");
  EXPECT_EQ(claim_error("forecast.p_exceed<=0.05"), "18 forecast.p_exceed is of a share of the budget");
  EXPECT_EQ(claim_error("forecast.p_exceed(1.1)<=0.05"), "18 \"(1.1)\" is not a share of the budget");
  EXPECT_EQ(claim_error("forecast.p_exceed(0)<=0.05"), "18 \"(0)\" is not a share of the budget");
  EXPECT_EQ(claim_error("forecast.p_exceed(1.0"), "18 \"(1.0\" is not a share of the budget");
  EXPECT_EQ(claim_error("forecast.cost_usd(1) avg<1"), "18 forecast.cost_usd takes no argument");
  EXPECT_EQ(claim_error("forecast.cost_usd max<1"), "19 forecast.cost_usd has no such aggregate");
  EXPECT_EQ(claim_error("forecast.cost_usd<1"), "18 \"\" is no aggregate");
  EXPECT_EQ(claim_error("forecast.p_exceed(1)==0.05").substr(3),
            "a forecast is an interval, which never equals a number");
  EXPECT_EQ(claim_error("forecast.p_exceed(1)<=5").substr(3), "a chance is a number from 0 to 1");
  EXPECT_EQ(claim_error("forecast.request_duration p(80)<3s").substr(3),
            "a forecast keeps p(50), p(90), p(95) and p(99) of request_duration");
  EXPECT_EQ(claim_error("forecast.requests_failed{provider:openai}<0.1").substr(3),
            "of forecasts only forecast.cost_usd has tags");
  EXPECT_EQ(claim_error("forecast.cost_usd avg"), "22 one of <, <=, >, >=, ==, != is missing here");
  EXPECT_EQ(claim_error(""), "1 \"\" is no metric of a forecast");
}

TEST(ForecastGrammar, reads_a_stop_rule) {
  sim::StopRule rule;
  ASSERT_FALSE(parse_stop_rule("p_exceed:hw=0.01,mean:rel=0.005, p_exceed(0.8):hw=0.02,p90:hw=5", rule));
  ASSERT_EQ(rule.targets.size(), 4U);
  EXPECT_EQ(rule.targets[0].what.forecast, ForecastQuantity::p_exceed);
  EXPECT_EQ(rule.targets[0].what.share.value, 1'000'000);
  EXPECT_FALSE(rule.targets[0].relative);
  EXPECT_DOUBLE_EQ(rule.targets[0].limit, 0.01);
  EXPECT_EQ(rule.targets[1].what.aggregate, Aggregate::avg);
  EXPECT_TRUE(rule.targets[1].relative);
  EXPECT_EQ(rule.targets[2].what.share.value, 800'000);
  EXPECT_EQ(rule.targets[3].what.percentile.value, 900'000);
  for (const char* bad : {"", "mean", "mean:rel", "mean:rel=0", "mean:rel=x", "median:hw=1", "mean:hw=1,",
                          "p_exceed(2):hw=1", "p_exceed(1:hw=1", "mean=1"}) {
    sim::StopRule wrong;
    EXPECT_TRUE(parse_stop_rule(bad, wrong)) << bad;
  }
}

}  // namespace
}  // namespace windtunnel::scenarios::forecast_grammar_test
