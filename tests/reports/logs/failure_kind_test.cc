#include "reports/logs/failure_kind.h"

#include <gtest/gtest.h>

#include <string>

namespace windtunnel::reports::failure_kind_test {
namespace {

using monitor::ReplyKind;

std::string kind_of(const LogRow& row) {
  const auto kind = failure_kind(row);
  return kind ? name_of(*kind) : "unknown";
}
std::string kind_named(const std::string& error) { return kind_of({.error = error}); }

TEST(FailureKind, of_a_status_is_the_gateways) {
  EXPECT_EQ(kind_of({.status = 408}), "timeout");
  EXPECT_EQ(kind_of({.status = 504}), "timeout");
  EXPECT_EQ(kind_of({.status = 429}), "rate_limited");
  EXPECT_EQ(kind_of({.status = 402}), "auth_or_quota");
  EXPECT_EQ(kind_of({.status = 529}), "overloaded");
  EXPECT_EQ(kind_of({.status = 400}), "client_error");
  EXPECT_EQ(kind_of({.status = 500}), "server_error");
  EXPECT_EQ(kind_of({.status = 500, .error = "Timeout"}), "server_error");
}

TEST(FailureKind, of_a_status_that_is_no_failure_is_that_of_the_error) {
  EXPECT_EQ(kind_of({.status = 200, .error = "Timeout"}), "timeout");
  EXPECT_EQ(kind_of({.status = 200}), "unknown");
}

TEST(FailureKind, of_a_librarys_exception_is_in_its_name) {
  EXPECT_EQ(kind_named("Timeout"), "timeout");
  EXPECT_EQ(kind_named("openai.APITimeoutError"), "timeout");
  EXPECT_EQ(kind_named("java.net.SocketTimeoutException"), "timeout");
  EXPECT_EQ(kind_named("APIConnectionError: litellm.APIConnectionError"), "connection_error");
  EXPECT_EQ(kind_named("litellm.RateLimitError: RateLimitError - quota"), "rate_limited");
  EXPECT_EQ(kind_named("ContextWindowExceededError"), "client_error");
  EXPECT_EQ(kind_named("AuthenticationError"), "auth_or_quota");
  EXPECT_EQ(kind_named("overloaded_error"), "overloaded");
  EXPECT_EQ(kind_named("ServiceUnavailableError"), "server_error");
}

TEST(FailureKind, of_a_text_is_that_of_its_first_words) {
  EXPECT_EQ(kind_named("Timeout: request timed out after 60s"), "timeout");
  EXPECT_EQ(kind_named("the call to the upstream of this model timed out at last"), "timeout");
  EXPECT_EQ(kind_named("Connection error."), "connection_error");
  EXPECT_EQ(kind_named("the value of the parameter timeout is not a number"), "unknown");
  EXPECT_EQ(kind_named("_OTHER"), "unknown");
  EXPECT_EQ(kind_named(""), "unknown");
}

TEST(FailureKind, of_our_own_words_is_what_they_say) {
  for (const ReplyKind kind : {ReplyKind::malformed, ReplyKind::truncated, ReplyKind::quota_exhausted}) {
    EXPECT_EQ(kind_named(name_of(kind)), name_of(kind));
  }
  EXPECT_EQ(kind_named("ok"), "unknown");
}

}  // namespace
}  // namespace windtunnel::reports::failure_kind_test
