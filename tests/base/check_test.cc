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
  check(true, "this is not read");
  SUCCEED();
}

TEST(CheckDeath, a_broken_belief_ends_the_process_with_exit_code_1_and_names_what_and_where) {
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

TEST(CheckDeath, a_limit_ends_the_process_as_an_error_of_the_scenario) {
  const CheckScope scope{kContext};
  check_limit(true, "this is not read");
  EXPECT_EXIT(check_limit(false, "too much money is spent"), testing::ExitedWithCode(3),
              "^windtunnel: too much money is spent\n  in outage.json, seed 42, at 1500000000 ns, event 77\n$");
}

// Sets a handler until destroyed.
class HandlerScope {
 public:
  explicit HandlerScope(CheckHandler handler) : before_(set_check_handler(handler)) {}
  ~HandlerScope() { set_check_handler(before_); }
  HandlerScope(const HandlerScope&) = delete;
  HandlerScope& operator=(const HandlerScope&) = delete;

 private:
  CheckHandler before_;
};

TEST(Check, throws_a_documented_exception_where_the_host_has_set_no_handler) {
  const HandlerScope none{nullptr};
  const CheckScope scope{kContext};
  try {
    check(false, "two is three");
    FAIL() << "nothing is thrown";
  } catch (const CheckFailed& failed) {
    EXPECT_NE(std::string(failed.what()).find("believed that two is three ("), std::string::npos) << failed.what();
    EXPECT_NE(std::string(failed.what()).find(kContextLine), std::string::npos) << failed.what();
  }
  EXPECT_THROW(check_limit(false, "too much"), CheckFailed);
  EXPECT_THROW((void)holds(0), std::logic_error);
}

FailedCheck handed;

TEST(Check, gives_what_failed_to_the_hosts_handler_and_throws_if_that_returns) {
  const HandlerScope host{[](const FailedCheck& failed) { handed = failed; }};
  EXPECT_THROW(fail_check("two is three", "somewhere.cc", 9), CheckFailed);
  EXPECT_EQ(handed.kind, FailedCheck::Kind::belief);
  EXPECT_STREQ(handed.text, "two is three");
  EXPECT_STREQ(handed.file, "somewhere.cc");
  EXPECT_EQ(handed.line, 9);
  EXPECT_EQ(handed.context, nullptr);
  const CheckScope scope{kContext};
  EXPECT_THROW(check_limit(false, "too much"), CheckFailed);
  EXPECT_EQ(handed.kind, FailedCheck::Kind::limit);
  EXPECT_EQ(handed.context, &kContext);
}

TEST(Check, set_check_handler_returns_the_handler_before) {
  const CheckHandler before = set_check_handler(nullptr);
  EXPECT_EQ(set_check_handler(before), nullptr);
  EXPECT_EQ(before, end_process);
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
