// `windtunnel explore` as its user meets it: what is found is the same for any number of threads, is shrunk to a file
// that fails, and outlives a kill.

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::explore_test {
namespace {

// Passes for most seeds: with this many errors some seed breaks the threshold.
const std::string kFragile = R"({ "version": 1, "title": "Few fail", "duration": "20s",
  "providers": {"openai": {"errors": {"server_error": 0.03}}},
  "monitor": {"circuit_breaker": {"consecutive_threshold": null, "failure_rate_threshold": null}},
  "workload": {"chat": {"rate": 10, "arrival": "poisson"}, "more": {"rate": 5}},
  "faults": [{"id": "slow", "kind": "latency_spike", "at": "5s", "duration": "10s", "factor": 2}],
  "thresholds": {"provider_errors{provider:openai}": ["rate<0.055"]} })";

std::string without_stderr(std::string text) {
  std::string kept;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string line = text.substr(0, end);
    text.erase(0, end == std::string::npos ? text.size() : end + 1);
    if (!line.starts_with("windtunnel: ")) kept += line + "\n";
  }
  return kept;
}

TEST(Explore, finds_nothing_in_a_swarm_around_the_demo_and_lists_what_it_checked) {
  const ProcessResult result = windtunnel("explore scenarios/catalog/demo.json --swarm --seeds 1..30 --jobs 2");
  EXPECT_EQ(result.exit, 0) << result.out;
  for (const char* word :
       {"as a swarm", "Seeds: 1..30, ", "breaker_opened", "Liveness: claimed in ", "Verdict: PASS"}) {
    EXPECT_NE(result.out.find(word), std::string::npos) << word << " is not in\n" << result.out;
  }
}

TEST(Explore, what_is_found_does_not_depend_on_the_threads_and_is_shrunk_to_a_file_that_fails) {
  const Folder folder;
  folder.write("fragile.json", kFragile);
  const std::string command = "explore " + folder.path("fragile.json") + " --seeds 1..400 ";
  const ProcessResult result = windtunnel(command + "--jobs 1 --out " + folder.path("one"));
  const ProcessResult two = windtunnel(command + "--jobs 3 --out " + folder.path("two"));
  EXPECT_EQ(result.exit, 12) << result.out;
  EXPECT_EQ(two.exit, 12);
  EXPECT_EQ(folder.read("one/explore.json").substr(0, 400), folder.read("two/explore.json").substr(0, 400));
  const std::size_t at = result.out.find("windtunnel run " + folder.path("one") + "/shrunk-seed-");
  ASSERT_NE(at, std::string::npos) << result.out;
  const std::string file = result.out.substr(at + 15, result.out.find('\n', at) - at - 15);
  EXPECT_EQ(windtunnel("run " + file).exit, 12);
  const std::string name = file.substr(file.rfind('/'));
  EXPECT_EQ(folder.read("one" + name).substr(0, 200), folder.read("two" + name).substr(0, 200));
  EXPECT_EQ(folder.read("one" + name).find("\"slow\""), std::string::npos) << folder.read("one" + name);
  EXPECT_NE(folder.read("one" + name).find("violates provider_errors"), std::string::npos) << folder.read("one" + name);
}

TEST(Explore, goes_on_where_it_was_and_ends_as_if_it_had_never_stopped) {
  const Folder folder;
  folder.write("fragile.json", kFragile);
  const std::string command = "explore " + folder.path("fragile.json") + " --swarm --set thresholds={} ";
  const ProcessResult whole = windtunnel(command + "--seeds 1..40 --out " + folder.path("whole"));
  ASSERT_EQ(whole.exit, 0) << whole.out;
  ASSERT_EQ(windtunnel(command + "--seeds 1..15 --out " + folder.path("parts")).exit, 0);
  const ProcessResult rest = windtunnel(command + "--seeds 1..40 --jobs 2 --out " + folder.path("parts"));
  EXPECT_EQ(without_stderr(rest.out), without_stderr(whole.out));
  EXPECT_NE(rest.out.find("windtunnel: 25 seeds in "), std::string::npos) << rest.out;
  EXPECT_EQ(folder.read("parts/explore.json"), folder.read("whole/explore.json"));
  // Another search does not go on from it.
  const ProcessResult other = windtunnel(command + "--seeds 2..40 --out " + folder.path("parts"));
  EXPECT_EQ(other.exit, 2);
  EXPECT_NE(other.out.find("name another --out"), std::string::npos) << other.out;
}

// A found seed is kept before it is shrunk, and found again at once.
TEST(Explore, what_was_found_is_not_lost_when_it_is_killed) {
  const Folder folder;
  folder.write("fragile.json", kFragile);
  const std::string command = "explore " + folder.path("fragile.json") + " --seeds 1..400 --out " + folder.path("out");
  const ProcessResult first = windtunnel(command);
  ASSERT_EQ(first.exit, 12);
  EXPECT_NE(folder.read("out/explore-progress.json").find("\"failing_seed\": "), std::string::npos);
  const ProcessResult again = windtunnel(command);
  EXPECT_EQ(again.exit, 12);
  EXPECT_EQ(again.out.find("windtunnel: 1 seeds"), std::string::npos);
  EXPECT_EQ(without_stderr(again.out), without_stderr(first.out));
}

TEST(Explore, a_search_by_time_ends_with_a_prefix_of_seeds) {
  const ProcessResult result = windtunnel("explore scenarios/catalog/demo.json --swarm --time 300ms --format json");
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_NE(result.out.find("\"asked_last\": null"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("\"first\": 1"), std::string::npos);
}

// Sends the signal to a search as soon as its progress file has the key, and waits for its end.
ProcessResult cut_short(const char* signal, const std::string& key, const std::string& out,
                        const std::string& arguments) {
  const std::string progress = out + "/explore-progress.json";
  return shell("'" WINDTUNNEL_BINARY "' explore " + arguments + " --out " + out +
               " & pid=$!; i=0; while ! grep -q '\"" + key + "\": [0-9]' " + progress +
               " 2>/dev/null && [ $i -lt 3000 ]; do sleep 0.02; i=$((i + 1)); done; " + "kill -s " + signal +
               " $pid; wait $pid");
}

std::uint64_t last_seed(const Folder& folder) {
  const std::string progress = folder.read("out/explore-progress.json");
  return std::stoull(progress.substr(progress.find("\"last\": ") + 8));
}

TEST(Explore, an_interrupt_keeps_the_finished_seeds_and_is_no_pass) {
  const Folder folder;
  const ProcessResult result = cut_short("INT", "last", folder.path("out"),
                                         "scenarios/catalog/demo.json --swarm --seeds 1..1000000 --format text");
  EXPECT_EQ(result.exit, 130) << result.out;
  const std::string last = std::to_string(last_seed(folder));
  for (const std::string& words :
       {"Seeds: 1.." + last + " of 1..1000000, ", "Verdict: INCONCLUSIVE, interrupted after " + last + " seed",
        std::string{"interrupted by SIGINT; the same command goes on from here"}}) {
    EXPECT_NE(result.out.find(words), std::string::npos) << words << " is not in\n" << result.out;
  }
  EXPECT_EQ(result.out.find("PASS"), std::string::npos) << result.out;
  EXPECT_FALSE(folder.has("out/explore.txt"));

  const ProcessResult json = cut_short("TERM", "last", folder.path("json"),
                                       "scenarios/catalog/demo.json --swarm --seeds 1..1000000 --format json");
  EXPECT_EQ(json.exit, 130) << json.out;
  EXPECT_NE(json.out.find("\"verdict\": \"inconclusive\",\n  \"interrupted\": true"), std::string::npos) << json.out;
}

TEST(Explore, killed_in_the_middle_it_goes_on_and_ends_as_if_it_had_not_been) {
  const Folder folder;
  const std::string arguments = "scenarios/catalog/demo.json --swarm --seeds 1..";
  const ProcessResult killed = cut_short("KILL", "last", folder.path("out"), arguments + "1000000");
  EXPECT_EQ(killed.exit, 128 + 9) << killed.out;
  const std::uint64_t looked_at = last_seed(folder);
  const std::string all = arguments + std::to_string(looked_at + 10);
  const ProcessResult rest = windtunnel("explore " + all + " --out " + folder.path("out"));
  EXPECT_EQ(rest.exit, 0) << rest.out;
  EXPECT_NE(rest.out.find("windtunnel: 10 seeds in "), std::string::npos) << rest.out;
  ASSERT_EQ(windtunnel("explore " + all + " --jobs 2 --out " + folder.path("whole")).exit, 0);
  EXPECT_EQ(folder.read("out/explore.json"), folder.read("whole/explore.json"));
}

TEST(Explore, killed_while_it_shrinks_what_it_found_it_finds_it_again) {
  const Folder folder;
  folder.write("fragile.json", kFragile);
  const std::string arguments = folder.path("fragile.json") + " --seeds 1..400";
  const ProcessResult whole = windtunnel("explore " + arguments + " --out " + folder.path("out"));
  const std::string name = "out/shrunk-seed-" + std::to_string(last_seed(folder)) + ".json";
  const std::string shrunk = folder.read(name);
  ASSERT_FALSE(shrunk.empty()) << whole.out;
  std::filesystem::remove_all(folder.path("out"));

  cut_short("KILL", "failing_seed", folder.path("out"), arguments);
  const ProcessResult again = windtunnel("explore " + arguments + " --out " + folder.path("out"));
  EXPECT_EQ(again.exit, 12) << again.out;
  EXPECT_EQ(again.out.find(" seeds in "), std::string::npos) << again.out;  // none is looked at again
  EXPECT_EQ(without_stderr(again.out), without_stderr(whole.out));
  EXPECT_EQ(folder.read(name), shrunk);
}

// The breaker of the proof of concept, held to what its README promises.
TEST(HeldTo, a_breaker_that_follows_another_policy_than_it_claims_is_caught) {
  const std::string outage =
      "run scenarios/catalog/openai-outage.json --keep-going --set monitor.circuit_breaker.held_to=seed-readme";
  EXPECT_EQ(windtunnel(outage).exit, 0);
  const ProcessResult poc = windtunnel(outage + " --set monitor.circuit_breaker.preset=seed-poc");
  EXPECT_EQ(poc.exit, 10) << poc.out;
  for (const char* id : {"B1", "B3", "B4", "B5", "B6", "B9", "B10", "B11", "B12"}) {
    EXPECT_NE(poc.out.find(id), std::string::npos) << id << " is not in\n" << poc.out;
  }
  EXPECT_EQ(windtunnel("run scenarios/catalog/openai-outage.json --set monitor.circuit_breaker.preset=seed-poc").exit,
            0);
}

TEST(Explore, bad_words_are_reported) {
  EXPECT_EQ(windtunnel("explore").exit, 2);
  EXPECT_EQ(windtunnel("explore scenarios/catalog/demo.json --time 5").exit, 2);
  EXPECT_EQ(windtunnel("explore scenarios/catalog/demo.json --time 5s --seeds 1..2").exit, 2);
  EXPECT_EQ(windtunnel("explore scenarios/catalog/demo.json --checks Q1").exit, 2);
  EXPECT_EQ(windtunnel("explore no-such-file.json").exit, 4);
  EXPECT_EQ(windtunnel("explore scenarios/catalog/demo.json --set explore.rate=[5,1]").exit, 3);
  const ProcessResult full = windtunnel("explore scenarios/catalog/demo.json --seeds 1..1 --out /proc/nowhere");
  EXPECT_EQ(full.exit, 4) << full.out;
}

}  // namespace
}  // namespace windtunnel::tests::explore_test
