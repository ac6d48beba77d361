// What `run` watches besides the thresholds, and the schema that it publishes.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::checks_test {
namespace {

const std::string kOutage = "scenarios/catalog/openai-outage.json";

TEST(Checks, all_are_on_unless_chosen) {
  EXPECT_NE(windtunnel("run " + kOutage).out.find("63 invariants watched, 0 violations"), std::string::npos);
  EXPECT_NE(windtunnel("run " + kOutage + " --checks B3,C1").out.find("2 invariants watched"), std::string::npos);
  EXPECT_NE(windtunnel("run " + kOutage + " --checks none").out.find("no invariant was watched"), std::string::npos);
}

TEST(Checks, an_unknown_one_is_a_usage_error) {
  const ProcessResult result = windtunnel("run " + kOutage + " --checks B99");
  EXPECT_EQ(result.exit, 2);
  EXPECT_NE(result.out.find("no check is named \"B99\""), std::string::npos) << result.out;
}

TEST(Checks, two_runs_of_a_scenario_are_the_same_run) {
  EXPECT_EQ(windtunnel("run --quiet scenarios/catalog/*.json --verify-determinism --jobs 2").exit, 0);
}

TEST(Schema, the_published_file_is_the_one_that_is_generated) {
  const Folder folder;
  const ProcessResult result = windtunnel("schema --write " + folder.path("s"));
  ASSERT_EQ(result.exit, 0) << result.out;
  EXPECT_EQ(windtunnel("schema").out, folder.read("s/windtunnel.schema.json"));
  std::ifstream file(WINDTUNNEL_ROOT "/scenarios/schema/windtunnel.schema.json", std::ios::binary);
  std::ostringstream published;
  published << file.rdbuf();
  EXPECT_TRUE(published.str() == folder.read("s/windtunnel.schema.json"))
      << "windtunnel schema --write scenarios/schema writes it again";
}

}  // namespace
}  // namespace windtunnel::tests::checks_test
