// Numbers at the edge: each flag and variable takes the whole numbers of its range, and no other text.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::numbers_test {
namespace {

const std::string kDemo = "scenarios/catalog/openai-outage.json";

// Commands that end with a flag for a number, and the largest number that each takes.
struct Flag {
  std::string command;
  std::string most;
};
const std::vector<Flag> kFlags = {
    {"run " + kDemo + " --seed", "18446744073709551615"},
    {"run " + kDemo + " --jobs", "1024"},
    {"explore " + kDemo + " --jobs", "1024"},
    {"compare " + kDemo + " --vary seed=1,2 --jobs", "1024"},
    {"compare " + kDemo + " --vary seed=1,2 --forecast --replications", "1000000"},
    {"forecast scenarios/catalog/month.json --seed", "18446744073709551615"},
    {"forecast scenarios/catalog/month.json --replications", "10000000"},
    {"forecast scenarios/catalog/month.json --until mean:rel=0.1 --max-replications", "10000000"},
    {"forecast scenarios/catalog/month.json --jobs", "1024"},
    {"verify --seed", "18446744073709551615"},
    {"verify --cases", "100000000"},
};

TEST(Numbers, no_sign_fraction_or_number_beyond_the_range_is_taken_for_another_number) {
  for (const Flag& flag : kFlags) {
    for (const std::string text :
         {"-1", "-7", "+1", "1.5", "1e3", "0x10", " 1", "1 ", "18446744073709551616", "99999999999999999999999"}) {
      const ProcessResult result =
          windtunnel(flag.command + " '" + text + "'" + (flag.command[0] == 'v' ? " -- true" : ""));
      EXPECT_EQ(result.exit, 2) << flag.command << " '" << text << "'\n" << result.out;
      EXPECT_NE(result.out.find(flag.most), std::string::npos) << flag.command << " '" << text << "'\n" << result.out;
    }
  }
}

TEST(Numbers, an_environment_variable_is_read_as_its_flag) {
  for (const std::string setting : {"WINDTUNNEL_SEED=-1", "WINDTUNNEL_SEED=18446744073709551616", "WINDTUNNEL_JOBS=-1",
                                    "WINDTUNNEL_JOBS=4294967297", "WINDTUNNEL_JOBS=two"}) {
    const ProcessResult result = windtunnel("run " + kDemo, setting);
    EXPECT_EQ(result.exit, 2) << setting << "\n" << result.out;
    EXPECT_NE(result.out.find("(or " + setting.substr(0, setting.find('=')) + ")"), std::string::npos) << result.out;
  }
  EXPECT_EQ(windtunnel("run " + kDemo, "WINDTUNNEL_SEED=3 WINDTUNNEL_JOBS=2").exit, 0);
}

TEST(Numbers, a_range_of_seeds_has_two_whole_numbers) {
  for (const std::string range :
       {"-1..3", "1..-1", "1", "1..", "..1", "1...3", "1..18446744073709551616", "5..1", "1..100000001"}) {
    const ProcessResult result = windtunnel("run " + kDemo + " --seeds " + range);
    EXPECT_EQ(result.exit, 2) << range << "\n" << result.out;
  }
}

TEST(Numbers, an_empty_value_is_no_flag_that_was_left_out) {
  for (const char* flag :
       {"run scenarios/catalog/healthy.json --until", "run scenarios/catalog/healthy.json --timeline-step",
        "forecast scenarios/catalog/healthy.json --until", "forecast scenarios/catalog/healthy.json --as-of",
        "forecast scenarios/catalog/healthy.json --spent", "forecast scenarios/catalog/healthy.json --shard",
        "forecast scenarios/catalog/healthy.json --rare", "forecast scenarios/catalog/healthy.json --plan"}) {
    const ProcessResult result = windtunnel(std::string(flag) + " ''");
    EXPECT_EQ(result.exit, 2) << flag << "\n" << result.out;
  }
}

TEST(Numbers, an_end_of_a_frontier_that_the_reader_refuses_is_a_usage_error) {
  const std::string explore = "explore scenarios/catalog/openai-outage.json --frontier ";
  const ProcessResult result = windtunnel(explore + "monitor.circuit_breaker.open=-1s..5s");
  EXPECT_EQ(result.exit, 2) << result.out;
  EXPECT_NE(result.out.find("--frontier monitor.circuit_breaker.open=-1s..5s: -1s is "), std::string::npos)
      << result.out;
  EXPECT_EQ(windtunnel(explore + "seed=1..2 --set duration=never").exit, 3) << "which the flag is no reason of";
}

TEST(Numbers, the_last_seeds_of_all_run_and_end) {
  const std::string limit = "timeout 60";
  const ProcessResult run = windtunnel("run " + kDemo + " --seeds 18446744073709551614..18446744073709551615", limit);
  EXPECT_EQ(run.exit, 0) << run.out;
  EXPECT_NE(run.out.find("2 of 2 runs, 2 pass"), std::string::npos) << run.out;
  EXPECT_EQ(windtunnel("run " + kDemo + " --seed 18446744073709551615", limit).exit, 0);
  const ProcessResult explored =
      windtunnel("explore " + kDemo + " --seeds 18446744073709551614..18446744073709551615", limit);
  EXPECT_EQ(explored.exit, 0) << explored.out;
  const ProcessResult compared = windtunnel("compare " + kDemo +
                                                " --vary monitor.circuit_breaker.open=5s,30s --seeds "
                                                "18446744073709551614..18446744073709551615",
                                            limit);
  EXPECT_EQ(compared.exit, 0) << compared.out;
}

TEST(Numbers, a_range_of_many_seeds_is_not_kept_in_memory) {
  // The first run fails, so that the range of 100 million is begun and given up; 1 GB would not hold it as a list.
  const ProcessResult result = shell("ulimit -v 1000000; '" WINDTUNNEL_BINARY "' run " + kDemo +
                                     " --seeds 1..100000000 --fail-fast --quiet --set "
                                     "'thresholds={\"requests\":[\"count<1\"]}'");
#if !defined(WINDTUNNEL_SANITIZE)
  EXPECT_EQ(result.exit, 12) << result.out.substr(0, 2000);
#endif
}

}  // namespace
}  // namespace windtunnel::tests::numbers_test
