// `windtunnel verify` on breakers of other programs: clean ones, each known deviation, and adapters that break off.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::verify_test {
namespace {

const std::string kClean = " -- python3 examples/adapters/python/clean.py";
const std::string kSeed = " -- python3 examples/adapters/python/seed.py";
const std::string kDeviant = " -- python3 tests/adapters/deviant.py ";
const std::string kBroken = " -- python3 tests/adapters/broken.py ";

const std::vector<std::string> kDeviations = {"trips on >=",
                                              "no reset on success",
                                              "unlimited probes",
                                              "failed probe ignored",
                                              "late results act",
                                              "opens on the first failure",
                                              "never recovers when opened at t = 0",
                                              "elapsed > instead of >=",
                                              "lifetime window",
                                              "ignored probe succeeds",
                                              "counts attempts"};

// The deviations that the output names.
std::vector<std::string> names_in(const std::string& out) {
  std::vector<std::string> names;
  for (const std::string& name : kDeviations) {
    if (out.find("\n  " + name + " - ") != std::string::npos) names.push_back(name);
  }
  return names;
}

bool says(const ProcessResult& result, const std::string& what) { return result.out.find(what) != std::string::npos; }

TEST(VerifyVerb, our_own_breaker_passes_under_all_settings) {
  const ProcessResult result = windtunnel("verify --cases 10 -- '" WINDTUNNEL_BINARY "' breaker");
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_TRUE(says(result, "37 of 37 settings tried: 37 held, 0 failed, 0 unsupported")) << result.out;
}

TEST(VerifyVerb, a_clean_breaker_in_python_is_passed_over_in_silence) {
  const ProcessResult result = windtunnel("verify --cases 15" + kClean);
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_TRUE(names_in(result.out).empty()) << result.out;
  EXPECT_TRUE(says(result, "6 of 37 settings tried: 6 held, 0 failed, 31 unsupported")) << result.out;
  EXPECT_TRUE(says(result, "Verdict: PASS")) << result.out;
}

TEST(VerifyVerb, each_deviation_is_called_by_its_name_and_by_no_other) {
  for (const std::string& name : kDeviations) {
    const ProcessResult result = windtunnel("verify" + kDeviant + "'" + name + "'");
    EXPECT_EQ(result.exit, 10) << name << "\n" << result.out;
    EXPECT_EQ(names_in(result.out), std::vector{name}) << result.out;
  }
}

TEST(VerifyVerb, late_successes_that_act_are_late_results_that_act) {
  for (const std::string how : {"late successes act", "late successes close"}) {
    const ProcessResult result = windtunnel("verify --keep-going" + kDeviant + "'" + how + "'");
    EXPECT_EQ(result.exit, 10) << result.out;
    EXPECT_EQ(names_in(result.out), std::vector<std::string>{"late results act"}) << result.out;
  }
}

TEST(VerifyVerb, an_unknown_deviation_gets_no_name) {
  const ProcessResult result = windtunnel("verify --keep-going" + kDeviant + "'one failure more'");
  EXPECT_EQ(result.exit, 10) << result.out;
  EXPECT_TRUE(says(result, "No known deviation explains it.")) << result.out;
  EXPECT_EQ(names_in(result.out), std::vector<std::string>{}) << result.out;
}

TEST(VerifyVerb, the_breaker_of_the_proof_of_concept_has_at_least_five_named_deviations) {
  const ProcessResult result = windtunnel("verify --keep-going" + kSeed);
  EXPECT_EQ(result.exit, 10);
  EXPECT_GE(names_in(result.out).size(), 5U) << result.out;
  EXPECT_TRUE(says(result, "0     report call 1: failed  open !            closed")) << result.out;
}

TEST(VerifyVerb, the_failing_history_is_short_kept_and_fails_again) {
  const Folder folder;
  const std::string deviant = kDeviant + "'elapsed > instead of >='";
  const ProcessResult result = windtunnel("verify --out " + folder.path("out") + deviant);
  ASSERT_EQ(result.exit, 10) << result.out;
  const std::string kept = folder.read("out/history.jsonl");
  EXPECT_LE(std::ranges::count(kept, '\n'), 8) << kept;  // the settings, three calls that fail, one more question
  EXPECT_TRUE(says(result, "Replay: windtunnel verify --replay " + folder.path("out/history.jsonl"))) << result.out;
  const ProcessResult again = windtunnel("verify --replay " + folder.path("out/history.jsonl") + deviant);
  EXPECT_EQ(again.exit, 10) << again.out;
  const ProcessResult clean = windtunnel("verify --replay " + folder.path("out/history.jsonl") + kClean);
  EXPECT_EQ(clean.exit, 0) << clean.out;
  // Anybody can ask it without us.
  const ProcessResult own = windtunnel("breaker <" + folder.path("out/history.jsonl"));
  EXPECT_EQ(std::ranges::count(own.out, '\n'), std::ranges::count(kept, '\n'));
  EXPECT_EQ(own.out.find("error"), std::string::npos) << own.out;
}

TEST(VerifyVerb, the_same_seed_gives_the_same_report) {
  const std::string command = "verify --seed 7" + kDeviant + "'late results act'";
  const ProcessResult first = windtunnel(command);
  EXPECT_EQ(first.out, windtunnel(command).out);
  EXPECT_EQ(first.exit, 10);
}

TEST(VerifyVerb, one_file_of_settings_is_enough) {
  const Folder folder;
  folder.write("settings.json", R"({"consecutive_threshold": 2, "open_ms": 50})");
  const ProcessResult result = windtunnel("verify --cases 10 --config " + folder.path("settings.json") + kClean);
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_TRUE(says(result, "1 of 1 setting tried: 1 held")) << result.out;
  folder.write("other.json", R"({"consecutive_threshold": 2, "window_type": "lifetime"})");
  EXPECT_EQ(windtunnel("verify --config " + folder.path("other.json") + kClean).exit, 13);
  folder.write("wrong.json", "{\"consecutive_treshold\": 2}");
  const ProcessResult wrong = windtunnel("verify --config " + folder.path("wrong.json") + kClean);
  EXPECT_EQ(wrong.exit, 3);
  EXPECT_TRUE(says(wrong, "wrong.json:1:2: /consecutive_treshold")) << wrong.out;
  folder.write("never.json", R"({"consecutive_threshold": 1000000, "open_ms": 1000})");
  const ProcessResult never = windtunnel("verify --cases 10 --config " + folder.path("never.json") + kClean);
  EXPECT_EQ(never.exit, 13) << never.out;
  EXPECT_TRUE(says(never, "no history opened it, so that only CLOSED was tried")) << never.out;
  EXPECT_EQ(windtunnel("verify --config " + folder.path("absent.json") + kClean).exit, 4);
}

// An adapter that supports nothing but a window of time, as opossum's does.
TEST(VerifyVerb, the_settings_beside_an_adapter_are_tried_when_it_supports_no_others) {
  const Folder folder;
  folder.write("choosy.py",
               "import json, sys\n"
               "for line in sys.stdin:\n"
               "    if json.loads(line)['op'] == 'reset':\n"
               "        fits = json.loads(line)['config'].get('window_ms') == 77\n"
               "        print('{}' if fits else '{\"unsupported\":true,\"why\":\"not 77\"}', flush=True)\n"
               "    else:\n"
               "        print('{\"admitted\":false,\"permit\":null,\"state\":\"open\"}', flush=True)\n");
  const std::string command = " -- python3 " + folder.path("choosy.py");
  const ProcessResult without = windtunnel("verify" + command);
  EXPECT_EQ(without.exit, 13) << without.out;
  EXPECT_TRUE(says(without, "name it with --config F.json")) << without.out;
  folder.write("choosy.json", R"({"window_type": "time", "window_ms": 77})");
  const ProcessResult with = windtunnel("verify" + command);
  EXPECT_EQ(with.exit, 10) << with.out;
  EXPECT_TRUE(says(with, "The settings of " + folder.path("choosy.json") + ", which lies beside it, are tried."))
      << with.out;
  EXPECT_TRUE(says(with, "FAIL under the settings: " + folder.path("choosy.json"))) << with.out;
  folder.write("choosy.json", R"({"windows": 3})");
  const ProcessResult wrong = windtunnel("verify" + command);
  EXPECT_EQ(wrong.exit, 13) << wrong.out;
  EXPECT_TRUE(says(wrong, "choosy.json lies beside it and is no file of settings")) << wrong.out;
  EXPECT_TRUE(says(wrong, "/windows")) << wrong.out;
}

TEST(VerifyVerb, a_command_line_that_cannot_be_meant_is_refused_before_anything_starts) {
  EXPECT_EQ(windtunnel("verify").exit, 2);
  EXPECT_EQ(windtunnel("verify --cases 0" + kClean).exit, 2);
  EXPECT_EQ(windtunnel("verify --timeout never" + kClean).exit, 2);
  EXPECT_EQ(windtunnel("verify --timeout 0s" + kClean).exit, 2);
}

TEST(VerifyVerb, what_supports_nothing_is_inconclusive) {
  const ProcessResult result = windtunnel("verify" + kBroken + "supports_nothing");
  EXPECT_EQ(result.exit, 13) << result.out;
  EXPECT_TRUE(says(result, "INCONCLUSIVE")) << result.out;
  EXPECT_TRUE(says(result, "on principle")) << result.out;
}

struct Break {
  std::string how;
  std::string what;  // is said of it
  bool with_stderr = true;
};

TEST(VerifyVerb, a_command_that_breaks_off_is_reported_with_the_end_of_its_stderr) {
  const std::vector<Break> breaks = {
      {"dies", "ended with exit code 7"},
      {"is_killed", "was killed by signal 11"},
      {"hangs", "hangs: it took more than 2500 ms to answer"},
      {"floods", "floods: more than 65536 bytes without a line end"},
      {"floods_lines", ""},
      {"speaks_nonsense", "speaks nonsense: \"Traceback: ?[31mnothing\""},
      {"answers_half", "ended with exit code 0, in the middle of a line: {\"state\":\"cl"},
      {"closes", "closed its standard input or output"},
      {"ends_at_once", "ended with exit code 0", false},
      {"never_reads", "hangs: it took more than 2500 ms", false},
      {"says_hello", "", false},
  };
  for (const Break& entry : breaks) {
    const ProcessResult result = windtunnel("verify --timeout 2500ms" + kBroken + entry.how);
    EXPECT_EQ(result.exit, 4) << entry.how << "\n" << result.out;
    EXPECT_TRUE(says(result, entry.what)) << entry.how << "\n" << result.out;
    EXPECT_EQ(says(result, "  | the last line on stderr"), entry.with_stderr) << entry.how << "\n" << result.out;
  }
  const ProcessResult stderr_flood = windtunnel("verify --timeout 2500ms" + kBroken + "floods_stderr");
  EXPECT_EQ(stderr_flood.exit, 4);
  EXPECT_TRUE(says(stderr_flood, "  | complaint")) << stderr_flood.out.substr(0, 1000);
  EXPECT_LT(stderr_flood.out.size(), 20'000U);
  const ProcessResult absent = windtunnel("verify -- /no/such/breaker");
  EXPECT_EQ(absent.exit, 4);
  EXPECT_TRUE(says(absent, "/no/such/breaker: cannot be started: No such file or directory")) << absent.out;
}

// The processes that the adapter noted which are still there.
std::size_t left_of(const Folder& folder, std::size_t noted) {
  std::istringstream pids{folder.read("pids")};
  std::size_t count = 0;
  std::size_t left = 0;
  for (pid_t pid = 0; pids >> pid; ++count) left += kill(pid, 0) == 0 ? 1 : 0;
  EXPECT_EQ(count, noted);
  return left;
}

TEST(VerifyVerb, nothing_of_the_command_outlives_it) {
  for (const std::string how : {"clean", "stays", "dies", "hangs"}) {
    const Folder folder;
    const ProcessResult result =
        windtunnel("verify --cases 2 --timeout 2500ms" + kBroken + how + " " + folder.path("pids"));
    EXPECT_EQ(result.exit, how == "dies" || how == "hangs" ? 4 : 0) << how << "\n" << result.out;
    EXPECT_EQ(left_of(folder, 4), 0U) << how;
  }
}

TEST(VerifyVerb, an_interrupt_ends_it_and_everything_that_it_started) {
  for (const std::string signal : {"INT", "TERM"}) {
    const Folder folder;
    const ProcessResult result = windtunnel("verify --timeout 60s" + kBroken + "hangs " + folder.path("pids"),
                                            "timeout --foreground --preserve-status -s " + signal + " 4");
    EXPECT_EQ(result.exit, 130) << result.out;
    EXPECT_TRUE(says(result, "windtunnel: interrupted by SIG" + signal)) << result.out;
    EXPECT_EQ(left_of(folder, 4), 0U);
  }
}

TEST(VerifyVerb, a_folder_that_cannot_be_made_is_refused_before_anything_starts) {
  const Folder folder;
  folder.write("file", "");
  const ProcessResult result =
      windtunnel("verify --out " + folder.path("file") + kBroken + "hangs " + folder.path("pids"));
  EXPECT_EQ(result.exit, 4) << result.out;
  EXPECT_TRUE(says(result, folder.path("file"))) << result.out;
  EXPECT_FALSE(folder.has("pids"));
}

// The first waits for its program while the second begins.
TEST(VerifyVerb, a_second_writer_of_a_folder_is_refused_before_anything_starts) {
  const Folder folder;
  const std::string out = " --out " + folder.path("out");
  const std::string first = "'" WINDTUNNEL_BINARY "' verify --timeout 60s" + out + kBroken + "hangs " +
                            folder.path("pids") + " >/dev/null 2>&1 & pid=$!; i=0; while [ ! -s " +
                            folder.path("pids") + " ] && [ $i -lt 500 ]; do sleep 0.02; i=$((i + 1)); done; ";
  const ProcessResult result = shell(first + "'" WINDTUNNEL_BINARY "' verify" + out + kBroken + "hangs " +
                                     folder.path("second") + "; code=$?; kill -INT $pid; wait $pid; exit $code");
  EXPECT_EQ(result.exit, 4) << result.out;
  EXPECT_TRUE(says(result, " is writing there")) << result.out;
  EXPECT_FALSE(folder.has("second"));
}

}  // namespace
}  // namespace windtunnel::tests::verify_test
