// Which exit code a verdict has, and which of two codes is the worse.

#include "cli/terminal/exit_code.h"

#include <gtest/gtest.h>

namespace windtunnel::cli::exit_code_test {
namespace {

using sim::Verdict;

TEST(ExitCode, the_worse_of_two_is_kept) {
  EXPECT_EQ(worst(ExitCode::pass, ExitCode::inconclusive), ExitCode::inconclusive);
  EXPECT_EQ(worst(ExitCode::threshold, ExitCode::invariant_violated), ExitCode::invariant_violated);
  EXPECT_EQ(worst(ExitCode::internal_error, ExitCode::interrupted), ExitCode::internal_error);
}

TEST(ExitCode, follows_the_verdict) {
  for (const bool required : {false, true}) {
    EXPECT_EQ(exit_code_of(Verdict::pass, ExitCode::regression, required), ExitCode::pass);
    EXPECT_EQ(exit_code_of(Verdict::fail, ExitCode::regression, required), ExitCode::regression);
    EXPECT_EQ(exit_code_of(Verdict::inconclusive, ExitCode::regression, required), ExitCode::inconclusive);
  }
  EXPECT_EQ(exit_code_of(Verdict::nothing_claimed, ExitCode::regression, false), ExitCode::pass);
  EXPECT_EQ(exit_code_of(Verdict::nothing_claimed, ExitCode::regression, true), ExitCode::inconclusive);
}

TEST(ExitCode, of_a_failed_run_is_that_of_its_worst_finding) {
  sim::Judgement judgement{.verdict = Verdict::fail};
  judgement.findings = {{.kind = sim::Finding::Kind::threshold, .verdict = Verdict::fail},
                        {.kind = sim::Finding::Kind::invariant, .verdict = Verdict::pass},
                        {.kind = sim::Finding::Kind::liveness, .verdict = Verdict::fail}};
  EXPECT_EQ(exit_code_of(judgement, false), ExitCode::liveness);
}

}  // namespace
}  // namespace windtunnel::cli::exit_code_test
