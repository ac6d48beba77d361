// A scenario is JSON; what people try first is the configuration of their gateway.

#include <gtest/gtest.h>

#include <string>

#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"

namespace windtunnel::scenarios::other_formats_test {
namespace {

TEST(Reader, the_configuration_of_a_gateway_names_the_import) {
  const auto error_of = [](const std::string& file, const std::string& text) -> std::string {
    try {
      (void)read_scenario_text(text, file);
      return "none";
    } catch (const ScenarioError& error) {
      return error.what();
    }
  };
  const std::string yaml = error_of("config.yaml", "model_list:\n  - model_name: a\n");
  EXPECT_TRUE(yaml.starts_with("config.yaml:1:1: a scenario is JSON, and this is not\n    model_list:\n")) << yaml;
  EXPECT_NE(yaml.find("init scenario.json --from-litellm or --from-envoy-ai FILE"), std::string::npos) << yaml;
  EXPECT_NE(error_of("t.toml", "[gateway]\n").find("--from-tensorzero FILE"), std::string::npos);
  EXPECT_NE(error_of("config.yml", "").find("a scenario is JSON"), std::string::npos);
  EXPECT_EQ(error_of("scenario.yaml", " {}"), "none") << "JSON is YAML too";
}

}  // namespace
}  // namespace windtunnel::scenarios::other_formats_test
