// `windtunnel init FILE --from-telemetry LOG`.

#include <gtest/gtest.h>

#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::fit_cli_test {
namespace {

TEST(InitFromTelemetry, writes_a_scenario_that_is_valid_and_names_what_it_fitted) {
  const Folder folder;
  const std::string log = folder.path("log.jsonl.zst");
  ASSERT_EQ(windtunnel("run --quiet scenarios/catalog/ab-split.json --telemetry " + log).exit, 0);
  const ProcessResult result = windtunnel("init " + folder.path("fitted.json") + " --from-telemetry " + log);
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_NE(result.out.find("Fitted to " + log), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("output_tokens.p95"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("split.variant_a"), std::string::npos) << result.out;
  EXPECT_EQ(windtunnel("validate " + folder.path("fitted.json")).out, folder.path("fitted.json") + ": valid\n");
  const std::string before = folder.read("fitted.json");
  EXPECT_EQ(windtunnel("init " + folder.path("fitted.json") + " --from-telemetry " + log).exit, 4);
  EXPECT_EQ(folder.read("fitted.json"), before);
}

TEST(InitFromTelemetry, distinguishes_a_file_that_cannot_be_read_from_one_that_holds_nothing) {
  const Folder folder;
  EXPECT_EQ(windtunnel("init " + folder.path("a.json") + " --from-telemetry " + folder.path("none.jsonl")).exit, 4);
  folder.write("bad.jsonl", "not a record\n");
  const ProcessResult result =
      windtunnel("init " + folder.path("a.json") + " --from-telemetry " + folder.path("bad.jsonl"));
  EXPECT_EQ(result.exit, 13);
  EXPECT_NE(result.out.find("1 line is no record and was left out:\n  line 1: it is no JSON object, but not a record"),
            std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("the log has no request"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("The log is of no format that is read"), std::string::npos) << result.out;
  EXPECT_FALSE(folder.has("a.json"));
}

TEST(InitFromTelemetry, names_record_field_and_value_of_another_programs_log) {
  const Folder folder;
  folder.write("spend.jsonl", R"({"timestamp": "2026-01-20T10:00:00Z", "tokens": {"input": 5}, "cost_usd": "0.01"})");
  const ProcessResult result =
      windtunnel("init " + folder.path("a.json") + " --from-telemetry " + folder.path("spend.jsonl"));
  EXPECT_EQ(result.exit, 13);
  EXPECT_NE(result.out.find("line 1: cost_usd is the text \"0.01\", and a number is read"), std::string::npos)
      << result.out;
}

// The only requests lie on the first and the last day of a month: the whole days between are empty.
TEST(InitFromTelemetry, of_a_log_with_empty_whole_days_is_valid) {
  const Folder folder;
  const ProcessResult result = windtunnel("init " + folder.path("fitted.json") +
                                          " --from-telemetry tests/cases/telemetry/two-days-a-month-apart.jsonl");
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_EQ(result.out.find("nan"), std::string::npos) << result.out;
  EXPECT_EQ(windtunnel("validate " + folder.path("fitted.json")).out, folder.path("fitted.json") + ": valid\n");
}

// All 96 answers took about 40 s, ten more than the default timeout.
TEST(InitFromTelemetry, no_setting_forbids_what_the_log_shows) {
  const Folder folder;
  const std::string log = "tests/cases/telemetry/long-answers-all-successful.jsonl";
  ASSERT_EQ(windtunnel("init " + folder.path("fitted.json") + " --from-telemetry " + log).exit, 0);
  const ProcessResult result = windtunnel("run " + folder.path("fitted.json") + " --format json --set duration=1d");
  EXPECT_NE(result.out.find("\"success_rate\": 1,"), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find("\"timeout\": 1"), std::string::npos) << result.out;
}

TEST(ForecastFromTelemetry, is_that_of_the_fitted_scenario) {
  const Folder folder;
  const std::string log = folder.path("log.jsonl");
  ASSERT_EQ(windtunnel("run --quiet scenarios/catalog/ab-split.json --telemetry " + log).exit, 0);
  const std::string alone = " --horizon 3h --replications 20 --format csv --quiet";
  const std::string rest = alone + " --spent openai=0";
  const ProcessResult direct = windtunnel("forecast --from-telemetry " + log + rest);
  EXPECT_EQ(direct.exit, 0) << direct.out;
  ASSERT_EQ(windtunnel("init " + folder.path("fitted.json") + " --from-telemetry " + log).exit, 0);
  EXPECT_EQ(direct.out, windtunnel("forecast " + folder.path("fitted.json") + rest).out);
  EXPECT_NE(direct.out, windtunnel("forecast --from-telemetry " + log + alone).out)
      << "it begins with what the log has spent of the month";
  const ProcessResult told =
      windtunnel("forecast --from-telemetry " + log + " --horizon 3h --replications 20 2>&1 >/dev/null | cat");
  EXPECT_NE(told.out.find("Fitted to " + log), std::string::npos) << told.out;
  EXPECT_EQ(windtunnel("forecast").exit, 2);
  EXPECT_EQ(windtunnel("forecast " + folder.path("fitted.json") + " --from-telemetry " + log).exit, 2);
  EXPECT_EQ(windtunnel("forecast --from-telemetry " + folder.path("none.jsonl")).exit, 4);
  EXPECT_EQ(windtunnel("forecast --from-telemetry " + log + " --set monitor.cach.ttl=1h").exit, 3);
}

}  // namespace
}  // namespace windtunnel::tests::fit_cli_test
