// Every scenario of the catalogue holds its claim, and fails as it says under its own counterexample.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "scenarios/reader.h"
#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::catalog_test {
namespace {

const std::filesystem::path kCatalog = WINDTUNNEL_ROOT "/scenarios/catalog";

std::vector<std::string> catalog() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kCatalog)) {
    if (entry.path().extension() == ".json")
      names.push_back(entry.path().lexically_relative(kCatalog).replace_extension().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string file_of(const std::string& name) { return "scenarios/catalog/" + name + ".json"; }

class Catalog : public testing::TestWithParam<std::string> {};

TEST_P(Catalog, holds_its_claim) {
  const ProcessResult result = windtunnel("run " + file_of(GetParam()));
  EXPECT_EQ(result.exit, 0) << result.out;
}

TEST_P(Catalog, ends_otherwise_under_its_counterexample) {
  const sim::Scenario scenario = scenarios::read_scenario(WINDTUNNEL_ROOT "/" + file_of(GetParam()));
  ASSERT_TRUE(scenario.counterexample.has_value()) << "it must name the --set that breaks it";
  ASSERT_NE(scenario.counterexample->exit, 0);
  std::string arguments = "run " + file_of(GetParam());
  for (const std::string& set : scenario.counterexample->set) arguments += " --set '" + set + "'";
  const ProcessResult result = windtunnel(arguments);
  EXPECT_EQ(result.exit, scenario.counterexample->exit) << result.out;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == '/'; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(, Catalog, testing::ValuesIn(catalog()), test_name);

TEST(CatalogFigures, the_seeds_example_prints_the_seeds_block) {
  const std::string out = windtunnel("run scenarios/catalog/seed-readme.json").out;
  for (const char* line :
       {"LLM MONITORING STATISTICS", "Total Requests: 9", "  OPENAI:\n    Requests: 5\n    Success Rate: 20.0%",
        "  ANTHROPIC:\n    Requests: 4\n    Success Rate: 100.0%", "openai: 🔴 open (Failures: 4, Error Rate: 80.0%)",
        "anthropic: 🟢 closed (Failures: 0, Error Rate: 0.0%)"}) {
    EXPECT_NE(out.find(line), std::string::npos) << line << "\nis not in\n" << out;
  }
}

// The bill of the Azure trace is known to the last pico-dollar at three prices.
TEST(CatalogFigures, the_azure_trace_costs_what_its_tokens_cost) {
  const std::string base = "run scenarios/catalog/azure-replay.json --set 'thresholds.cost_usd=[\"value==";
  EXPECT_EQ(windtunnel(base + "916.176\"]'").exit, 0);
  EXPECT_EQ(windtunnel(base + "916.176001\"]'").exit, 12);
  const std::string sonnet = "128.415585\"]' --set providers.openai.profile=seed/claude-3-5-sonnet";
  EXPECT_EQ(windtunnel(base + sonnet).exit, 0);
  const std::string omni = "96.791325\"]' --set providers.openai.profile=measured/gpt-4o";
  EXPECT_EQ(windtunnel(base + omni).exit, 0);
}

TEST(CatalogFigures, of_the_azure_trace_5443_requests_hold_500_tokens_or_fewer) {
  const ProcessResult result = windtunnel(
      "run scenarios/catalog/azure-replay.json --set monitor.token_limiter.mode=per_request"
      " --set 'thresholds={\"requests{outcome:served}\":[\"count==5443\"],\"requests_refused\":[\"count==13923\"]}'");
  EXPECT_EQ(result.exit, 0) << result.out;
}

}  // namespace
}  // namespace windtunnel::tests::catalog_test
