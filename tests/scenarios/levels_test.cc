// Settings that stand at several levels of a file, and faults that come again.

#include <gtest/gtest.h>

#include <string>

#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"

namespace windtunnel::scenarios::levels_test {
namespace {

using namespace std::chrono_literals;

std::string error_of(const std::string& text) {
  try {
    (void)read_scenario_text(text, "file.json");
    return "no error";
  } catch (const ScenarioError& error) {
    return error.what();
  }
}

TEST(Levels, a_model_has_the_breaker_of_its_provider_where_it_states_none) {
  const sim::Scenario scenario = read_scenario_text(R"({"providers": {"openai": {
    "circuit_breaker": {"preset": "polly", "open": "7s"},
    "models": {"gpt-4o": {"price_usd_per_million": "gpt-4o"},
               "mini": {"price_usd_per_million": "gpt-4o-mini", "circuit_breaker": {"consecutive_threshold": 2}}}},
    "anthropic": {}}})",
                                                    "file.json");
  const auto breakers = breakers_of(scenario);
  ASSERT_EQ(breakers.size(), 3U);
  EXPECT_EQ(breakers[0].open, 7s);
  EXPECT_EQ(breakers[0].window, 30s) << "what the preset has";
  EXPECT_EQ(breakers[1].consecutive_threshold, 2);
  EXPECT_EQ(breakers[1].open, 30s) << "a level replaces the others as a whole";
  EXPECT_EQ(breakers[2], scenario.monitor.circuit_breaker);
}

TEST(Levels, the_breaker_of_a_route_is_that_of_all_deployments_it_reaches) {
  const sim::Scenario scenario = read_scenario_text(R"({"providers": {"a": {"price_usd_per_million": "gpt-4o"},
      "b": {"price_usd_per_million": "gpt-4o", "circuit_breaker": {"open": "3s"}}, "c": {"price_usd_per_million": "gpt-4o"}},
    "routes": {"chat": {"targets": [{"deployment": "a"}, {"route": "inner"}], "circuit_breaker": {"open": "1s"}},
               "inner": {"targets": [{"deployment": "b"}, {"deployment": "c"}]}}})",
                                                    "file.json");
  const auto breakers = breakers_of(scenario);
  EXPECT_EQ(breakers[0].open, 1s);
  EXPECT_EQ(breakers[1].open, 1s);
  EXPECT_EQ(breakers[2].open, 1s);
}

TEST(Levels, routes_that_share_a_deployment_agree_about_its_breaker) {
  const std::string routes =
      R"("routes": {"x": {"targets": [{"deployment": "openai"}], "circuit_breaker": {"open": "1s"}},
    "y": {"targets": [{"deployment": "openai"}], "circuit_breaker": {"open": "OPEN"}}}})";
  const auto with = [&](const std::string& open) {
    std::string text = "{" + routes;
    return text.replace(text.find("OPEN"), 4, open);
  };
  EXPECT_EQ(error_of(with("1s")), "no error");
  EXPECT_NE(error_of(with("2s")).find("another route states another breaker"), std::string::npos);
}

TEST(Levels, a_breaker_that_cannot_be_honoured_is_an_error_where_it_stands) {
  const std::string error = error_of(R"({"providers": {"openai": {"circuit_breaker": {"window_type": null}}}})");
  EXPECT_NE(error.find("/providers/openai/circuit_breaker"), std::string::npos) << error;
}

TEST(Repeat, stands_for_faults_of_their_own_behind_the_others) {
  const sim::Scenario scenario = read_scenario_text(R"({"duration": "1h", "faults": [
    {"id": "down", "kind": "outage", "provider": "openai", "at": "1m", "duration": "10s",
     "repeat": {"every": "20m", "times": 3}},
    {"id": "slow", "kind": "latency_spike", "provider": "*", "at": "2m", "factor": 2}]})",
                                                    "file.json");
  ASSERT_EQ(scenario.faults.size(), 4U);
  EXPECT_EQ(scenario.faults[1].id, "slow");
  EXPECT_EQ(scenario.faults[2].id, "down/2");
  EXPECT_EQ(scenario.faults[2].at, 21min);
  EXPECT_EQ(scenario.faults[3].id, "down/3");
  EXPECT_EQ(scenario.faults[3].at, 41min);
  EXPECT_EQ(scenario.faults[3].duration, 10s);
  EXPECT_TRUE(same_scenario(read_scenario_text(write_scenario(scenario), "file.json"), scenario));
}

TEST(Clients, belong_to_workloads_whose_requests_come_by_themselves) {
  EXPECT_NE(
      error_of(R"({"workload": {"w": {"executor": "constant-vus", "vus": 2, "client": {"preset": "anthropic"}}}})")
          .find("a virtual user waits for its answer"),
      std::string::npos);
  const sim::Scenario scenario = read_scenario_text(
      R"({"workload": {"w": {"rate": 1, "client": {"preset": "anthropic", "retries": 5, "timeout": "3s",
          "patience": {"p50": "20s", "p95": "60s"}}}}})",
      "file.json");
  ASSERT_TRUE(scenario.workloads[0].client);
  EXPECT_EQ(scenario.workloads[0].client->retries, 5);
  EXPECT_TRUE(same_scenario(read_scenario_text(write_scenario(scenario), "file.json"), scenario));
}

}  // namespace
}  // namespace windtunnel::scenarios::levels_test
