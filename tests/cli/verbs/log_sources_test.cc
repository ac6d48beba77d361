// Logs of other programs on the command line: `init --from`, `forecast --from` and `prices --check`.

#include <gtest/gtest.h>

#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::log_sources_test {
namespace {

// Four requests a day of two models, for two weeks.
std::string table(const std::string& model) {
  std::string text = "created,m,in,out\n";
  for (int day = 1; day <= 14; ++day) {
    for (int hour = 0; hour < 24; ++hour) {
      text += "2026-04-" + std::string(day < 10 ? "0" : "") + std::to_string(day) + "T" + (hour < 10 ? "0" : "") +
              std::to_string(hour) + ":30:00Z," + model + "," + std::to_string(500 + 7 * hour) + "," +
              std::to_string(100 + day) + "\n";
    }
  }
  return text;
}

constexpr const char* kColumns = " --columns time=created,model=m,input=in,output=out";

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(LogSources, one_command_goes_from_a_log_to_a_month) {
  const Folder folder;
  folder.write("log.csv", table("gpt-4o"));
  const ProcessResult result =
      windtunnel("forecast --from " + folder.path("log.csv") + kColumns +
                 " --set monitor.cost_limiter.monthly_usd=0.5 --replications 50 --horizon 30d");
  EXPECT_EQ(result.exit, 0) << result.out;
  for (const char* part : {"Backtest: fitted to the first", "lie in their 80 % band", "P10:", "P90:", "Used up: P10",
                           "336 of 336 records have no cost: theirs is by the shipped price list", "are ASSUMED"}) {
    EXPECT_TRUE(holds(result.out, part)) << part << "\n" << result.out;
  }
}

TEST(LogSources, a_model_without_a_price_is_an_error_that_names_the_nearest) {
  const Folder folder;
  folder.write("log.csv", table("gpt-4oo"));
  const ProcessResult result =
      windtunnel("init " + folder.path("a.json") + " --from " + folder.path("log.csv") + kColumns);
  EXPECT_EQ(result.exit, 13) << result.out;
  EXPECT_TRUE(holds(result.out, "gpt-4oo (336 requests): did you mean \"gpt-4o\"?")) << result.out;
  EXPECT_FALSE(folder.has("a.json"));

  const std::string check = "prices --check " + folder.path("log.csv") + kColumns;
  EXPECT_EQ(windtunnel(check).exit, 12);
  folder.write("prices.json", R"({"models": {"gpt-4oo": {"input": 1, "output": 2}}})");
  const ProcessResult listed = windtunnel(check + " --prices " + folder.path("prices.json"));
  EXPECT_EQ(listed.exit, 0) << listed.out;
  EXPECT_TRUE(holds(listed.out, "1 of the log's 1 models have a price")) << listed.out;
  EXPECT_EQ(windtunnel("init " + folder.path("a.json") + " --from " + folder.path("log.csv") + kColumns + " --prices " +
                       folder.path("prices.json"))
                .exit,
            0);
}

TEST(LogSources, a_sum_of_more_tokens_than_its_requests_may_have_is_left_out_by_name) {
  const Folder folder;
  const std::string init = "init " + folder.path("s.json") + " --from-telemetry " + folder.path("big.csv") +
                           " --columns time=t,model=m,input=i,output=o,cost_usd=c,requests=n";
  const std::string row = ",gpt-4o,10,20000000000,1,1\n";
  folder.write("big.csv", "t,m,i,o,c,n\n1700000000" + row + "1700090000" + row + "1700180000" + row);
  const ProcessResult result = windtunnel(init);
  EXPECT_EQ(result.exit, 13) << result.out;
  EXPECT_NE(result.out.find("2: tokens: more for each of its 1 requests than a request may have"), std::string::npos)
      << result.out;
  EXPECT_FALSE(folder.has("s.json"));
}

TEST(LogSources, prices_shows_the_list) {
  const ProcessResult result = windtunnel("prices");
  EXPECT_EQ(result.exit, 0);
  EXPECT_TRUE(holds(result.out, "claude-haiku-4-5-20251001")) << result.out;
}

TEST(LogSources, words_that_are_none_are_usage_errors) {
  const Folder folder;
  folder.write("log.csv", table("gpt-4o"));
  const std::string from = "init " + folder.path("a.json") + " --from " + folder.path("log.csv");
  EXPECT_EQ(windtunnel(from + " --log-format litelm").exit, 2);
  EXPECT_EQ(windtunnel(from + " --columns tiem=created").exit, 2);
  EXPECT_EQ(windtunnel("init " + folder.path("a.json") + " --columns time=created").exit, 2);
  const ProcessResult unknown = windtunnel(from);
  EXPECT_EQ(unknown.exit, 13);
  EXPECT_TRUE(holds(unknown.out, "its columns are created, m, in, out; name those to read with --columns"))
      << unknown.out;
  EXPECT_FALSE(folder.has("a.json"));
}

}  // namespace
}  // namespace windtunnel::tests::log_sources_test
