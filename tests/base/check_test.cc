#include "base/check.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "tests/base/scratch_file.h"

namespace windtunnel::inline base::check_test {
namespace {

constexpr CheckContext kContext{.scenario = "outage.json", .seed = 42, .now_ns = 1'500'000'000, .event = 77};
constexpr const char* kContextLine = "in outage.json, seed 42, at 1500000000 ns, event 77";

constexpr bool holds(int value) {
  check(value > 0, "the value is positive");
  return true;
}
static_assert(holds(1));  // usable in a constant expression

TEST(Check, a_true_belief_does_nothing) {
  check(true, "nobody reads this");
  SUCCEED();
}

TEST(CheckDeath, a_broken_belief_ends_the_process_with_exit_code_1_and_says_what_and_where) {
  EXPECT_EXIT(check(false, "two is three"), testing::ExitedWithCode(1),
              "windtunnel: internal error: believed that two is three \\(.*check_test\\.cc:[0-9]+\\)");
  EXPECT_EXIT(holds(0), testing::ExitedWithCode(1), "the value is positive");
}

TEST(CheckDeath, names_the_line_of_the_caller) {
  const std::string line = std::to_string(__LINE__ + 1);
  EXPECT_EXIT(check(false, "two is three"), testing::ExitedWithCode(1), "check_test\\.cc:" + line + "\\)");
}

TEST(CheckDeath, names_scenario_seed_instant_and_event) {
  const CheckScope scope{kContext};
  EXPECT_EXIT(check(false, "two is three"), testing::ExitedWithCode(1), kContextLine);
}

TEST(CheckDeath, names_the_instant_at_which_it_fails_and_not_the_one_at_which_the_scope_began) {
  CheckContext context = kContext;
  const CheckScope scope{context};
  context.now_ns = 2;
  context.event = 3;
  EXPECT_EXIT(check(false, "two is three"), testing::ExitedWithCode(1), "seed 42, at 2 ns, event 3");
}

TEST(CheckDeath, prints_the_whole_range_of_a_seed) {
  const CheckContext context{.scenario = "s", .seed = UINT64_MAX, .now_ns = INT64_MAX, .event = UINT64_MAX};
  const CheckScope scope{context};
  EXPECT_EXIT(check(false, "two is three"), testing::ExitedWithCode(1),
              "seed 18446744073709551615, at 9223372036854775807 ns, event 18446744073709551615");
}

TEST(CheckDeath, the_innermost_scope_is_named_and_the_outer_one_again_after_it) {
  const CheckScope outer{kContext};
  {
    const CheckContext inner{.scenario = "inner.json", .seed = 1, .now_ns = 0, .event = 0};
    const CheckScope scope{inner};
    EXPECT_EXIT(check(false, "two is three"), testing::ExitedWithCode(1), "in inner.json, seed 1,");
  }
  EXPECT_EXIT(check(false, "two is three"), testing::ExitedWithCode(1), kContextLine);
}

// Says on stderr where it is, after everything that a failed check prints.
void fail_without_scope() { fail_check("two is three", "somewhere.cc", 9); }

TEST(CheckDeath, outside_a_scope_no_run_is_named) {
  EXPECT_EXIT(fail_without_scope(), testing::ExitedWithCode(1), "believed that two is three \\(somewhere.cc:9\\)\n$");
}

TEST(CheckDeath, what_was_written_before_is_not_lost) {
  const ScratchFile file;
  const auto write_and_fail = [&file] {
    std::FILE* const out = std::fopen(file.path().c_str(), "w");
    std::fputs("the last line\n", out);
    check(false, "two is three");
  };
  EXPECT_EXIT(write_and_fail(), testing::ExitedWithCode(1), "two is three");
  EXPECT_EQ(file.lines(), std::vector<std::string>{"the last line"});
}

TEST(CheckDeath, a_scope_is_of_its_thread) {
  const CheckScope scope{kContext};
  EXPECT_EXIT(std::thread(fail_without_scope).join(), testing::ExitedWithCode(1),
              "believed that two is three \\(somewhere.cc:9\\)\n$");
}

}  // namespace
}  // namespace windtunnel::inline base::check_test
