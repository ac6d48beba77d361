// What LiteLLM's database says of keys and teams becomes limits of callers.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "scenarios/import/gateway_import.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"

namespace windtunnel::scenarios::import_callers_test {
namespace {

using monitor::LimitConfig;

ImportedGateway imported(const std::string& keys) {
  return import_gateway({.format = GatewayFormat::litellm,
                         .file = "config.yaml",
                         .text = "model_list: [{model_name: a, litellm_params: {model: openai/gpt-4o}}]\n",
                         .keys_file = "keys.json",
                         .keys_text = keys},
                        PriceList::shipped());
}

TEST(ImportCallers, each_key_has_its_limits_and_its_budget) {
  const ImportedGateway gateway = imported(R"({"keys": [
    {"token": "h1", "key_alias": "web", "rpm_limit": 6, "tpm_limit": 900, "max_parallel_requests": 2, "spend": 1.5},
    {"token": "h2", "max_budget": 2.5, "budget_duration": "30d"},
    {"token": "h3", "max_budget": 7, "budget_duration": "12h"},
    {"token": "h4", "max_budget": 9}]})");
  const auto& limits = gateway.scenario.monitor.limits.limits;
  ASSERT_EQ(limits.size(), 4U);
  EXPECT_EQ(limits[0].requests, 6);
  EXPECT_EQ(limits[0].tokens, Tokens{900});
  EXPECT_EQ(limits[0].parallel_requests, 2);
  EXPECT_EQ(limits[0].window, monitor::LimitWindow::from_first_use);
  ASSERT_EQ(limits[0].when.size(), 1U);
  EXPECT_EQ(limits[0].when.front().value, "key-1");
  EXPECT_EQ(limits[1].usd, Usd::from_picos(2'500'000'000'000));
  EXPECT_FALSE(limits[1].period);  // the calendar's month
  EXPECT_EQ(limits[1].when.front().value, "key-2");
  EXPECT_EQ(limits[2].period, Duration{std::chrono::hours{12}});
  EXPECT_EQ(limits[3].period, Duration{std::chrono::hours{24 * 3650}});
  EXPECT_EQ(gateway.scenario.workloads.front().keys.count, 4);
  EXPECT_NE(gateway.keys.find("keys.0.spend: no word for it yet"), std::string::npos) << gateway.keys;
  const std::string text = write_scenario(gateway.scenario);
  EXPECT_EQ(write_scenario(read_scenario_text(text, "gateway.json")), text);
  EXPECT_EQ(text.find("h1"), std::string::npos) << "a key's hash stays where it is";
}

TEST(ImportCallers, a_key_has_limits_and_budgets_for_one_model) {
  const ImportedGateway gateway = imported(R"([{"token": "h1",
    "metadata": {"model_rpm_limit": {"a": 5, "other": 6}},
    "model_max_budget": {"a": {"budget_limit": "0.5", "time_period": "1d", "rpm_limit": 7, "tpm_limit": 800}}},
    {"token": "h2", "model_tpm_limit": {"a": 90}, "model_max_budget": {"a": {"max_budget": 3}}}])");
  const auto& limits = gateway.scenario.monitor.limits.limits;
  ASSERT_EQ(limits.size(), 3U) << gateway.keys;
  EXPECT_EQ(limits[0].usd, Usd::from_picos(500'000'000'000));
  EXPECT_EQ(limits[0].period, Duration{std::chrono::hours{24}});
  EXPECT_EQ(limits[1].requests, 5) << "the metadata goes before the budget";
  EXPECT_EQ(limits[1].tokens, Tokens{800});
  ASSERT_EQ(limits[1].when.size(), 2U);
  EXPECT_EQ(limits[1].when[0].value, "key-1");
  EXPECT_EQ(limits[1].when[1].word.scope, monitor::LimitScope::route);
  EXPECT_EQ(limits[1].when[1].value, "a");
  EXPECT_EQ(limits[2].tokens, Tokens{90});
  EXPECT_EQ(limits[2].when[0].value, "key-2");
  for (const char* line : {"0.metadata.model_rpm_limit.other: the configuration has no model of this name",
                           "0.model_max_budget.a.rpm_limit: LiteLLM does not look at it here",
                           "1.model_max_budget.a.max_budget: LiteLLM counts a budget for one model only together"})
    EXPECT_NE(gateway.keys.find(line), std::string::npos) << line << "\n" << gateway.keys;
  const std::string text = write_scenario(gateway.scenario);
  EXPECT_EQ(write_scenario(read_scenario_text(text, "gateway.json")), text);
}

TEST(ImportCallers, a_key_has_several_budgets_at_once) {
  const ImportedGateway gateway = imported(R"([{"token": "h1", "max_budget": 100,
    "budget_limits": [{"budget_duration": "1d", "max_budget": 10, "reset_at": "2026-01-02T00:00:00+00:00"},
                      {"budget_duration": "1mo", "max_budget": 50.5}, {"max_budget": 3}]}])");
  const auto& limits = gateway.scenario.monitor.limits.limits;
  ASSERT_EQ(limits.size(), 3U) << gateway.keys;
  EXPECT_EQ(limits[0].usd, Usd::from_dollars(100));
  EXPECT_EQ(limits[1].id, "budget of key-1 for 1d");
  EXPECT_EQ(limits[1].usd, Usd::from_dollars(10));
  EXPECT_EQ(limits[1].period, Duration{std::chrono::hours{24}});
  EXPECT_EQ(limits[1].window, monitor::LimitWindow::calendar);
  EXPECT_EQ(limits[2].usd, Usd::from_cents(5050));
  EXPECT_FALSE(limits[2].period);  // the calendar's month
  for (const LimitConfig& limit : limits) {
    ASSERT_EQ(limit.when.size(), 1U);
    EXPECT_EQ(limit.when.front().value, "key-1");
  }
  for (const char* line : {"0.budget_limits.0.reset_at: windows of a scenario follow its calendar",
                           "0.budget_limits.2.max_budget: LiteLLM takes no budget of a list without its period"})
    EXPECT_NE(gateway.keys.find(line), std::string::npos) << line << "\n" << gateway.keys;
  const std::string text = write_scenario(gateway.scenario);
  EXPECT_EQ(write_scenario(read_scenario_text(text, "gateway.json")), text);
}

TEST(ImportCallers, teams_go_before_the_keys_in_them) {
  const ImportedGateway gateway = imported(R"([{"team_id": "t1", "team_alias": "red", "rpm_limit": 30,
    "keys": [{"token": "h1", "rpm_limit": 5}]}, {"team_id": "t2", "max_budget": 1, "budget_duration": "1d"}])");
  const auto& limits = gateway.scenario.monitor.limits.limits;
  ASSERT_EQ(limits.size(), 2U);
  EXPECT_EQ(limits[0].when.front().word.scope, monitor::LimitScope::team);
  EXPECT_EQ(limits[0].when.front().value, "team-1");
  EXPECT_EQ(limits[1].usd, Usd::from_dollars(1));
  EXPECT_EQ(gateway.scenario.workloads.front().teams.count, 2);
  EXPECT_EQ(gateway.scenario.workloads.front().keys.count, 0);
  EXPECT_NE(gateway.keys.find("0.keys.0.rpm_limit: no word for it: the limit of one key"), std::string::npos)
      << gateway.keys;
}

TEST(ImportCallers, what_a_scenario_cannot_hold_is_listed) {
  std::string keys;
  for (int i = 0; i < 40; ++i) keys += R"({"token": "t", "rpm_limit": 1},)";
  const ImportedGateway gateway = imported("[" + keys.substr(0, keys.size() - 1) + "]");
  EXPECT_EQ(gateway.scenario.monitor.limits.limits.size(), monitor::kLimitsMax);
  EXPECT_NE(gateway.keys.find("39.rpm_limit: no scenario holds it: at most 32 limits"), std::string::npos)
      << gateway.keys;
}

TEST(ImportCallers, a_wrong_value_is_an_error_with_its_place) {
  try {
    static_cast<void>(imported(R"([{"token": "t", "rpm_limit": "many"}])"));
    FAIL() << "no error";
  } catch (const ScenarioError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("keys.json:1:")) << error.what();
  }
  EXPECT_THROW(static_cast<void>(imported(R"([{"token": "t", "max_budget": 1, "budget_duration": "soon"}])")),
               ScenarioError);
}

}  // namespace
}  // namespace windtunnel::scenarios::import_callers_test
