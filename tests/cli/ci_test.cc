// What a CI server gets: JUnit, annotations, the job's summary, and runs that are not started after a failure.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::ci_test {
namespace {

const std::string kHealthy = "scenarios/catalog/healthy.json";
const std::string kBroken = "scenarios/catalog/both-down.json";
const std::string kBreak = " --set monitor.circuit_breaker.open=2m";

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Junit, one_file_holds_a_suite_for_each_run) {
  const Folder folder;
  EXPECT_EQ(windtunnel("run " + kHealthy + " " + kBroken + kBreak + " --junit " + folder.path("j.xml")).exit, 11);
  const std::string xml = folder.read("j.xml");
  EXPECT_EQ(times(xml, "<testsuite "), 2U);
  EXPECT_EQ(times(xml, "<failure type=\"fail\""), 3U) << xml;
  EXPECT_NE(xml.find("replay: windtunnel run scenarios/catalog/both-down.json --seed 11 --set"), std::string::npos);
  EXPECT_TRUE(xml.ends_with("</testsuites>\n"));
}

TEST(Junit, stands_beside_the_other_reports_too_and_is_the_same_twice) {
  const Folder folder;
  EXPECT_EQ(windtunnel("run " + kHealthy + " --out " + folder.path("a") + " --junit " + folder.path("j.xml")).exit, 0);
  EXPECT_EQ(folder.read("a/junit.xml"), folder.read("j.xml"));
  EXPECT_EQ(times(folder.read("j.xml"), "<testsuite "), 1U);
}

TEST(Junit, lies_in_the_folder_of_the_reports_that_no_run_has_made_yet) {
  const Folder folder;
  const std::string out = folder.path("out/new");
  EXPECT_EQ(windtunnel("run " + kHealthy + " --out " + out + " --junit " + out + "/../new/junit.xml").exit, 0);
  EXPECT_EQ(times(folder.read("out/new/junit.xml"), "<testsuite "), 1U);
  EXPECT_FALSE(folder.has("out/new/junit.xml.partial"));
  EXPECT_EQ(windtunnel("run " + kHealthy + " " + kBroken + " --out " + out + " --junit " + out + "/junit.xml").exit, 0);
  EXPECT_EQ(times(folder.read("out/new/junit.xml"), "<testsuite "), 2U);
  EXPECT_EQ(times(folder.read("out/new/healthy/junit.xml"), "<testsuite "), 1U);
}

TEST(Junit, a_scenario_that_did_not_run_is_an_error) {
  const Folder folder;
  folder.write("bad.json", "{\"version\": 1, \"duratoin\": \"5m\"}\n");
  EXPECT_EQ(windtunnel("run " + folder.path("bad.json") + " --junit " + folder.path("j.xml")).exit, 3);
  const std::string xml = folder.read("j.xml");
  EXPECT_EQ(times(xml, "<error type=\"scenario invalid\""), 1U) << xml;
  EXPECT_NE(xml.find("did you mean &quot;duration&quot;?"), std::string::npos) << xml;
}

TEST(Junit, a_file_that_cannot_be_written_is_known_before_anything_runs) {
  const Folder folder;
  folder.write("file", "");
  const ProcessResult result = windtunnel("run " + kHealthy + " --junit " + folder.path("file/j.xml"));
  EXPECT_EQ(result.exit, 4);
  EXPECT_EQ(result.out.find("Verdict"), std::string::npos) << result.out;
}

TEST(Github, findings_are_annotated_at_their_line_on_stderr) {
  const std::string command = "run " + kBroken + kBreak + " --format json 2>&1 >/dev/null | cat";
  const ProcessResult result = windtunnel(command, "GITHUB_ACTIONS=true");
  EXPECT_NE(result.out.find("::error file=scenarios/catalog/both-down.json,line="), std::string::npos) << result.out;
  EXPECT_EQ(windtunnel(command).out.find("::error"), std::string::npos) << "only in GitHub Actions";
}

TEST(Github, paths_start_at_the_root_of_the_repository) {
  const ProcessResult result =
      windtunnel("run " + kBroken + kBreak, "GITHUB_ACTIONS=true GITHUB_WORKSPACE='" WINDTUNNEL_ROOT "/..'");
  const std::string folder = std::filesystem::path(WINDTUNNEL_ROOT).filename().string();
  EXPECT_NE(result.out.find("::error file=" + folder + "/scenarios/catalog/both-down.json,"), std::string::npos)
      << result.out;
}

TEST(Github, the_errors_of_a_scenario_are_annotated_by_run_and_by_validate) {
  const Folder folder;
  folder.write("bad.json", "{\"version\": 1,\n \"duratoin\": \"5m\", \"seed\": -1}\n");
  for (const char* verb : {"run ", "validate "}) {
    const ProcessResult result = windtunnel(verb + folder.path("bad.json"), "GITHUB_ACTIONS=true");
    EXPECT_EQ(result.exit, 3);
    EXPECT_EQ(times(result.out, "::error file="), 2U) << result.out;
    EXPECT_NE(result.out.find("bad.json,line=2,col=2,title=windtunnel%3A scenario invalid::"), std::string::npos)
        << result.out;
  }
}

TEST(Github, ten_findings_are_annotated_and_the_rest_counted) {
  const ProcessResult result = windtunnel("run " + kBroken + kBreak + " --seeds 1..6", "GITHUB_ACTIONS=true");
  EXPECT_EQ(times(result.out, "::error file="), 10U);
  EXPECT_EQ(times(result.out, "more findings have no annotation"), 1U);
}

TEST(Github, the_jobs_summary_is_appended_to) {
  const Folder folder;
  folder.write("summary.md", "from another step\n");
  const ProcessResult result =
      windtunnel("run " + kHealthy + " " + kBroken + kBreak, "GITHUB_STEP_SUMMARY=" + folder.path("summary.md"));
  EXPECT_EQ(result.exit, 11);
  const std::string text = folder.read("summary.md");
  EXPECT_TRUE(text.starts_with("from another step\n### Windtunnel: 1 of 2 passed\n")) << text;
  EXPECT_NE(text.find("| liveness | scenarios/catalog/both-down.json | 11 | fail liveness:"), std::string::npos)
      << text;
  EXPECT_NE(text.find("| pass | scenarios/catalog/healthy.json | 7 |"), std::string::npos) << text;
}

TEST(Github, a_summary_that_cannot_be_written_is_a_file_error) {
  const ProcessResult result = windtunnel("run " + kHealthy, "GITHUB_STEP_SUMMARY=/dev/full");
  EXPECT_EQ(result.exit, 4);
  EXPECT_NE(result.out.find("No space left on device"), std::string::npos) << result.out;
}

TEST(Json, several_runs_are_one_list) {
  const ProcessResult result = windtunnel("run " + kHealthy + " --seeds 1..3 --format json");
  const nlohmann::json json = nlohmann::json::parse(result.out, nullptr, false);
  EXPECT_EQ(json.size(), 3U) << result.out;
}

TEST(FailFast, starts_nothing_after_the_first_that_is_no_pass) {
  const std::string files = kHealthy + " " + kBroken + " " + kHealthy + " " + kHealthy + kBreak;
  const ProcessResult fast = windtunnel("run --fail-fast " + files);
  EXPECT_EQ(fast.exit, 11);
  EXPECT_NE(fast.out.find("2 of 4 runs, 1 liveness, 1 pass; 2 not run: --fail-fast\n"), std::string::npos) << fast.out;
  EXPECT_NE(windtunnel("run " + files).out.find("4 of 4 runs, 1 liveness, 3 pass\n"), std::string::npos);
}

TEST(FailFast, runs_everything_that_passes) {
  const ProcessResult result = windtunnel("run --fail-fast scenarios/catalog/openai-outage.json --seeds 1..5 --jobs 2");
  EXPECT_EQ(result.exit, 0);
  EXPECT_NE(result.out.find("5 of 5 runs, 5 pass\n"), std::string::npos) << result.out;
}

TEST(FailFast, json_stays_one_list_and_stderr_names_what_was_not_run) {
  const std::string command = "run --fail-fast --format json " + kBroken + " " + kHealthy + kBreak;
  const ProcessResult out = windtunnel(command + " 2>/dev/null | cat");
  EXPECT_TRUE(out.out.starts_with("[\n{")) << out.out.substr(0, 20);
  EXPECT_TRUE(out.out.ends_with("}\n]\n"));
  const ProcessResult err = windtunnel(command + " 2>&1 >/dev/null | cat");
  EXPECT_NE(err.out.find("1 of 2 runs were not run: --fail-fast"), std::string::npos) << err.out;
}

TEST(FailFast, an_invalid_scenario_is_no_pass) {
  const Folder folder;
  folder.write("bad.json", "{}}\n");
  const ProcessResult result = windtunnel("run --fail-fast " + kHealthy + " " + folder.path("bad.json"));
  EXPECT_EQ(result.exit, 3);
  EXPECT_NE(result.out.find("1 of 1 runs were not run: --fail-fast"), std::string::npos) << result.out;
}

}  // namespace
}  // namespace windtunnel::tests::ci_test
