#include "monitor/request.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace windtunnel::monitor::request_test {
namespace {

// The words are those of files and reports, and never change.
TEST(ReplyKind, has_its_word) {
  const std::array<std::string, kReplyKinds> words{
      "ok",        "timeout",   "connection_error", "server_error", "overloaded",     "rate_limited",
      "malformed", "truncated", "auth_or_quota",    "client_error", "context_length", "content_policy",
      "not_found", "auth",      "quota_exhausted"};
  for (std::size_t i = 0; i < kReplyKinds; ++i) EXPECT_EQ(name_of(static_cast<ReplyKind>(i)), words[i]);
}

TEST(Outcome, has_its_word) {
  const std::array<std::string, kOutcomes> words{"served",
                                                 "cache_hit",
                                                 "stale_hit",
                                                 "refused_rate",
                                                 "refused_tokens",
                                                 "refused_budget",
                                                 "client_error",
                                                 "failed",
                                                 "all_providers_unavailable",
                                                 "deadline_exceeded",
                                                 "broken_stream"};
  for (std::size_t i = 0; i < kOutcomes; ++i) EXPECT_EQ(name_of(static_cast<Outcome>(i)), words[i]);
}

TEST(Outcome, is_answered_or_refused_or_neither) {
  const std::array answered{Outcome::served, Outcome::cache_hit, Outcome::stale_hit};
  const std::array refused{Outcome::refused_rate, Outcome::refused_tokens, Outcome::refused_budget};
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    EXPECT_EQ(is_answered(outcome), std::ranges::count(answered, outcome) == 1) << name_of(outcome);
    EXPECT_EQ(is_refused(outcome), std::ranges::count(refused, outcome) == 1) << name_of(outcome);
  }
}

TEST(RequestDeath, a_value_that_is_no_word_is_a_mistake) {
  EXPECT_EXIT(name_of(static_cast<ReplyKind>(kReplyKinds)), testing::ExitedWithCode(1),
              "believed that a reply kind has a name \\(");
  EXPECT_EXIT(name_of(static_cast<Outcome>(kOutcomes)), testing::ExitedWithCode(1),
              "believed that an outcome has a name \\(");
}

TEST(Request, requests_500_output_tokens_by_default) { EXPECT_EQ(Request{}.max_tokens, Tokens{500}); }

}  // namespace
}  // namespace windtunnel::monitor::request_test
