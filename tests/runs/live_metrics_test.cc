#include "runs/gateway/live_metrics.h"

#include <gtest/gtest.h>

#include <string>

#include "runs/gateway/live_metrics_otlp.h"
#include "runs/gateway/live_metrics_text.h"
#include "sim/world/world.h"
#include "tests/reports/small_world.h"

namespace windtunnel::runs::live_metrics_test {
namespace {

std::string text_of(const sim::Scenario& scenario, const LiveTotals& totals, const sim::RunResult& result,
                    const ReloadCounts& reloads = {}) {
  const wire::GatewayCounts server;
  return live_metrics_text(live_metrics({.scenario = scenario,
                                         .totals = totals,
                                         .pipeline = result.pipeline,
                                         .server = server,
                                         .reloads = reloads,
                                         .now = result.ended}));
}

std::string metrics_of(const sim::Scenario& scenario) {
  LiveCounts counts{scenario.providers.size()};
  const sim::RunResult result = sim::run(scenario, {.observers = {&counts}});
  LiveTotals totals;
  totals.add(scenario, counts, result.pipeline.metrics());
  return text_of(scenario, totals, result);
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

// The same ten requests twice: the provider keeps its name and then gets another place and another model.
TEST(LiveMetrics, go_on_by_name_where_a_file_that_is_read_again_moves_a_provider) {
  const sim::Scenario first = reports::small_world();
  sim::Scenario second = first;
  second.providers.insert(second.providers.begin(), first.providers[0]);
  second.providers[0].name = "new";
  second.providers[1].model = "other";
  for (auto& workload : second.workloads) workload.provider = "openai";
  LiveTotals totals;
  LiveCounts first_counts{first.providers.size()};
  totals.add(first, first_counts, sim::run(first, {.observers = {&first_counts}}).pipeline.metrics());
  LiveCounts second_counts{second.providers.size()};
  const sim::RunResult result = sim::run(second, {.observers = {&second_counts}});
  totals.add(second, second_counts, result.pipeline.metrics());
  const std::string text = text_of(second, totals, result);
  EXPECT_TRUE(has_line(text, R"(windtunnel_requests_total{outcome="served"} 20)")) << text;
  const std::string model = first.providers[0].model;
  const std::string calls = R"(windtunnel_provider_calls_total{provider="openai",model=")";
  EXPECT_TRUE(has_line(text, calls + model + R"(",outcome="ok"} 10)")) << text;
  EXPECT_TRUE(has_line(text, calls + R"(other",outcome="ok"} 10)")) << text;
  EXPECT_TRUE(has_line(text, R"(windtunnel_provider_late_results_total{provider="new"} 0)")) << text;
  EXPECT_TRUE(has_line(text, R"(windtunnel_breaker_state{provider="new",windtunnel_breaker_state="closed"} 1)"));
}

TEST(LiveMetrics, show_how_the_file_was_read_again) {
  const sim::Scenario scenario = reports::small_world();
  const sim::RunResult result = sim::run(scenario, {});
  const ReloadCounts reloads{
      .succeeded = 3, .refused = 2, .last_succeeded = false, .last_success = WallTime{std::chrono::milliseconds{1500}}};
  const std::string text = text_of(scenario, {}, result, reloads);
  EXPECT_TRUE(has_line(text, R"(windtunnel_gateway_config_reloads_total{result="success"} 3)"));
  EXPECT_TRUE(has_line(text, R"(windtunnel_gateway_config_reloads_total{result="failure"} 2)"));
  EXPECT_TRUE(has_line(text, "windtunnel_gateway_config_last_reload_successful 0"));
  EXPECT_TRUE(has_line(text, "windtunnel_gateway_config_last_reload_success_timestamp_seconds 1.5")) << text;
}

}  // namespace
}  // namespace windtunnel::runs::live_metrics_test
