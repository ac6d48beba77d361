// What `init` imports from a gateway's configuration is a scenario that runs, alone and with a log.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::import_test {
namespace {

const std::string kGoldens = "tests/scenarios/import/";

TEST(Import, every_imported_scenario_runs_and_passes) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::string(WINDTUNNEL_ROOT) + "/" + kGoldens)) {
    if (!entry.path().string().ends_with(".scenario.json")) continue;
    ++files;
    const ProcessResult result = windtunnel("run '" + entry.path().string() + "' --set duration=2m");
    EXPECT_EQ(result.exit, 0) << entry.path() << "\n" << result.out;
  }
  EXPECT_GE(files, 48U);
}

TEST(Import, init_lists_the_keys_and_writes_the_scenario) {
  const Folder folder;
  const std::string out = folder.path("gateway.json");
  const ProcessResult result = windtunnel("init " + out + " --from-portkey " + kGoldens + "portkey/fallback.json");
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_NE(result.out.find("strategy.mode -> routes.portkey"), std::string::npos) << result.out;
  EXPECT_EQ(windtunnel("validate " + out).exit, 0);
}

TEST(Import, traffic_and_prices_come_from_a_log) {
  const Folder folder;
  const std::string log = folder.path("log.jsonl");
  const std::string out = folder.path("gateway.json");
  ASSERT_EQ(windtunnel("run scenarios/catalog/healthy.json --quiet --telemetry " + log).exit, 0);
  const ProcessResult result =
      windtunnel("init " + out + " --from-litellm " + kGoldens + "litellm/quickstart.yaml --from " + log);
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_NE(result.out.find("from the log"), std::string::npos) << result.out;
  EXPECT_EQ(windtunnel("run " + out + " --set duration=10m").exit, 0);
}

TEST(Import, limits_of_providers_with_several_models_count_the_calls_at_each) {
  const Folder folder;
  const std::string out = folder.path("gateway.json");
  ASSERT_EQ(windtunnel("init " + out + " --from-litellm " + kGoldens + "litellm/limits.yaml").exit, 0);
  const ProcessResult result = windtunnel("run " + out + " --set duration=10m --set limits.0.usd=0");
  EXPECT_EQ(result.exit, 0) << result.out;  // no invariant is violated
  EXPECT_NE(result.out.find("refused_rate"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("ANTHROPIC/CLAUDE-3-5-SONNET-20241022:\n    Requests: 0"), std::string::npos) << result.out;
}

TEST(Import, words_that_make_no_sense_together_are_refused) {
  const std::string litellm = " --from-litellm " + kGoldens + "litellm/quickstart.yaml";
  for (const std::string& words :
       {litellm + " --from-portkey " + kGoldens + "portkey/single.json", std::string(" --semantics 1.0"),
        std::string(" --litellm-keys k.json"), std::string(" --prices p.json")}) {
    EXPECT_EQ(windtunnel("init /tmp/never-written.json" + words).exit, 2) << words;
  }
}

TEST(Import, faults_of_an_incident_go_to_the_imported_providers) {
  const Folder folder;
  const std::string out = folder.path("gateway.json");
  ASSERT_EQ(windtunnel("init " + out + " --from-litellm " + kGoldens + "litellm/fallbacks.yaml").exit, 0);
  const std::string incident = " --with scenarios/catalog/incidents/openai-2025-06-10.json";
  EXPECT_EQ(windtunnel("run " + out + incident).exit, 0);
  EXPECT_EQ(windtunnel("run " + out + incident + " --map openai=anthropic").exit, 0);
  EXPECT_EQ(windtunnel("run " + out + incident + " --map openai=nowhere").exit, 3);
  EXPECT_EQ(windtunnel("run " + out + incident + " --map opnai=anthropic").exit, 2);
}

}  // namespace
}  // namespace windtunnel::tests::import_test
