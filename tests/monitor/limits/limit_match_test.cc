// Whose account a request, or a call, uses: a documented hash of the words that it carries, in the limit's order.

#include "monitor/limits/limit_match.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/stable_hash.h"

namespace windtunnel::monitor::limit_match_test {
namespace {

const LimitNames kNames{.routes = {"chat"}, .deployments = {"a", "b"}, .providers = {"x", "x"}};

LimitMatch match_of(std::vector<LimitWord> per, std::size_t place = 0) {
  LimitConfig limit;
  limit.per = std::move(per);
  return {limit, place, {"app", "stage"}, kNames};
}

TEST(CallerWord, is_a_hash_made_odd_so_that_none_is_0) {
  for (const std::string word : {"", "a", "red", "team-3/key-7"}) {
    EXPECT_EQ(caller_word(word), stable_hash(word) | 1U) << word;
  }
}

TEST(LimitMatch, hashes_the_words_in_order_from_the_place_of_the_limit) {
  LimitedRequest request;
  request.caller.key = 5;
  request.caller.team = 7;
  const LimitMatch match = match_of({{.scope = LimitScope::key}, {.scope = LimitScope::team}}, 3);
  EXPECT_EQ(match.account_of(request, std::nullopt), stable_hash(7, stable_hash(5, stable_hash(std::uint64_t{3}))));
}

TEST(LimitMatch, finds_each_tag_at_its_place) {
  LimitedRequest request;
  request.caller.tags = {5, 7, 0, 0};
  const LimitMatch match = match_of({{.scope = LimitScope::tag, .tag = "stage"}});
  EXPECT_EQ(match.account_of(request, std::nullopt), stable_hash(7, stable_hash(std::uint64_t{0})));
}

TEST(LimitMatch, counts_no_request_for_a_target_and_calls_at_theirs) {
  const LimitedRequest request;
  const LimitMatch by_deployment = match_of({{.scope = LimitScope::deployment}});
  const LimitMatch by_provider = match_of({{.scope = LimitScope::provider}});
  for (const LimitMatch& match : {by_deployment, by_provider}) {
    EXPECT_TRUE(match.is_of_targets());
    EXPECT_FALSE(match.account_of(request, std::nullopt));
  }
  EXPECT_NE(by_deployment.account_of(request, ProviderId{0}), by_deployment.account_of(request, ProviderId{1}));
  EXPECT_EQ(by_provider.account_of(request, ProviderId{0}), by_provider.account_of(request, ProviderId{1}));
}

}  // namespace
}  // namespace windtunnel::monitor::limit_match_test
