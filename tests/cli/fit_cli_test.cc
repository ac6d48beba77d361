// `windtunnel init FILE --from-telemetry LOG`.

#include <gtest/gtest.h>

#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::fit_cli_test {
namespace {

TEST(InitFromTelemetry, writes_a_scenario_that_is_valid_and_says_what_it_fitted) {
  const Folder folder;
  const std::string log = folder.path("log.jsonl.zst");
  ASSERT_EQ(windtunnel("run --quiet scenarios/catalog/ab-split.json --telemetry " + log).exit, 0);
  const Said said = windtunnel("init " + folder.path("fitted.json") + " --from-telemetry " + log);
  EXPECT_EQ(said.exit, 0) << said.out;
  EXPECT_NE(said.out.find("Fitted to " + log), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("output_tokens.p95"), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("split.variant_a"), std::string::npos) << said.out;
  EXPECT_EQ(windtunnel("validate " + folder.path("fitted.json")).out, folder.path("fitted.json") + ": valid\n");
  const std::string before = folder.read("fitted.json");
  EXPECT_EQ(windtunnel("init " + folder.path("fitted.json") + " --from-telemetry " + log).exit, 4);
  EXPECT_EQ(folder.read("fitted.json"), before);
}

TEST(InitFromTelemetry, tells_a_file_that_cannot_be_read_from_one_that_says_nothing) {
  const Folder folder;
  EXPECT_EQ(windtunnel("init " + folder.path("a.json") + " --from-telemetry " + folder.path("none.jsonl")).exit, 4);
  folder.write("bad.jsonl", "not a record\n");
  const Said said = windtunnel("init " + folder.path("a.json") + " --from-telemetry " + folder.path("bad.jsonl"));
  EXPECT_EQ(said.exit, 13);
  EXPECT_NE(said.out.find("1 lines are no records and were left out"), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("the log has no request"), std::string::npos) << said.out;
  EXPECT_FALSE(folder.has("a.json"));
}

}  // namespace
}  // namespace windtunnel::tests::fit_cli_test
