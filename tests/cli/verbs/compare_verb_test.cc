// `windtunnel compare` as its user meets it.

#include <gtest/gtest.h>

#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::compare_cli_test {
namespace {

// A small outage, so that these tests are quick.
constexpr const char* kWorld = R"({
  "version": 1, "title": "A provider is down for 20 s", "seed": 3, "duration": "60s",
  "monitor": {"circuit_breaker": {"open": "10s"}},
  "workload": {"chat": {"rate": 5, "arrival": "poisson", "provider": "openai"}},
  "faults": [{"id": "down", "kind": "outage", "provider": "openai", "at": "10s", "duration": "20s"}]
})";

class CompareCli : public testing::Test {
 protected:
  CompareCli() { folder.write("a.json", kWorld); }
  Folder folder;
  std::string file = folder.path("a.json");

  [[nodiscard]] ProcessResult compare(const std::string& rest) const {
    return windtunnel("compare " + file + " " + rest);
  }
};

bool says(const ProcessResult& result, const std::string& part) { return result.out.find(part) != std::string::npos; }

const std::string kOpen = "--vary monitor.circuit_breaker.open=5s,10s ";

TEST_F(CompareCli, reports_by_how_much_a_variation_differs_from_the_first) {
  const ProcessResult result = compare(kOpen + "--seeds 1..6");
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_TRUE(says(result, "2 variations of " + file + ": seeds 1..6")) << result.out;
  EXPECT_TRUE(says(result, "open=10s")) << result.out;
  EXPECT_TRUE(says(result, "  difference")) << result.out;
}

TEST_F(CompareCli, takes_twenty_seeds_from_the_scenarios_own_if_none_are_requested) {
  EXPECT_TRUE(says(compare(kOpen), ": seeds 3..22,"));
}

TEST_F(CompareCli, every_preset_is_a_variation_and_what_stands_beside_it_is_warned_of) {
  const ProcessResult result = compare("--vary monitor.circuit_breaker.preset=all --seeds 1..2");
  EXPECT_EQ(result.exit, 0) << result.out;
  for (const char* preset :
       {"seed-readme", "seed-poc", "resilience4j", "polly", "gobreaker", "hystrix", "litellm", "helicone", "envoy"}) {
    EXPECT_TRUE(says(result, std::string{"preset="} + preset)) << result.out;
  }
  EXPECT_TRUE(says(result, "/monitor/circuit_breaker/open: warning")) << result.out;
  const ProcessResult cured =
      compare("--vary monitor.circuit_breaker.preset=all --seeds 1..2 --set monitor.circuit_breaker={}");
  EXPECT_FALSE(says(cured, "warning")) << cured.out;
}

TEST_F(CompareCli, any_number_of_jobs_gives_the_same_bytes_in_every_format) {
  for (const char* format : {"text", "json", "markdown", "csv"}) {
    const std::string rest = kOpen + "--seeds 1..5 --format " + format;
    const ProcessResult result = compare(rest + " --jobs 1");
    EXPECT_EQ(result.exit, 0) << result.out;
    EXPECT_EQ(result.out, compare(rest + " --jobs 3").out);
  }
}

TEST_F(CompareCli, files_are_compared_as_they_are) {
  folder.write("b.json", std::string{kWorld}.replace(std::string{kWorld}.find("10s"), 3, "5s"));
  const ProcessResult result = compare(folder.path("b.json") + " --seeds 1..2 --format csv");
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_TRUE(says(result, folder.path("b.json") + ",probes,count,2,")) << result.out;
}

TEST_F(CompareCli, writes_every_format) {
  const std::string out = folder.path("out");
  const ProcessResult result = compare(kOpen + "--seeds 1..2 --format json --out " + out);
  EXPECT_EQ(result.out, folder.read("out/compare.json"));
  for (const char* name : {"compare.txt", "compare.md", "compare.csv", "compare_runs.csv"}) {
    EXPECT_TRUE(folder.has(std::string{"out/"} + name)) << name;
  }
  EXPECT_EQ(compare(kOpen + "--seeds 1..2 --out /dev/null/out").exit, 4);
}

TEST_F(CompareCli, a_regression_exits_15_and_an_improvement_passes) {
  // Open for shorter, it probes more often.
  const std::string rest = "--vary monitor.circuit_breaker.open=10s,5s --seeds 1..11 --max-regression ";
  const ProcessResult worse = compare(rest + "'probes<=0'");
  EXPECT_EQ(worse.exit, 15) << worse.out;
  EXPECT_TRUE(says(worse, "regression open=5s probes<=0: beyond the bound by ")) << worse.out;
  EXPECT_EQ(compare(rest + "'probes<=100'").exit, 0);
  EXPECT_EQ(compare(rest + "'probes<=1000%'").exit, 0);
  EXPECT_EQ(compare(rest + "'probes<=100' --max-regression 'probes<=0'").exit, 15);
  EXPECT_EQ(compare(kOpen + "--seeds 1..11 --max-regression 'probes<=0'").exit, 0);
}

// The effect shows in one seed of some ten: a comparison that has not met it passes nothing.
TEST_F(CompareCli, seeds_without_a_difference_do_not_pass) {
  folder.write("rare.json", R"({"version": 1, "duration": "30m", "workload": {"a": {"rate": 5, "provider": "openai"}},
    "faults": [{"id": "f", "kind": "error_burst", "provider": "openai", "rate": 0.12, "at": "1m", "duration": "20m"}]})");
  const std::string rest =
      "compare " + folder.path("rare.json") +
      " --vary monitor.circuit_breaker.open=30s,60s --max-regression 'probes_in_flight<=0' --seeds ";
  for (const char* seeds : {"1..2", "1..5", "1..10"}) {
    const ProcessResult result = windtunnel(rest + seeds);
    EXPECT_EQ(result.exit, 13) << result.out;
    EXPECT_TRUE(says(result, "every seed has the same difference, so up to ")) << result.out;
    EXPECT_TRUE(says(result, "no number of seeds excludes every rare one")) << result.out;
  }
  // Nor by a bound that what is taken of rare seeds would not reach.
  for (const char* seeds : {"1..2", "1..10"}) {
    const ProcessResult result = windtunnel(
        "compare " + folder.path("rare.json") +
        " --vary monitor.circuit_breaker.open=30s,60s --max-regression 'probes_in_flight<=5' --seeds " + seeds);
    EXPECT_EQ(result.exit, 13) << result.out;
    EXPECT_TRUE(says(result, ": so few that are all alike decide nothing; ")) << result.out;
    EXPECT_TRUE(says(result, "; about 11 seeds would decide")) << result.out;
  }
}

TEST_F(CompareCli, a_partial_outage_has_failed_calls_and_their_share_and_a_rule_on_them) {
  const std::string rest =
      "--set faults.down.kind=error_burst --set faults.down.rate=0.4 --set monitor.circuit_breaker={} "
      "--vary monitor.provider_call.max_attempts=1,3 --seeds 1..8 ";
  const ProcessResult result =
      compare(rest + "--set monitor.circuit_breaker.consecutive_threshold=100000 " +
              "--set monitor.circuit_breaker.minimum_calls=100000 --max-regression 'provider_errors<=0'");
  EXPECT_EQ(result.exit, 15) << result.out;
  for (const char* heading :
       {"Failover s", "Wasted", "Failed", "Calls/request", "Errors-in %", "Errors-after %", "Recovery s"}) {
    EXPECT_TRUE(says(result, heading)) << heading << "\n" << result.out;
  }
  EXPECT_EQ(compare(rest + "--max-regression 'error_rate_in_fault<=0.01' --max-regression 'amplification<=20%'").exit,
            13);
  for (const char* heading :
       {"Failover", "Wasted", "Failed", "Calls/request", "'At once'", "Lost", "Errors-in", "Errors-after", "Refused",
        "p95", "Cost", "Recovery", "'P(exceed)'", "Violated", "Probes"}) {
    const ProcessResult explained = windtunnel(std::string{"explain "} + heading);
    EXPECT_EQ(explained.exit, 0) << heading;
    EXPECT_TRUE(says(explained, "(comparison metric)")) << explained.out;
  }
}

TEST_F(CompareCli, undecided_exits_13_and_names_the_remedy) {
  const ProcessResult result = compare(
      "--vary monitor.circuit_breaker.consecutive_threshold=5,4 --seeds 1..3 "
      "--max-regression 'recovery_time<=1ms'");
  EXPECT_EQ(result.exit, 13) << result.out;
  EXPECT_TRUE(says(result, "undecided")) << result.out;
  EXPECT_TRUE(says(result, "seeds would decide")) << result.out;
  // No data never passes: no provider is ever down.
  EXPECT_EQ(compare("--vary faults.down.kind=latency_spike,brownout --set faults.down.factor=1 --seeds 1..3 "
                    "--max-regression 'recovery_time<=1h'")
                .exit,
            3);
  EXPECT_EQ(compare(kOpen + "--set faults=[] --seeds 1..3 --max-regression 'recovery_time<=1h'").exit, 13);
}

TEST_F(CompareCli, a_violation_is_reported_with_its_replay_and_is_not_fatal) {
  const ProcessResult result = compare(
      "--set 'liveness={\"heal_at\":\"30s\",\"recover_within\":\"5s\"}' "
      "--vary monitor.circuit_breaker.open=10s,1h --seeds 4..5");
  EXPECT_EQ(result.exit, 0) << result.out;
  const std::size_t at = result.out.find("V1 violated in 2 of 2 runs: windtunnel ");
  ASSERT_NE(at, std::string::npos) << result.out;
  const std::size_t begin = result.out.find("windtunnel ", at) + std::string{"windtunnel "}.size();
  const std::string command = result.out.substr(begin, result.out.find('\n', begin) - begin);
  EXPECT_EQ(windtunnel(command).exit, 11) << command;
}

TEST_F(CompareCli, an_interrupt_keeps_complete_seeds) {
  const std::string command = "cd '" + folder.path() +
                              "' && timeout --foreground --signal=INT 1 '" WINDTUNNEL_BINARY "' compare " + file + " " +
                              kOpen + "--seeds 1..1000000 --out out >said.txt 2>&1; echo $?";
  FILE* pipe = popen(command.c_str(), "r");
  char line[16] = {};
  ASSERT_NE(fgets(line, sizeof line, pipe), nullptr);
  pclose(pipe);
  EXPECT_EQ(std::string{line}, "124\n");  // what timeout says when it had to send the signal
  EXPECT_NE(folder.read("said.txt").find("stopped after"), std::string::npos) << folder.read("said.txt");
  EXPECT_NE(folder.read("said.txt").find("interrupted by SIGINT"), std::string::npos);
  EXPECT_TRUE(folder.has("out/compare.json.partial"));
  EXPECT_FALSE(folder.has("out/compare.json"));
}

TEST_F(CompareCli, a_value_that_the_scenario_cannot_take_runs_nothing) {
  const ProcessResult result = compare("--vary monitor.circuit_breaker.preset=seed-readme,poly");
  EXPECT_EQ(result.exit, 3);
  EXPECT_TRUE(says(result, "did you mean \"polly\"?")) << result.out;
  folder.write("bad.json", "{\"version\": 1, \"duratoin\": \"5m\"}\n");
  const ProcessResult bad =
      windtunnel("compare " + folder.path("bad.json") + " --vary monitor.circuit_breaker.preset=all");
  EXPECT_EQ(bad.exit, 3);
  EXPECT_EQ(bad.out.find("duratoin"), bad.out.rfind("/duratoin") + 1) << "told once:\n" << bad.out;
  EXPECT_EQ(windtunnel("compare no-such.json other.json").exit, 4);
}

TEST_F(CompareCli, forecasts_are_compared_over_their_horizon) {
  const std::string rest = "--set faults=[] --vary workload.chat.rate=5,6 --forecast --horizon 3m --replications 12 ";
  const ProcessResult result = compare(rest);
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_TRUE(says(result, "forecasts over ")) << result.out;
  EXPECT_TRUE(says(result, "12 replications")) << result.out;
  EXPECT_TRUE(says(result, "P(exceed)")) << result.out;
  EXPECT_FALSE(says(result, "Probes")) << result.out;
  EXPECT_EQ(compare(rest + "--max-regression 'cost_usd<=0'").exit, 15);
  EXPECT_EQ(compare(rest + "--seeds 1..4").exit, 2);
  EXPECT_EQ(compare(kOpen + "--horizon 3m").exit, 2);
  EXPECT_EQ(compare(kOpen + "--forecast --horizon never").exit, 2);
}

TEST_F(CompareCli, what_cannot_be_compared_is_a_usage_error) {
  EXPECT_TRUE(says(compare(""), "there is nothing to compare with"));
  EXPECT_EQ(compare("").exit, 2);
  EXPECT_EQ(compare("--vary monitor.circuit_breaker.open=5s").exit, 2);
  EXPECT_EQ(compare(file).exit, 2);
  EXPECT_EQ(compare("other.json " + kOpen).exit, 2);
  EXPECT_EQ(compare(kOpen + kOpen).exit, 2);
  EXPECT_EQ(compare(kOpen + "--checks B99").exit, 2);
  EXPECT_EQ(compare(kOpen + "--seeds 4..4 --max-regression 'probes<=0'").exit, 2);
  const ProcessResult result = compare(kOpen + "--max-regression 'probs<=0'");
  EXPECT_EQ(result.exit, 2);
  EXPECT_TRUE(says(result, "column 1: no metric of a comparison is named \"probs\"; did you mean \"probes\"?"))
      << result.out;
}

TEST_F(CompareCli, writes_the_table_and_each_regression_for_github) {
  const std::string summary = folder.path("summary.md");
  const ProcessResult result = windtunnel("compare " + file +
                                              " --vary monitor.circuit_breaker.open=10s,5s --seeds 1..11 "
                                              "--max-regression 'probes<=0'",
                                          "GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=" + summary);
  EXPECT_TRUE(says(result, "::error file=" + file + ",title=windtunnel%3A regression::regression open=5s"))
      << result.out;
  EXPECT_NE(folder.read("summary.md").find("| open=5s |"), std::string::npos);
  EXPECT_EQ(folder.read("summary.md").find("0 of 0 passed"), std::string::npos);
}

}  // namespace
}  // namespace windtunnel::tests::compare_cli_test
