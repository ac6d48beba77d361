// What `windtunnel explain` offers of a metric is what the reader of thresholds takes, and nothing else.

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "reports/text/explanations.h"
#include "scenarios/grammar/threshold_grammar.h"

namespace windtunnel::runs::explained_metrics_test {
namespace {

// The words after "Aggregates:" up to the end of the sentence, without what stands in parentheses behind them.
std::set<std::string> offered_by(const std::string& text) {
  std::set<std::string> words;
  std::size_t begin = text.find("Aggregates");
  if (begin == std::string::npos) return words;
  begin = text.find(':', begin) + 1;
  std::string word;
  int depth = 0;
  for (std::size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    // p(N) is a word, "rate (of all requests)" is a word and a remark.
    if (c == '(' && (word.empty() || text[i - 1] == ' ')) ++depth;
    if (depth == 0 && (c == ',' || c == '.')) {
      words.insert(word == "p(N)" ? "p(95)" : word);
      word.clear();
      if (c == '.') break;
      continue;
    }
    if (depth == 0 && c != ' ') word += c;
    if (c == ')' && depth > 0) --depth;
  }
  return words;
}

bool is_taken(const std::string& metric, const std::string& aggregate) {
  sim::ThresholdSpec threshold;
  if (scenarios::parse_metric(metric, threshold)) return false;
  return !scenarios::parse_expression(aggregate + "<1", threshold);
}

TEST(ExplainedMetrics, offer_the_aggregates_that_the_reader_takes) {
  const std::vector<std::string> all{"count", "rate",  "avg",   "min",   "med",  "max",
                                     "value", "p(95)", "p(50)", "p(90)", "p(99)"};
  std::set<std::string> explained;
  for (const reports::Explanation& explanation : reports::explanations()) {
    const bool is_forecast = explanation.kind == "forecast metric";
    if (explanation.kind != "threshold metric" && !is_forecast) continue;
    explained.insert(explanation.word);
    const std::set<std::string> offered = offered_by(explanation.text);
    const bool has_any = offered.contains("p(95)") && !offered.contains("p(50)");
    const std::string metric = explanation.word == "forecast.p_exceed" ? explanation.word + "(1.0)" : explanation.word;
    for (const std::string& aggregate : all) {
      const bool is_offered = offered.contains(aggregate) || (has_any && aggregate.starts_with("p("));
      EXPECT_EQ(is_taken(metric, aggregate), is_offered) << explanation.word << " " << aggregate;
    }
  }
  for (const std::string& name : scenarios::metric_names()) EXPECT_TRUE(explained.contains(name)) << name;
}

TEST(ExplainedMetrics, request_duration_takes_every_outcome_that_its_text_offers) {
  EXPECT_TRUE(is_taken("request_duration{outcome:failed}", "max"));
  EXPECT_TRUE(is_taken("request_duration{outcome:refused_budget}", "max"));
}

}  // namespace
}  // namespace windtunnel::runs::explained_metrics_test
