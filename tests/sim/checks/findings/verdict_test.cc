// One function decides every verdict: a failure counts first, then what is missing, then whether anything was claimed.

#include "sim/checks/findings/verdict.h"

#include <gtest/gtest.h>

namespace windtunnel::sim::verdict_test {
namespace {

TEST(Verdict, passes_only_with_requests_and_a_claim) {
  EXPECT_EQ(decide({.requests = 1, .claims = 1}), Verdict::pass);
  EXPECT_EQ(decide({.requests = 0, .claims = 1}), Verdict::inconclusive);
  EXPECT_EQ(decide({.requests = 1, .claims = 0}), Verdict::nothing_claimed);
  EXPECT_EQ(decide({.requests = 0, .claims = 0}), Verdict::inconclusive);
}

TEST(Verdict, a_failure_counts_whatever_else_is_missing) {
  EXPECT_EQ(decide({.has_failed = true, .is_undecided = true, .requests = 0, .claims = 0}), Verdict::fail);
}

TEST(Verdict, an_undecided_claim_is_inconclusive_beside_others_that_hold) {
  EXPECT_EQ(decide({.is_undecided = true, .requests = 10, .claims = 5}), Verdict::inconclusive);
}

TEST(Verdict, evidence_has_the_worst_of_the_findings) {
  const Finding held{.verdict = Verdict::pass};
  const Finding failed{.verdict = Verdict::fail};
  const Finding open{.verdict = Verdict::inconclusive};
  EXPECT_EQ(decide(evidence_of({held, open, failed}, 1, 3)), Verdict::fail);
  EXPECT_EQ(decide(evidence_of({held, open}, 1, 2)), Verdict::inconclusive);
  EXPECT_EQ(decide(evidence_of({held}, 1, 1)), Verdict::pass);
  EXPECT_EQ(decide(evidence_of({held}, 0, 1)), Verdict::inconclusive);
  EXPECT_EQ(decide(evidence_of({}, 1, 0)), Verdict::nothing_claimed);
}

TEST(Verdict, has_a_word_for_files_and_words_for_people) {
  EXPECT_STREQ(name_of(Verdict::nothing_claimed), "nothing_claimed");
  EXPECT_EQ(verdict_words(Verdict::nothing_claimed), "NOTHING CLAIMED");
  EXPECT_EQ(verdict_words(Verdict::inconclusive), "INCONCLUSIVE");
}

}  // namespace
}  // namespace windtunnel::sim::verdict_test
