#include "runs/gateway/live_metrics.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/world/world.h"
#include "tests/reports/small_world.h"

namespace windtunnel::runs::live_metrics_test {
namespace {

std::string metrics_of(const sim::Scenario& scenario) {
  LiveCounts counts{scenario.providers.size()};
  const sim::RunResult result = sim::run(scenario, {.observers = {&counts}});
  const wire::GatewayCounts server;
  return live_metrics_text(
      {.scenario = scenario, .counts = counts, .pipeline = result.pipeline, .server = server, .now = result.ended});
}

bool has_line(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

// Ten requests, of each of which the provider's cache holds 40 tokens.
TEST(LiveMetrics, count_the_kinds_of_tokens) {
  sim::Scenario scenario = reports::small_world();
  scenario.workloads[0].cached_input.law = sim::Law::fixed(40);
  scenario.providers[0].tariffs[0].tariff.cached_input = Price{};
  const std::string text = metrics_of(scenario);
  EXPECT_TRUE(has_line(text, "# TYPE windtunnel_request_token_kinds counter"));
  EXPECT_TRUE(has_line(text, R"(windtunnel_request_token_kinds_total{kind="cached_input"} 400)"));
  EXPECT_TRUE(has_line(text, R"(windtunnel_request_token_kinds_total{kind="reasoning"} 0)"));
  EXPECT_TRUE(has_line(text, R"(windtunnel_provider_token_kinds_total{provider="openai",kind="cached_input"} 400)"));
}

TEST(LiveMetrics, have_no_family_of_kinds_where_all_tokens_are_plain) {
  EXPECT_EQ(metrics_of(reports::small_world()).find("token_kinds"), std::string::npos);
}

}  // namespace
}  // namespace windtunnel::runs::live_metrics_test
