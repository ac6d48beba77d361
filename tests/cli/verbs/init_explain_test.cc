// `windtunnel init` and `explain`, and the answers to unknown words.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "monitor/breaker/breaker_presets.h"
#include "monitor/request.h"
#include "scenarios/grammar/forecast_grammar.h"
#include "scenarios/grammar/threshold_grammar.h"
#include "sim/checks/claims/coverage.h"
#include "sim/checks/findings/registry.h"
#include "sim/faults/fault.h"
#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::init_explain_test {
namespace {

TEST(Init, writes_a_scenario_that_passes) {
  const Folder folder;
  ASSERT_EQ(windtunnel("init " + folder.path("new.json")).exit, 0);
  EXPECT_NE(folder.read("new.json").find("\n  // "), std::string::npos) << "it has comments";
  const ProcessResult result = windtunnel("run " + folder.path("new.json"));
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_EQ(result.out.find("warning"), std::string::npos) << result.out;
}

TEST(Init, shows_a_claim_that_can_fail) {
  const Folder folder;
  ASSERT_EQ(windtunnel("init " + folder.path("new.json")).exit, 0);
  EXPECT_EQ(windtunnel("run " + folder.path("new.json") + " --set 'faults.openai-down.provider=*'").exit, 12);
}

TEST(Init, never_overwrites) {
  const Folder folder;
  folder.write("mine.json", "mine");
  const ProcessResult result = windtunnel("init " + folder.path("mine.json"));
  EXPECT_EQ(result.exit, 4);
  EXPECT_NE(result.out.find("mine.json: cannot create: File exists"), std::string::npos) << result.out;
  EXPECT_EQ(folder.read("mine.json"), "mine");
}

TEST(Init, names_its_file_scenario_json_by_default) {
  const Folder folder;
  const std::string command = "cd '" + folder.path() + "' && '" WINDTUNNEL_BINARY "' init >/dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_TRUE(folder.has("scenario.json"));
}

// The words of every table that a user meets.
std::vector<std::string> words_to_explain() {
  std::vector<std::string> words{"0", "1", "2", "3", "4", "10", "11", "12", "13", "14", "15", "130", "inconclusive"};
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) words.emplace_back(name_of(static_cast<monitor::Outcome>(i)));
  for (std::size_t i = 0; i < monitor::kReplyKinds; ++i)
    words.emplace_back(name_of(static_cast<monitor::ReplyKind>(i)));
  for (int i = 0; i < sim::kFaultKinds; ++i) words.emplace_back(name_of(static_cast<sim::FaultKind>(i)));
  for (const std::string_view counter : sim::coverage_counters()) words.emplace_back(counter);
  for (const std::string& metric : scenarios::metric_names()) words.push_back(metric);
  for (const std::string& metric : scenarios::forecast_names()) words.push_back(metric);
  for (const auto& preset : monitor::breaker_presets()) words.emplace_back(preset.name);
  for (const auto& check : sim::check_registry()) words.emplace_back(check.name);
  return words;
}

TEST(Explain, recognizes_every_word) {
  std::string all;
  for (const std::string& word : words_to_explain()) all += " " + word;
  const ProcessResult result = windtunnel("explain" + all);
  EXPECT_EQ(result.exit, 0) << result.out;
}

TEST(Explain, all_has_an_entry_of_each_kind_for_its_word) {
  const std::string out = windtunnel("explain --all").out;
  for (const char* heading : {"13 inconclusive (exit code)\n", "\nmalformed (fault)\n", "\nmalformed (reply kind)\n",
                              "\nmalformed (coverage counter)\n", "\ncache_hit (outcome)\n",
                              "\ncost_usd (threshold metric)\n", "\npolly (breaker preset)\n", "\nB1 (invariant)\n"}) {
    EXPECT_NE(out.find(heading), std::string::npos) << heading;
  }
}

TEST(Explain, reports_every_meaning_of_a_word) {
  const ProcessResult result = windtunnel("explain timeout");
  EXPECT_EQ(result.exit, 0);
  EXPECT_NE(result.out.find("timeout (reply kind)\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("timeout (coverage counter)\n"), std::string::npos) << result.out;
}

TEST(Explain, asks_whether_another_word_was_meant) {
  const ProcessResult result = windtunnel("explain flaping");
  EXPECT_EQ(result.exit, 2);
  EXPECT_NE(result.out.find("did you mean \"flapping\"?"), std::string::npos) << result.out;
  EXPECT_EQ(windtunnel("explain").exit, 2);
}

TEST(Usage, asks_whether_another_verb_flag_or_word_was_meant) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"rnu x", "\"run\""},           {"run --sed 4 x.json", "\"--seed\""}, {"run --sed=4 x.json", "\"--seed\""},
      {"run --juint", "\"--junit\""}, {"--versoin", "\"--version\""},       {"run x.json --format jsn", "\"json\""}};
  for (const auto& [arguments, meant] : cases) {
    const ProcessResult result = windtunnel(arguments);
    EXPECT_EQ(result.exit, 2) << arguments;
    EXPECT_NE(result.out.find("did you mean " + meant + "?"), std::string::npos) << arguments << "\n" << result.out;
  }
}

TEST(Usage, the_help_of_every_verb_has_examples) {
  for (const char* verb : {"", "run ", "validate ", "init ", "explain "}) {
    const ProcessResult result = windtunnel(std::string(verb) + "--help");
    EXPECT_EQ(result.exit, 0);
    EXPECT_NE(result.out.find("Examples:\n  windtunnel "), std::string::npos) << verb << result.out;
  }
}

TEST(Usage, help_that_cannot_be_written_is_a_file_error) { EXPECT_EQ(windtunnel("--help >/dev/full").exit, 4); }

}  // namespace
}  // namespace windtunnel::tests::init_explain_test
