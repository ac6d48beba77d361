// Whole runs whose breakers are another program's: `"circuit_breaker": {"command": [...]}`.

#include <gtest/gtest.h>
#include <signal.h>

#include <sstream>
#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::foreign_breaker_test {
namespace {

const std::string kOutage = "run scenarios/catalog/openai-outage.json";

std::string with_command(const std::string& command) {
  return " --set 'monitor.circuit_breaker.command=" + command + "'";
}
const std::string kPython = with_command(R"(["python3", "../../examples/adapters/python/clean.py"])");
std::string deviant(const std::string& name) {
  return with_command(R"(["python3", "../../tests/adapters/deviant.py", ")" + name + "\"]");
}

std::string line_of(const std::string& out, const std::string& word) {
  const std::size_t at = out.find(word);
  return at == std::string::npos ? "" : out.substr(at, out.find('\n', at) - at);
}

// Every instant of this scenario is a whole millisecond, so that nothing is cut off on the way to the other program.
const char* const kWholeMilliseconds = R"({ "version": 1, "title": "whole milliseconds", "duration": "5m",
  "providers": {
    "a": {"profile": "seed/gpt-4", "ttft": "300ms", "tpot": "0ms"},
    "b": {"profile": "seed/claude-3-5-sonnet", "ttft": "200ms", "tpot": "0ms"} },
  "workload": { "chat": {"executor": "constant-arrival-rate", "arrival": "uniform", "rate": 20, "provider": "a"} },
  "faults": [ {"id": "down", "kind": "outage", "mode": "refuse", "provider": "a", "at": "1m", "duration": "90s"} ] })";

TEST(ForeignBreaker, our_own_breaker_behind_the_protocol_gives_the_same_run) {
  const Folder folder;
  folder.write("s.json", kWholeMilliseconds);
  const ProcessResult own = windtunnel("run " + folder.path("s.json") + " --out " + folder.path("own"));
  ASSERT_EQ(own.exit, 0) << own.out;
  const ProcessResult other = windtunnel("run " + folder.path("s.json") + " --out " + folder.path("other") +
                                         with_command("[\"" WINDTUNNEL_BINARY "\", \"breaker\"]"));
  ASSERT_EQ(other.exit, 0) << other.out;
  EXPECT_EQ(line_of(own.out, "Digest:"), line_of(other.out, "Digest:"));
  EXPECT_NE(line_of(own.out, "Digest:"), "");
  for (const char* name : {"/telemetry.jsonl", "/events.jsonl"}) {
    EXPECT_EQ(folder.read(std::string{"own"} + name), folder.read(std::string{"other"} + name)) << name;
  }
  EXPECT_NE(folder.read("other/events.jsonl").find("half_open"), std::string::npos);
}

TEST(ForeignBreaker, a_breaker_in_python_passes_all_checks_with_a_digest_that_stays) {
  const ProcessResult first = windtunnel(kOutage + kPython);
  EXPECT_EQ(first.exit, 0) << first.out;
  EXPECT_NE(first.out.find("invariants watched, 0 violations"), std::string::npos) << first.out;
  const ProcessResult again = windtunnel(kOutage + kPython + " --verify-determinism");
  EXPECT_EQ(again.exit, 0) << again.out;
  EXPECT_EQ(line_of(first.out, "Digest:"), line_of(again.out, "Digest:"));
}

TEST(ForeignBreaker, a_breaker_that_never_repeats_itself_is_distinguished_from_one_that_does) {
  const ProcessResult result =
      windtunnel(kOutage + with_command(R"(["python3", "../../tests/adapters/broken.py", "is_moody"])") +
                 " --verify-determinism --checks none --set thresholds={} --set coverage={}");
  EXPECT_EQ(result.exit, 14) << result.out;
  for (const char* words :
       {"not deterministic: two runs differ first in event ", "  the first run:\n", "  the second run:\n"}) {
    EXPECT_NE(result.out.find(words), std::string::npos) << words << " is not in\n" << result.out;
  }
}

TEST(ForeignBreaker, a_breaker_that_deviates_violates_a_claim) {
  struct Case {
    std::string name;
    std::string check;
  };
  for (const Case& entry : {Case{"opens on the first failure", "B4"}, Case{"elapsed > instead of >=", "B3"},
                            Case{"failed probe ignored", "B5"}, Case{"unlimited probes", "B1"}}) {
    const ProcessResult result = windtunnel(kOutage + deviant(entry.name));
    EXPECT_EQ(result.exit, 10) << entry.name << "\n" << result.out;
    EXPECT_NE(result.out.find("invariant " + entry.check), std::string::npos) << entry.name << "\n" << result.out;
  }
}

TEST(ForeignBreaker, a_program_that_fails_ends_the_run_and_reports_whose_breaker_it_was) {
  const Folder folder;
  const ProcessResult dies =
      windtunnel(kOutage + with_command(R"(["python3", "../../tests/adapters/broken.py", "dies", ")" +
                                        folder.path("pids") + "\"]"));
  EXPECT_EQ(dies.exit, 4) << dies.out;
  EXPECT_NE(dies.out.find("windtunnel: the breaker of openai, python3 ../../tests/adapters/broken.py dies"),
            std::string::npos)
      << dies.out;
  EXPECT_NE(dies.out.find("  | the last line on stderr"), std::string::npos) << dies.out;
  std::istringstream pids{folder.read("pids")};
  for (pid_t pid = 0; pids >> pid;) EXPECT_NE(kill(pid, 0), 0) << pid;
  const ProcessResult absent = windtunnel(kOutage + with_command(R"(["no-such-breaker"])"));
  EXPECT_EQ(absent.exit, 4);
  EXPECT_NE(absent.out.find("cannot be started: No such file or directory"), std::string::npos) << absent.out;
}

TEST(ForeignBreaker, settings_that_it_does_not_support_are_an_error_of_the_scenario) {
  const ProcessResult result =
      windtunnel(kOutage + kPython + " --set monitor.circuit_breaker.late_results=current_state");
  EXPECT_EQ(result.exit, 3) << result.out;
  EXPECT_NE(result.out.find("does not support these settings: settings: late_results"), std::string::npos)
      << result.out;
  const ProcessResult fine = windtunnel(kOutage + kPython + " --set monitor.circuit_breaker.open=1500us");
  EXPECT_EQ(fine.exit, 3) << fine.out;
  EXPECT_NE(fine.out.find("knows whole milliseconds only"), std::string::npos) << fine.out;
  EXPECT_EQ(windtunnel(kOutage + kPython + " --set monitor.circuit_breaker.open=0s").exit, 3);
  const ProcessResult kinds =
      windtunnel(kOutage + kPython + " --set monitor.circuit_breaker.outcomes.rate_limited=opens");
  EXPECT_EQ(kinds.exit, 3) << kinds.out;
  EXPECT_NE(kinds.out.find("none that opens it at once: outcomes"), std::string::npos) << kinds.out;
  EXPECT_EQ(windtunnel(kOutage + with_command("[]")).exit, 3);
  const ProcessResult compared = windtunnel("compare scenarios/catalog/openai-outage.json --vary seed=1,2" + kPython);
  EXPECT_EQ(compared.exit, 3) << compared.out;
  EXPECT_NE(compared.out.find("only `run` and `validate`"), std::string::npos) << compared.out;
  EXPECT_EQ(windtunnel("validate scenarios/catalog/openai-outage.json" + kPython).exit, 0);
}

TEST(ForeignBreaker, several_runs_have_breakers_of_their_own) {
  const ProcessResult result = windtunnel(kOutage + kPython + " --seeds 1..4 --jobs 1");
  const ProcessResult two = windtunnel(kOutage + kPython + " --seeds 1..4 --jobs 2");
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_EQ(result.out, two.out);
}

}  // namespace
}  // namespace windtunnel::tests::foreign_breaker_test
