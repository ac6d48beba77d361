// The words of `compare`: what is varied, and how much worse a variation may be.

#include "scenarios/grammar/compare_grammar.h"

#include <gtest/gtest.h>

#include "monitor/breaker/breaker_presets.h"
#include "scenarios/reader.h"

namespace windtunnel::scenarios::compare_grammar_test {
namespace {

using sim::CompareMetric;
using Texts = std::vector<std::string>;

Vary varied(const char* text) {
  Vary vary;
  const auto error = parse_vary(text, vary);
  EXPECT_FALSE(error) << text << ": " << error->message;
  return vary;
}

std::string vary_error(const char* text) {
  Vary vary;
  const auto error = parse_vary(text, vary);
  return error ? std::to_string(error->column) + ' ' + error->message : "no error";
}

sim::RegressionRule ruled(const char* text) {
  sim::RegressionRule rule;
  const auto error = parse_max_regression(text, rule);
  EXPECT_FALSE(error) << text << ": " << error->message;
  return rule;
}

std::string rule_error(const char* text) {
  sim::RegressionRule rule;
  const auto error = parse_max_regression(text, rule);
  return error ? std::to_string(error->column) + ' ' + error->message : "no error";
}

TEST(Vary, divides_at_commas) {
  EXPECT_EQ(varied("monitor.circuit_breaker.open=5s, 30s ,1m").path, "monitor.circuit_breaker.open");
  EXPECT_EQ(varied("monitor.circuit_breaker.open=5s, 30s ,1m").values, (Texts{"5s", "30s", "1m"}));
  EXPECT_EQ(varied("title=a=b").values, (Texts{"a=b"}));
}

TEST(Vary, but_not_within_brackets_or_quotes) {
  EXPECT_EQ(varied(R"(a={"x":[1,2],"y":"}"},{"x":[3,4]})").values, (Texts{R"({"x":[1,2],"y":"}"})", R"({"x":[3,4]})"}));
  EXPECT_EQ(varied(R"(a="b,\",c",d)").values, (Texts{R"("b,\",c")", "d"}));
}

TEST(Vary, all_presets_are_those_that_there_are) {
  const Vary vary = varied("monitor.circuit_breaker.preset=all");
  ASSERT_EQ(vary.values.size(), monitor::breaker_presets().size());
  EXPECT_EQ(vary.values.front(), "seed-readme");
  EXPECT_EQ(vary.values.back(), "none");
  EXPECT_EQ(varied("title=all").values, (Texts{"all"}));
}

TEST(Vary, names_where_it_is_wrong) {
  EXPECT_EQ(vary_error("monitor.circuit_breaker.open"), "1 write it as path=value,value,...");
  EXPECT_EQ(vary_error("=5s"), "1 write it as path=value,value,...");
  EXPECT_EQ(vary_error("open=5s,,30s"), "9 a value is missing");
  EXPECT_EQ(vary_error("open="), "6 a value is missing");
  EXPECT_EQ(vary_error("titel=ä,b,ä"), "11 \"ä\" stands here twice");
}

TEST(Vary, several_make_every_combination_and_the_last_changes_first) {
  const auto product = product_of({varied("monitor.provider_call.timeout=1s,2s"), varied("cache.ttl=1h,2h")});
  ASSERT_TRUE(product);
  ASSERT_EQ(product->size(), 4U);
  EXPECT_EQ((*product)[1].name, "timeout=1s ttl=2h");
  EXPECT_EQ((*product)[1].sets, (Texts{"monitor.provider_call.timeout=1s", "cache.ttl=2h"}));
  EXPECT_EQ((*product)[2].name, "timeout=2s ttl=1h");
}

TEST(Vary, paths_that_end_alike_are_named_in_full) {
  const auto product = product_of({varied("faults.a.rate=1"), varied("faults.b.rate=0.5"), varied("seed=3")});
  EXPECT_EQ(product->front().name, "faults.a.rate=1 faults.b.rate=0.5 seed=3");
}

TEST(Vary, more_than_a_thousand_variations_are_refused) {
  const auto numbers = [](const char* path, int count) {
    Vary vary{path, {}};
    for (int i = 0; i < count; ++i) vary.values.push_back(std::to_string(i));
    return vary;
  };
  EXPECT_TRUE(product_of({numbers("a", 10), numbers("b", 100)}));
  EXPECT_FALSE(product_of({numbers("a", 11), numbers("b", 91)}));
}

TEST(Vary, a_setting_beside_the_preset_is_warned_of) {
  const std::string text = R"({"version": 1, "monitor": {"circuit_breaker": {"preset": "polly", "open": "30s"}},
      "workload": {"chat": {"rate": 1}}})";
  const auto presets = *product_of({varied("monitor.circuit_breaker.preset=all")});
  const auto warnings = [&](const std::vector<std::string>& sets, const std::vector<VariedSets>& by) {
    return kept_beside_presets(read_scenario_text(text, "f.json", sets), by);
  };
  ASSERT_EQ(warnings({}, presets).size(), 1U);
  EXPECT_TRUE(warnings({}, presets).front().starts_with("f.json:1:75: /monitor/circuit_breaker/open: warning"))
      << warnings({}, presets).front();
  // The remedy that it names is one, and a setting that is asked for is meant.
  EXPECT_TRUE(warnings({"monitor.circuit_breaker={}"}, presets).empty());
  EXPECT_TRUE(warnings({"monitor.circuit_breaker.open=5s"}, presets).empty());
  const auto both =
      *product_of({varied("monitor.circuit_breaker.preset=all"), varied("monitor.circuit_breaker.open=5s")});
  EXPECT_TRUE(warnings({}, both).empty());
  EXPECT_TRUE(warnings({}, *product_of({varied("seed=1,2")})).empty());
}

TEST(MaxRegression, bounds_are_in_the_unit_of_the_metric) {
  EXPECT_EQ(ruled("p95<=50ms").metric, CompareMetric::p95);
  EXPECT_EQ(ruled("p95<=50ms").bound, 50e6);
  EXPECT_EQ(ruled("p95 <= 50").bound, 50e6);
  EXPECT_EQ(ruled("recovery_time<=1.5s").bound, 1.5e9);
  EXPECT_EQ(ruled("wasted_calls<=3").bound, 3);
  EXPECT_EQ(ruled("cost_usd<=0.25").bound, 0.25);
  EXPECT_EQ(ruled("requests_lost<=-2").bound, -2);
  EXPECT_FALSE(ruled("cost_usd<=0.25").is_relative);
  EXPECT_EQ(ruled("cost_usd<=0.25").text, "cost_usd<=0.25");
}

TEST(MaxRegression, with_a_percent_sign_they_are_shares_of_the_first) {
  EXPECT_TRUE(ruled("p95<=5%").is_relative);
  EXPECT_EQ(ruled("p95<=5%").bound, 0.05);
  EXPECT_EQ(ruled("cost_usd<=-2.5 %").bound, -0.025);
}

TEST(MaxRegression, names_where_it_is_wrong) {
  EXPECT_EQ(rule_error("p96<=5%"), "1 no metric of a comparison is named \"p96\"");
  EXPECT_EQ(rule_error("p95"), "4 \"<=\" is missing here");
  EXPECT_EQ(rule_error("p95<5%"), "4 \"<=\" is missing here");
  EXPECT_EQ(rule_error("p95=5%"), "4 \"<=\" is missing here");
  EXPECT_EQ(rule_error("p95<="), "6 the bound is missing");
  EXPECT_EQ(rule_error("p95<= fast"), "7 \"fast\" is no bound");
  EXPECT_EQ(rule_error("p95<=5sec"), "6 \"5sec\" has no unit that is known");
  EXPECT_EQ(rule_error("wasted_calls<=5s"), "15 \"5s\" is no bound");
  EXPECT_EQ(rule_error("wasted_calls<=%"), "15 \"%\" is no bound");
  EXPECT_EQ(rule_error("cost_usd<=0.0000001"), "11 \"0.0000001\" has too many decimal places");
  EXPECT_EQ(rule_error(""), "1 no metric of a comparison is named \"\"");
}

}  // namespace
}  // namespace windtunnel::scenarios::compare_grammar_test
