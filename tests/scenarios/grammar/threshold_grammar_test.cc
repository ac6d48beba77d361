#include "scenarios/grammar/threshold_grammar.h"

#include <gtest/gtest.h>

namespace windtunnel::scenarios::threshold_grammar_test {
namespace {

using sim::Aggregate;
using sim::Comparison;
using sim::Metric;
using sim::ThresholdSpec;

ThresholdSpec parsed(const char* metric, const char* expression) {
  ThresholdSpec threshold;
  const auto metric_error = parse_metric(metric, threshold);
  EXPECT_FALSE(metric_error) << metric << ": " << metric_error->message;
  const auto error = parse_expression(expression, threshold);
  EXPECT_FALSE(error) << expression << ": " << error->message;
  return threshold;
}

// "column message"
std::string error_of(const char* metric, const char* expression) {
  ThresholdSpec threshold;
  auto error = parse_metric(metric, threshold);
  if (!error) error = parse_expression(expression, threshold);
  return error ? std::to_string(error->column) + ' ' + error->message : "no error";
}

TEST(ThresholdGrammar, reads_percentiles_and_durations) {
  const ThresholdSpec t = parsed("request_duration", "p(95)<3s");
  EXPECT_EQ(t.of, Metric::request_duration);
  EXPECT_EQ(t.aggregate, Aggregate::percentile);
  EXPECT_EQ(t.percentile.value, 950'000);
  EXPECT_EQ(t.comparison, Comparison::less);
  EXPECT_EQ(t.bound, 3'000'000'000);
  EXPECT_EQ(parsed("request_duration", "p(99.9)<=2500").bound, 2'500'000'000);
  EXPECT_EQ(parsed("request_duration", "p(99.9)<=2500").percentile.value, 999'000);
  EXPECT_EQ(parsed("request_duration", " p( 0.0001 ) != 0.5 ").bound, 500'000);
  EXPECT_EQ(parsed("request_duration", "p(0.0001)!=0.5").percentile.value, 1);
  EXPECT_EQ(parsed("time_to_first_token", "avg < 1m30s").bound, 90'000'000'000);
}

TEST(ThresholdGrammar, reads_every_aggregate_and_comparison) {
  EXPECT_EQ(parsed("requests_failed", "rate<0.01").bound, 10'000);
  EXPECT_EQ(parsed("requests", "count>=5").bound, 5'000'000);
  EXPECT_EQ(parsed("cost_usd", "value<=12.5").bound, 12'500'000);
  EXPECT_EQ(parsed("request_duration", "min>1").aggregate, Aggregate::min);
  EXPECT_EQ(parsed("request_duration", "med>1").aggregate, Aggregate::med);
  EXPECT_EQ(parsed("request_duration", "max>1").aggregate, Aggregate::max);
  EXPECT_EQ(parsed("requests", "count<=5").comparison, Comparison::less_equal);
  EXPECT_EQ(parsed("requests", "count>5").comparison, Comparison::greater);
  EXPECT_EQ(parsed("requests", "count>=5").comparison, Comparison::greater_equal);
  EXPECT_EQ(parsed("requests", "count==5").comparison, Comparison::equal);
  EXPECT_EQ(parsed("requests", "count===5").comparison, Comparison::equal);
  EXPECT_EQ(parsed("requests", "count!=5").comparison, Comparison::not_equal);
}

TEST(ThresholdGrammar, reads_money_to_the_pico_dollar) {
  const ThresholdSpec t = parsed("cost_usd", "avg<0.000000000001");
  EXPECT_EQ(t.bound, 0);
  EXPECT_EQ(t.bound_picos, 1);
  EXPECT_EQ(parsed("cost_known_usd", "value<=12.5000005").bound, 12'500'000);
  EXPECT_EQ(parsed("cost_known_usd", "value<=12.5000005").bound_picos, 500'000);
  EXPECT_EQ(parsed("forecast.cost_usd", "avg<0.0000001").bound_picos, 100'000);
  EXPECT_EQ(parsed("cost_reserved_usd", "value<20000000").bound, 20'000'000'000'000) << "above 9.2 million dollars";
  EXPECT_EQ(error_of("cost_usd", "avg<0.0000000000001"), "5 \"0.0000000000001\" has more than 12 decimal places");
  EXPECT_EQ(error_of("cost_usd", "avg<-0.0000001"), "5 \"-0.0000001\" is negative");
  EXPECT_EQ(error_of("tokens", "avg<0.0000001"), "5 \"0.0000001\" has more than 6 decimal places");
}

TEST(ThresholdGrammar, what_people_write_first_has_a_remedy) {
  ThresholdSpec threshold;
  const auto unknown = parse_metric("http_req_duration", threshold);
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->help, "windtunnel explain --all lists the metrics");
  EXPECT_EQ(parse_metric("request_durations", threshold)->help, "did you mean \"request_duration\"?");
  ASSERT_FALSE(parse_metric("requests_failed", threshold));
  const auto percent = parse_expression("rate<1%", threshold);
  ASSERT_TRUE(percent);
  EXPECT_EQ(percent->message + ": " + percent->help,
            "\"1%\" is not a number: a share is written from 0 to 1: 0.01 is 1 %");
  EXPECT_EQ(parse_expression("rate<one", threshold)->help, "");
}

TEST(ThresholdGrammar, reads_tags) {
  const ThresholdSpec t = parsed("requests { provider: openai , outcome:cache_hit,variant:b }", "count>0");
  EXPECT_EQ(t.provider, "openai");
  EXPECT_EQ(t.variant, "b");
  EXPECT_EQ(t.outcome, monitor::Outcome::cache_hit);
  EXPECT_EQ(t.metric, "requests { provider: openai , outcome:cache_hit,variant:b }");
}

TEST(ThresholdGrammar, reads_where_a_request_was_to_go_and_where_it_went) {
  const ThresholdSpec t = parsed("requests_failed{provider:openai,served_by:anthropic}", "rate<0.5");
  EXPECT_EQ(t.provider, "openai");
  EXPECT_EQ(t.served_by, "anthropic");
  EXPECT_EQ(error_of("requests{served_by:a,served_by:b}", ""), "22 the tag \"served_by\" is written twice");
}

TEST(ThresholdGrammar, reads_routes_and_deployments) {
  const ThresholdSpec t = parsed("requests{route:chat,deployment:openai/gpt-4o}", "count>0");
  EXPECT_EQ(t.route, "chat");
  EXPECT_EQ(t.provider, "openai/gpt-4o");
  EXPECT_EQ(parsed("provider_calls{deployment:a/b}", "count>0").provider, "a/b");
  EXPECT_EQ(error_of("requests{provider:a,deployment:a}", ""),
            "21 \"provider\" and \"deployment\" name the same; write one of them");
  EXPECT_EQ(error_of("requests{deployment:a,deployment:b}", ""), "23 the tag \"deployment\" is written twice");
}

TEST(ThresholdGrammar, amplification_has_a_value_and_no_tag) {
  EXPECT_EQ(parsed("amplification", "value<3").bound, 3'000'000);
  EXPECT_EQ(error_of("amplification", "count<3"), "1 amplification has no such aggregate");
  EXPECT_NE(error_of("amplification{provider:a}", "value<3").find("has no tag"), std::string::npos);
}

TEST(ThresholdGrammar, refuses_a_tag_that_can_mean_nothing) {
  const std::string of_calls =
      "has no tag but provider, deployment or route, because calls and breakers have no variant or outcome";
  for (const std::string metric : {"provider_calls", "provider_errors", "breaker_opened"}) {
    for (const char* tag : {"variant:a", "outcome:served", "served_by:a"}) {
      const std::string tagged = metric + "{" + tag + "}";
      EXPECT_EQ(error_of(tagged.c_str(), "count<1"), std::to_string(metric.size() + 1) + " " + metric + " " + of_calls);
    }
    EXPECT_EQ(error_of((metric + "{provider:a}").c_str(), "count<1"), "no error");
  }
  EXPECT_EQ(error_of("provider_calls{route:a}", "count<1"), "no error");
  EXPECT_EQ(error_of("provider_errors{route:a,provider:b}", "count<1"), "no error");
  EXPECT_EQ(error_of("breaker_opened{route:a}", "count<1"),
            "15 breaker_opened has no route, because routes share the breakers");
  const auto refused = [](const char* metric) {
    return error_of(metric, "count<1").find(" ends as ") != std::string::npos;
  };
  for (const char* metric :
       {"requests_failed{outcome:served}", "requests_failed{outcome:refused_rate}",
        "requests_failed{outcome:cache_hit}", "requests_refused{outcome:failed}", "cache_hits{outcome:served}",
        "tokens{outcome:failed}", "time_to_first_token{outcome:stale_hit}", "cost_usd{outcome:cache_hit}",
        "cost_usd{outcome:all_providers_unavailable}", "cost_known_usd{outcome:cache_hit}",
        "cost_reserved_usd{outcome:refused_rate}", "failovers{outcome:refused_rate}",
        "requests{served_by:a,outcome:all_providers_unavailable}"}) {
    EXPECT_TRUE(refused(metric)) << metric << ": " << error_of(metric, "count<1");
  }
  for (const char* metric : {"requests_failed{outcome:deadline_exceeded}", "requests_refused{outcome:refused_budget}",
                             "cache_hits{outcome:stale_hit}", "tokens{outcome:served}", "cost_usd{outcome:failed}",
                             "requests{outcome:refused_rate}", "failovers{outcome:all_providers_unavailable}",
                             "requests{served_by:a,outcome:cache_hit}"}) {
    EXPECT_EQ(error_of(metric, "count<1"), "no error") << metric;
  }
  EXPECT_EQ(error_of("request_duration{outcome:all_providers_unavailable}", "max<1ms"), "no error");
}

TEST(ThresholdGrammar, a_rate_of_requests_calls_and_tokens_is_per_second) {
  EXPECT_EQ(parsed("requests", "rate>10").bound, 10'000'000);
  EXPECT_EQ(parsed("requests", "rate>10").aggregate, Aggregate::rate);
  EXPECT_EQ(parsed("provider_calls{provider:a}", "rate<=0.5").bound, 500'000);
  EXPECT_EQ(parsed("tokens", "rate<90000").bound, 90'000'000'000);
  EXPECT_EQ(error_of("cache_hits", "rate>10"), "6 a rate is a share from 0 to 1");
  EXPECT_EQ(error_of("forecast.requests_failed", "rate<10"), "6 a rate is a share from 0 to 1");
}

TEST(ThresholdGrammar, names_the_column_of_an_error) {
  EXPECT_EQ(error_of("request_duration", "p(95)<3x"), "7 \"3x\" has no unit that is known");
  EXPECT_EQ(error_of("request_duration", "p(95<3"), "7 \")\" is missing");
  EXPECT_EQ(error_of("request_duration", "p(101)<3"), "3 \"101\" is not a percentile from 0 to 100");
  EXPECT_EQ(error_of("request_duration", "p(99.99999)<3"), "3 a percentile has at most 4 decimal places");
  EXPECT_EQ(error_of("request_duration", "p95<3"), "1 \"p95\" is no aggregate");
  EXPECT_EQ(error_of("request_duration", "avg=3"), "4 one of <, <=, >, >=, ==, != is missing here");
  EXPECT_EQ(error_of("request_duration", "avg<"), "5 the bound is missing");
  EXPECT_EQ(error_of("request_duration", "avg<-1s"), "5 \"-1s\" is negative");
  EXPECT_EQ(error_of("request_duration", "avg<1s foo"), "5 \"1s foo\" has no unit that is known");
  EXPECT_EQ(error_of("requests", "count<5s"), "7 \"5s\" is not a number");
  EXPECT_EQ(error_of("requests_failed", "rate<0.0000001"), "6 \"0.0000001\" has more than 6 decimal places");
  EXPECT_EQ(error_of("requests_failed", "rate<1.000001"), "6 a rate is a share from 0 to 1");
  EXPECT_EQ(error_of("requests_failed", "rate<1"), "no error");
  EXPECT_EQ(error_of("requests{\xC3\xA9:1}", ""), "10 no tag is named \"\xC3\xA9\"");
  EXPECT_EQ(error_of("requests{provider:}", ""), "19 the tag's value is missing");
  EXPECT_EQ(error_of("requests{provider:a,provider:b}", ""), "21 the tag \"provider\" is written twice");
  EXPECT_EQ(error_of("requests{provider:a", ""), "20 \"}\" is missing");
  EXPECT_EQ(error_of("requests{provider}", ""), "18 \":\" and the tag's value are missing");
  EXPECT_EQ(error_of("requests{outcome:servd}", ""), "18 no outcome is named \"servd\"");
  EXPECT_EQ(error_of("requests{provider:a}x", ""), "21 nothing may follow \"}\"");
  EXPECT_EQ(error_of("reqests", ""), "1 no metric is named \"reqests\"");
}

TEST(ThresholdGrammar, recognizes_which_aggregates_a_metric_has) {
  EXPECT_EQ(error_of("request_duration", "rate<0.1"), "1 request_duration has no such aggregate");
  EXPECT_EQ(error_of("requests", "p(95)<3"), "1 requests has no such aggregate");
  EXPECT_EQ(error_of("failovers", "rate<0.1"), "1 failovers has no such aggregate");
  EXPECT_EQ(error_of("cache_hits", "rate<0.1"), "no error");
  EXPECT_EQ(error_of("cost_usd", "avg<1"), "no error");
  EXPECT_EQ(error_of("cost_usd", "max<1"), "1 cost_usd has no such aggregate");
}

TEST(ThresholdGrammar, recognizes_forecasts_by_their_first_word) {
  EXPECT_TRUE(is_forecast_metric("forecast.cost_usd"));
  EXPECT_FALSE(is_forecast_metric("forecast."));
  EXPECT_FALSE(is_forecast_metric("forecasts"));
  EXPECT_EQ(parsed("forecast.cost_usd", "p(95)<5000").bound, 5'000'000'000);
}

}  // namespace
}  // namespace windtunnel::scenarios::threshold_grammar_test
