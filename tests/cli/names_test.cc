// Names and texts of others that would steer a terminal or a CI job: refused where a file is read, spelled out where a
// program said them.

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::names_test {
namespace {

// No line of the output is a command to GitHub Actions, and no byte of it steers a terminal.
void expect_harmless(const std::string& out) {
  std::istringstream lines{out};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = std::min(line.find_first_not_of(" \t"), line.size());
    EXPECT_NE(line.compare(first, 2, "::"), 0) << line;
    EXPECT_EQ(line.find("##["), std::string::npos) << line;
    for (const char byte : line) {
      const auto code = static_cast<unsigned char>(byte);
      EXPECT_FALSE(code == 0x7f || (code < 0x20 && byte != '\t')) << static_cast<int>(code) << " in " << line;
    }
  }
}

TEST(Names, that_would_steer_a_terminal_are_refused_by_every_verb_that_reads_a_scenario) {
  for (const char* file :
       {"tests/cases/names-with-ansi.json", "tests/cases/names-with-newline-and-workflow-command.json"}) {
    for (const char* verb : {"validate ", "run --quiet ", "explore --quiet --seeds 1..2 ", "forecast --quiet "}) {
      const ProcessResult result = windtunnel(verb + std::string(file));
      EXPECT_EQ(result.exit, 3) << verb << file << "\n" << result.out;
      expect_harmless(result.out);
      for (const char* place :
           {"/title", "/providers/", "/monitor/ab_router/experiment_id", "/workload/", "/faults/0/id"}) {
        EXPECT_NE(result.out.find(place), std::string::npos) << place << " is not in\n" << result.out;
      }
      EXPECT_NE(result.out.find("holds the control character U+00"), std::string::npos) << result.out;
    }
  }
}

TEST(Names, that_are_commands_to_a_ci_job_are_refused) {
  for (const char* name : {"::error::pwned", "  ::stop-commands::x", "a ##[error]pwned"}) {
    const ProcessResult result =
        windtunnel("run scenarios/catalog/healthy.json --set 'title=" + std::string(name) + "'");
    EXPECT_EQ(result.exit, 3) << result.out;
    EXPECT_NE(result.out.find("as a command to"), std::string::npos) << result.out;
    expect_harmless(result.out);
  }
}

// A line of the file is quoted below its error.
TEST(Names, a_quoted_line_of_a_file_is_no_command_to_a_ci_job) {
  const Folder folder;
  folder.write("a.json", "{\n  ::error::pwned\n}\n");
  folder.write("b.json", "{\"##[error]pwned \\u001b \xc2\x9b\": 1}\n");
  for (const char* file : {"a.json", "b.json"}) {
    const ProcessResult result = windtunnel("validate " + folder.path(file));
    EXPECT_EQ(result.exit, 3) << result.out;
    EXPECT_NE(result.out.find("pwned"), std::string::npos) << result.out;
    EXPECT_EQ(result.out.find("\xc2\x9b"), std::string::npos) << result.out;
    expect_harmless(result.out);
  }
}

TEST(Names, a_files_own_name_steers_nothing) {
  const Folder folder;
  folder.write("a\n::error::pwned\x1b.json", "{}");
  const ProcessResult result = windtunnel("run '" + folder.path("a\n::error::pwned\x1b.json") + "'");
  EXPECT_EQ(result.exit, 4) << result.out;
  expect_harmless(result.out);
}

TEST(Names, of_a_log_are_refused_line_by_line_and_reach_no_scenario) {
  const Folder folder;
  const std::string log = folder.path("log.jsonl");
  ASSERT_EQ(windtunnel("run --quiet scenarios/catalog/ab-split.json --telemetry " + log).exit, 0);
  std::string text = folder.read("log.jsonl");
  const std::string line = text.substr(0, text.find('\n') + 1);
  const auto with = [&line](const std::string& field, const std::string& name) {
    std::string spoilt = line;
    const std::size_t at = spoilt.find("\"" + field + "\":\"") + field.size() + 4;
    return spoilt.replace(at, spoilt.find('"', at) - at, name);
  };
  for (const char* field : {"provider", "model", "feature_version", "prompt_version", "experiment_id", "variant_id"}) {
    if (line.find("\"" + std::string(field) + "\":\"") == std::string::npos) continue;
    text += with(field, "\\u001b[2J\\n::error::pwned");
  }
  folder.write("log.jsonl", text);
  const ProcessResult result = windtunnel("init " + folder.path("fitted.json") + " --from-telemetry " + log);
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_NE(result.out.find("lines are no records and were left out"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("provider holds the control character U+001B"), std::string::npos) << result.out;
  expect_harmless(result.out);
  EXPECT_EQ(folder.read("fitted.json").find("pwned"), std::string::npos);
  EXPECT_EQ(windtunnel("validate " + folder.path("fitted.json")).exit, 0);
}

TEST(Names, what_a_breakers_program_reports_is_spelled_out) {
  const std::string command = R"(["python3", "../../tests/adapters/broken.py", "steers"])";
  const ProcessResult run = windtunnel(
      "run scenarios/catalog/openai-outage.json --quiet --set 'monitor.circuit_breaker.command=" + command + "'");
  const ProcessResult verify = windtunnel("verify -- python3 tests/adapters/broken.py steers");
  for (const ProcessResult& result : {run, verify}) {
    EXPECT_NE(result.out.find("pwned"), std::string::npos) << result.out;
    expect_harmless(result.out);
  }
}

}  // namespace
}  // namespace windtunnel::tests::names_test
