// Names and texts of others that would steer a terminal or a CI job: refused where a file is read, spelled out where a
// program said them.

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "reports/html/html_bundle.h"
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

// Runs windtunnel with arguments that hold $'...'.
ProcessResult in_bash(const std::string& arguments) {
  return shell("bash <<'END'\n'" WINDTUNNEL_BINARY "' " + arguments + "\nEND");
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

// Two names that differ by one of these look alike.
TEST(Names, with_characters_that_take_no_room_are_refused_by_every_verb_that_reads_a_scenario) {
  for (const char* name : {"gpt\u200b4", "gpt\ufeff4", "gpt\u200f4", "gpt\u2060", "gpt\u00ad4"}) {
    for (const std::string& set :
         {"title=" + std::string(name), "providers={\"" + std::string(name) + "\": {\"profile\": \"seed/gpt-4\"}}",
          "workload={\"" + std::string(name) + "\": {\"rate\": 1}}"}) {
      for (const char* verb : {"validate ", "run --quiet ", "explore --quiet --seeds 1..2 ", "forecast --quiet "}) {
        const ProcessResult result =
            windtunnel(verb + std::string("scenarios/catalog/healthy.json --set '") + set + "'");
        EXPECT_EQ(result.exit, 3) << verb << set << "\n" << result.out;
        EXPECT_NE(result.out.find("holds the invisible character U+"), std::string::npos) << result.out;
        EXPECT_EQ(result.out.find(name), std::string::npos) << result.out;
      }
    }
  }
}

TEST(Names, of_an_imported_file_that_a_scenario_refuses_are_changed_apart_and_listed) {
  const Folder folder;
  std::string config = "model_list:\n";
  for (const char* name : {"gpt\\e4", "gpt\\u200B4", "gpt\\u00014", "gpt?4"}) {
    config += "  - {model_name: \"" + std::string(name) + "\", litellm_params: {model: openai/gpt-4o}}\n";
  }
  folder.write("config.yaml", config);
  const ProcessResult result =
      windtunnel("init " + folder.path("s.json") + " --from-litellm " + folder.path("config.yaml"));
  EXPECT_EQ(result.exit, 0) << result.out;
  expect_harmless(result.out);
  for (const char* note : {"the name \"gpt\\x1b4\" is \"gpt?4\" in", "the name \"gpt\\u200b4\" is \"gpt?4 (2)\" in",
                           "the name \"gpt\\x014\" is \"gpt?4 (3)\" in", "the name \"gpt?4\" is \"gpt?4 (4)\" in"}) {
    EXPECT_NE(result.out.find(note), std::string::npos) << note << " is not in\n" << result.out;
  }
  EXPECT_EQ(windtunnel("validate " + folder.path("s.json")).exit, 0);
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
    text += with(field, "pwned\\u200b");
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

TEST(Names, what_a_trials_gateway_reports_is_spelled_out) {
  const Folder folder;
  folder.write("gateway.json",
               R"({"command": ["sh", "-c", "printf '\\033[31mred\\033]0;x\\a\\n::error::pwned\\n'; exit 3"],
                                   "request": {"api": "openai-chat"}, "clock": "real"})");
  const ProcessResult result =
      windtunnel("trial --quiet scenarios/catalog/healthy.json --gateway " + folder.path("gateway.json"));
  EXPECT_EQ(result.exit, 4) << result.out;
  EXPECT_NE(result.out.find("  | \\x1b[31mred\\x1b]0;x\\x07\n  | \\::error::pwned\n"), std::string::npos) << result.out;
  expect_harmless(result.out);
}

TEST(Names, a_doctors_report_spells_out_the_command) {
  const Folder folder;
  folder.write("a\x1b.sh", "#!/bin/no\x1bshell\n");
  const ProcessResult result = windtunnel("doctor -- '" + folder.path("a\x1b.sh") + "'");
  EXPECT_NE(result.exit, 0) << result.out;
  expect_harmless(result.out);
}

// Of flags and of the environment.
TEST(Names, a_value_that_is_refused_is_spelled_out) {
  const std::string hostile = "$'1\\e[31m\\xc2\\x9b\\n::error::pwned'";
  const std::string run = "run --quiet scenarios/catalog/healthy.json ";
  const std::string compare = "compare scenarios/catalog/healthy.json scenarios/catalog/healthy.json ";
  const std::string forecast = "forecast --quiet scenarios/catalog/healthy.json ";
  std::vector<std::string> commands{"$'no\\e[31mverb'", "run --$'no\\e[31mflag'",
                                    "verify --time-max " + hostile + " -- cat"};
  for (const char* flag : {"--seed", "--jobs", "--seeds", "--until", "--events-max", "--memory-max", "--timeline-step",
                           "--checks", "--color", "--format", "--set", "--telemetry-sample"}) {
    commands.push_back(run + flag + " " + hostile);
  }
  for (const char* flag : {"--max-regression", "--seeds", "--set-b"})
    commands.push_back(compare + flag + " " + hostile);
  for (const char* flag : {"--replications", "--horizon", "--as-of", "--assert", "--rare", "--spent", "--shard"}) {
    commands.push_back(forecast + flag + " " + hostile);
  }
  for (const std::string& command : commands) {
    const ProcessResult result = in_bash(command);
    EXPECT_TRUE(result.exit == 2 || result.exit == 3) << result.exit << command << "\n" << result.out;
    EXPECT_EQ(result.out.find("\xc2\x9b"), std::string::npos) << command << "\n" << result.out;
    expect_harmless(result.out);
  }
  for (const char* variable : {"WINDTUNNEL_SEED", "WINDTUNNEL_JOBS"}) {
    const ProcessResult result = windtunnel(run, std::string(variable) + "=\"$(printf '1\\033[31m')\"");
    EXPECT_EQ(result.exit, 2) << result.out;
    expect_harmless(result.out);
  }
}

TEST(Names, a_message_that_is_spelled_out_already_is_not_spelled_twice) {
  const Folder folder;
  folder.write("a\x1b.json", "{}");
  const ProcessResult result = windtunnel("run '" + folder.path("a\x1b.json") + "'");
  EXPECT_NE(result.out.find("/a\\x1b.json: its name"), std::string::npos) << result.out;
}

TEST(Names, an_annotation_spells_out_pointers_files_and_settings) {
  const Folder folder;
  folder.write("a.json", "{\"\\u001b[31m\\u009b##[error]\": 1}");
  const std::string github = "GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=" + folder.path("summary.md");
  for (const std::string& arguments :
       {folder.path("a.json"), std::string("\"$(printf 'no\\033[31m\\302\\233file.json')\""),
        std::string("scenarios/catalog/healthy.json --set \"$(printf 'no\\033[31m\\302\\233.path=1')\"")}) {
    const ProcessResult result = windtunnel("run --quiet " + arguments, github);
    EXPECT_TRUE(result.exit == 3 || result.exit == 4) << result.out;
    EXPECT_NE(result.out.find("::error file="), std::string::npos) << result.out;
    for (const std::string& text : {result.out, folder.has("summary.md") ? folder.read("summary.md") : ""}) {
      for (const char* steers : {"\x1b", "\xc2\x9b", "##["}) EXPECT_EQ(text.find(steers), std::string::npos) << text;
    }
  }
}

// Each verb writes a file, and names it in what it prints.
TEST(Names, a_path_that_is_printed_steers_nothing) {
  const Folder folder;
  const std::string odd = "a\n::stop-commands::tok\n\x1b\xc2\x9b\x7f\xe2\x80\xae";
  const std::string run = "'" + folder.path(odd) + "'";
  const std::string log = "'" + folder.path(odd + ".jsonl") + "'";
  ASSERT_EQ(
      windtunnel("run --quiet scenarios/catalog/healthy.json --until 1m --out " + run + " --telemetry " + log).exit, 0);
  for (const std::string& command :
       {"report " + run, "report " + run + " --output '" + folder.path(odd + ".html") + "'", "export csv " + run,
        "export openmetrics " + run, "schema --write " + run, "generate man " + run,
        "init '" + folder.path(odd + "1.json") + "'", "audit " + log + " --junit '" + folder.path("audit.xml") + "'"}) {
    if (command.starts_with("report") && reports::html_bundle() == nullptr) continue;  // this build has no page
    const ProcessResult result = windtunnel(command, "GITHUB_ACTIONS=true");
    EXPECT_TRUE(result.exit == 0 || result.exit == 13) << result.out;
    const auto shows = [&](const char* text) { return result.out.find(text) != std::string::npos; };
    const bool in_text = shows("a\\n::stop-commands::tok\\n\\x1b\\u009b\\x7f\\u202e");
    const bool in_command = shows("a\\012::stop-commands::tok\\012\\033\\302\\233\\177\\342\\200\\256");
    EXPECT_TRUE(in_text || in_command) << result.out;
    expect_harmless(result.out);
  }
  const std::string suite = folder.read("audit.xml");
  for (const char* steers : {"\xc2\x9b", "\x7f", "\xe2\x80\xae"})
    EXPECT_EQ(suite.find(steers), std::string::npos) << suite;
}

}  // namespace
}  // namespace windtunnel::tests::names_test
