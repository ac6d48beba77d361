// The effective scenario is the same scenario, with every key and where its value comes from.

#include "scenarios/effective.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "scenarios/reader.h"
#include "scenarios/setting_catalogue.h"
#include "scenarios/writer.h"
#include "tests/scenarios/scenario_generator.h"

namespace windtunnel::scenarios::effective_test {
namespace {

const std::string kCatalog = std::string(WINDTUNNEL_ROOT) + "/scenarios/catalog/";

std::string effective(const std::string& text, const std::vector<std::string>& sets = {}) {
  return effective_scenario(read_scenario_text(text, "file.json", sets));
}

// The text of the line that holds these words.
std::string line_with(const std::string& text, const std::string& words) {
  const std::size_t place = text.find(words);
  if (place == std::string::npos) return "no line with " + words;
  const std::size_t begin = text.rfind('\n', place) + 1;
  const std::size_t first = text.find_first_not_of(' ', begin);
  return text.substr(first, text.find('\n', place) - first);
}

RC_GTEST_PROP(Effective, is_a_file_of_the_same_scenario, ()) {
  const sim::Scenario scenario = arbitrary_scenario();
  const std::string text = effective_scenario(scenario);
  RC_ASSERT(same_scenario(read_scenario_text(text, kCatalog + "f.json"), scenario));
}

TEST(Effective, is_the_same_scenario_for_each_of_the_catalogue) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kCatalog)) {
    if (entry.path().extension() != ".json") continue;
    ++files;
    const sim::Scenario scenario = read_scenario(entry.path().string());
    const std::string text = effective_scenario(scenario);
    EXPECT_TRUE(same_scenario(read_scenario_text(text, entry.path().string()), scenario)) << entry.path() << text;
  }
  EXPECT_GT(files, 20);
}

TEST(Effective, names_the_place_in_the_file) {
  const std::string text = effective("{\n  \"monitor\": {\"cache\": {\"ttl\": \"5m\"}},\n  \"seed\": 7\n}");
  EXPECT_EQ(line_with(text, "\"ttl\""), "\"ttl\": \"5m\",  // file.json:2:32");
  EXPECT_EQ(line_with(text, "\"seed\""), "\"seed\": 7,  // file.json:3:11");
  EXPECT_EQ(line_with(text, "\"capacity\""), "\"capacity\": 10000,  // default");
}

TEST(Effective, names_the_set_the_preset_and_the_profile) {
  const std::string text = effective(R"({"providers": {"azure": {"profile": "measured/gpt-4o", "queue": 0}},
    "monitor": {"circuit_breaker": {"preset": "polly", "open_ms": 7000}}})",
                                     {"monitor.provider_call.timeout=9s"});
  EXPECT_EQ(line_with(text, "\"timeout\": \"9s\""), "\"timeout\": \"9s\",  // --set monitor.provider_call.timeout=9s");
  EXPECT_EQ(line_with(text, "\"preset\""), "\"preset\": \"polly\",  // file.json:2:47");
  EXPECT_EQ(line_with(text, "\"open\": \"7s\""), "\"open\": \"7s\",  // file.json:2:67");
  EXPECT_NE(line_with(text, "\"minimum_calls\"").find(",  // preset polly"), std::string::npos) << text;
  EXPECT_EQ(line_with(text, "\"model\""), "\"model\": \"gpt-4o\",  // profile measured/gpt-4o");
  EXPECT_NE(line_with(text, "\"ttft\"").find(",  // profile measured/gpt-4o"), std::string::npos) << text;
  EXPECT_EQ(line_with(text, "\"bill_on_timeout\""), "\"bill_on_timeout\": \"full\",  // default");
  EXPECT_EQ(line_with(text, "\"queue\""), "\"queue\": 0,  // file.json:1:65");
}

TEST(Effective, a_price_comes_from_the_profile_or_the_name_of_a_model) {
  EXPECT_EQ(line_with(effective("{}"), "\"input\": 30"), "\"input\": 30,  // profile seed/gpt-4");
  const std::string named = effective(R"({"providers": {"openai": {"price_usd_per_million": "gpt-4o"}}})");
  EXPECT_EQ(line_with(named, "\"input\": 2.5"), "\"input\": 2.5,  // file.json:1:52");
  const std::string written =
      effective("{\"providers\": {\"openai\": {\"price_usd_per_million\": {\"input\": 1, \"output\": 2}}}}");
  EXPECT_EQ(line_with(written, "\"output\": 2"), "\"output\": 2,  // file.json:1:75");
}

TEST(Effective, outages_as_measured_come_from_the_line_of_the_law) {
  const std::string text = effective(R"({"faults": [
{"id": "a", "kind": "random_outages", "law": "measured", "provider": "openai", "at": "0s"}]})");
  for (const char* key : {"\"up\"", "\"down\"", "\"severity\""}) {
    EXPECT_NE(line_with(text, key).find("// file.json:2:46"), std::string::npos) << text;
  }
}

TEST(Effective, names_the_level_that_holds_where_a_deployment_states_nothing) {
  const std::string text = effective(R"({"monitor": {"provider_call": {"timeout": "9s"}},
"providers": {"openai": {
"idle_timeout": "2s",
"models": {"gpt-4o": {"price_usd_per_million": "gpt-4o"}, "mini": {
"attempt_timeout": "3s", "price_usd_per_million": "gpt-4o-mini"}}}},
"routes": {"chat": {"targets": [{"deployment": "openai/gpt-4o"}],
"circuit_breaker": {"preset": "polly"}}}})");
  const auto after = [&](const std::string& place, const std::string& key) {
    return line_with(text.substr(text.find("\"" + place + "\": {")), "\"" + key + "\":");
  };
  EXPECT_EQ(after("gpt-4o", "attempt_timeout"),
            "\"attempt_timeout\": null,  // as monitor.provider_call.timeout: 9s, file.json:1:43");
  EXPECT_EQ(after("gpt-4o", "idle_timeout"), "\"idle_timeout\": \"2s\",  // file.json:3:17");
  EXPECT_EQ(after("gpt-4o", "first_token_timeout"),
            "\"first_token_timeout\": null,  // as monitor.provider_call.first_token_timeout: none, default");
  EXPECT_EQ(after("gpt-4o", "circuit_breaker"), "\"circuit_breaker\": null  // as routes.chat");
  EXPECT_EQ(after("mini", "attempt_timeout"), "\"attempt_timeout\": \"3s\",  // file.json:5:20");
  EXPECT_EQ(after("mini", "circuit_breaker"), "\"circuit_breaker\": null  // as monitor.circuit_breaker");
  EXPECT_EQ(after("chat", "attempt_timeout"), "\"attempt_timeout\": null,  // that of each target");
}

TEST(Effective, has_a_line_for_every_key_that_is_in_use) {
  const std::string text = effective("{}");
  for (const Setting& setting : setting_catalogue()) {
    if (!setting.path.starts_with("monitor.") || setting.path.find(".NAME") != std::string::npos) continue;
    const std::string key = setting.path.substr(setting.path.rfind('.') + 1);
    const bool is_other_spelling = key.ends_with("_ms") || key == "open_ms_max";
    if (is_other_spelling || key == "command" || setting.path.find(".N.") != std::string::npos) continue;
    EXPECT_NE(text.find("\"" + key + "\": "), std::string::npos) << setting.path;
  }
}

}  // namespace
}  // namespace windtunnel::scenarios::effective_test
