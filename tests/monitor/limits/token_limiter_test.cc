#include "monitor/limits/token_limiter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <tuple>
#include <vector>

namespace windtunnel::monitor::token_limiter_test {
namespace {

TokenLimiter limiter_of(TokenMode mode, std::int64_t limit, std::int64_t min_output = 1) {
  return TokenLimiter{{.mode = mode, .limit = Tokens{limit}, .min_output_tokens = Tokens{min_output}}};
}

// The output cap that a request of this size gets; -1 if it is refused. The limiter is a copy and stays as it was.
std::int64_t cap_of(TokenLimiter limiter, std::int64_t input, std::int64_t max_tokens = 100'000) {
  const auto grant = limiter.admit(Tokens{input}, Tokens{max_tokens});
  return grant ? grant->output.count() : -1;
}

TEST(TokenLimiter, grants_what_the_limit_leaves_after_the_input) {
  const TokenLimiter limiter = limiter_of(TokenMode::average, 500);
  EXPECT_EQ(cap_of(limiter, 150), 350);
  EXPECT_EQ(cap_of(limiter, 150, 80), 80);
  EXPECT_EQ(cap_of(limiter, 0), 500);
}

TEST(TokenLimiter, refuses_a_grant_below_the_least_output) {
  EXPECT_EQ(cap_of(limiter_of(TokenMode::average, 500), 499), 1);
  EXPECT_EQ(cap_of(limiter_of(TokenMode::average, 500), 500), -1);
  EXPECT_EQ(cap_of(limiter_of(TokenMode::average, 500, 50), 450), 50);
  EXPECT_EQ(cap_of(limiter_of(TokenMode::average, 500, 50), 451), -1);
  EXPECT_EQ(cap_of(limiter_of(TokenMode::average, 500, 50), 0, 49), -1);
  EXPECT_EQ(cap_of(limiter_of(TokenMode::average, 500, 0), 500), 0);
  EXPECT_EQ(cap_of(limiter_of(TokenMode::average, 500, 0), 501), -1);
  EXPECT_EQ(cap_of(limiter_of(TokenMode::average, 500, 0), 501, 0), -1);
}

TEST(TokenLimiter, settled_requests_earn_credit) {
  TokenLimiter limiter = limiter_of(TokenMode::average, 500);
  limiter.settle(limiter.admit(Tokens{100}, Tokens{400}).value(), Tokens{100}, Tokens{50});
  EXPECT_EQ(limiter.credit(), Tokens{350});
  EXPECT_EQ(cap_of(limiter, 100), 750);
}

TEST(TokenLimiter, requests_in_flight_earn_no_credit) {
  TokenLimiter limiter = limiter_of(TokenMode::average, 500);
  EXPECT_TRUE(limiter.admit(Tokens{10}, Tokens{10}));
  EXPECT_EQ(limiter.credit(), Tokens{0});
  EXPECT_EQ(cap_of(limiter, 100), 400);
}

TEST(TokenLimiter, requests_in_flight_above_the_limit_hold_credit_until_they_end) {
  TokenLimiter limiter = limiter_of(TokenMode::average, 500);
  limiter.settle(limiter.admit(Tokens{0}, Tokens{200}).value(), Tokens{0}, Tokens{200});  // credit 300
  const TokenGrant large = limiter.admit(Tokens{100}, Tokens{600}).value();               // 200 above the limit
  EXPECT_EQ(limiter.credit(), Tokens{100});
  EXPECT_EQ(cap_of(limiter, 0), 600);

  TokenLimiter settled = limiter;
  settled.settle(large, Tokens{100}, Tokens{600});
  EXPECT_EQ(settled.credit(), Tokens{100});
  TokenLimiter settled_low = limiter;
  settled_low.settle(large, Tokens{100}, Tokens{0});
  EXPECT_EQ(settled_low.credit(), Tokens{700});
  limiter.release(large);
  EXPECT_EQ(limiter.credit(), Tokens{300});
}

TEST(TokenLimiter, a_released_request_does_not_count) {
  TokenLimiter limiter = limiter_of(TokenMode::average, 500);
  limiter.release(limiter.admit(Tokens{1}, Tokens{1}).value());
  EXPECT_EQ(limiter.credit(), Tokens{0});
  EXPECT_EQ(limiter.settled_requests(), 0);
  EXPECT_EQ(limiter.settled_tokens(), Tokens{0});
  EXPECT_EQ(limiter.reserved(), Tokens{0});
  EXPECT_EQ(limiter.in_flight(), 0);
}

TEST(TokenLimiter, per_request_admits_up_to_the_limit_and_never_cuts) {
  EXPECT_EQ(cap_of(limiter_of(TokenMode::per_request, 500), 100, 400), 400);
  EXPECT_EQ(cap_of(limiter_of(TokenMode::per_request, 500), 100, 401), -1);
  EXPECT_EQ(cap_of(limiter_of(TokenMode::per_request, 500), 500, 0), 0);

  TokenLimiter limiter = limiter_of(TokenMode::per_request, 500);
  limiter.settle(limiter.admit(Tokens{0}, Tokens{100}).value(), Tokens{0}, Tokens{0});
  EXPECT_EQ(cap_of(limiter, 100, 401), -1);
}

TEST(TokenLimiter, off_grants_everything) {
  EXPECT_EQ(cap_of(limiter_of(TokenMode::off, 0), 100'000'000, 100'000'000), 100'000'000);
  EXPECT_EQ(cap_of(limiter_of(TokenMode::off, 0), 0, 0), 0);
}

TEST(TokenLimiter, a_limit_of_zero_admits_nothing) {
  EXPECT_EQ(cap_of(limiter_of(TokenMode::average, 0), 0), -1);
  EXPECT_EQ(cap_of(limiter_of(TokenMode::per_request, 0), 0, 1), -1);
}

TEST(TokenLimiter, counts_refusals_and_cut_grants) {
  TokenLimiter limiter = limiter_of(TokenMode::average, 500);
  EXPECT_TRUE(limiter.admit(Tokens{100}, Tokens{400}));
  EXPECT_EQ(limiter.cut(), 0);
  EXPECT_TRUE(limiter.admit(Tokens{100}, Tokens{401}));
  EXPECT_EQ(limiter.cut(), 1);
  EXPECT_EQ(limiter.refused(), 0);
  EXPECT_FALSE(limiter.admit(Tokens{600}, Tokens{1}));
  EXPECT_EQ(limiter.refused(), 1);
  EXPECT_EQ(limiter.reserved(), Tokens{1000});
  EXPECT_EQ(limiter.in_flight(), 2);
}

TEST(TokenLimiter, more_than_was_granted_is_counted_truly) {
  TokenLimiter limiter = limiter_of(TokenMode::average, 500);
  limiter.settle(limiter.admit(Tokens{100}, Tokens{400}).value(), Tokens{100}, Tokens{450});
  EXPECT_EQ(limiter.settled_tokens(), Tokens{550});
  EXPECT_EQ(limiter.credit(), Tokens{-50});
  EXPECT_EQ(cap_of(limiter, 0), 450);
}

TEST(TokenLimiter, a_grant_ends_once) {
  TokenLimiter limiter = limiter_of(TokenMode::average, 500);
  const TokenGrant grant = limiter.admit(Tokens{1}, Tokens{1}).value();
  limiter.release(grant);
  EXPECT_EXIT(limiter.release(grant), testing::ExitedWithCode(1), "a grant ends once");
}

TEST(TokenLimiter, a_grant_of_no_tokens_ends_once_too) {
  TokenLimiter limiter = limiter_of(TokenMode::off, 500);
  const TokenGrant grant = limiter.admit(Tokens{0}, Tokens{0}).value();
  limiter.release(grant);
  EXPECT_EXIT(limiter.release(grant), testing::ExitedWithCode(1), "a grant ends once");
}

TEST(TokenLimiter, only_an_average_takes_from_the_credit) {
  for (const TokenMode mode : {TokenMode::off, TokenMode::per_request, TokenMode::average}) {
    TokenLimiter limiter = limiter_of(mode, 500);
    limiter.settle(limiter.admit(Tokens{100}, Tokens{300}).value(), Tokens{100}, Tokens{300});
    const Tokens before = limiter.credit();
    EXPECT_TRUE(limiter.admit(Tokens{100}, mode == TokenMode::average ? Tokens{450} : Tokens{400}));
    EXPECT_EQ(limiter.credit(), before - Tokens{mode == TokenMode::average ? 50 : 0});
  }
}

TEST(TokenLimiter, configurations_out_of_range_are_invalid) {
  EXPECT_FALSE(invalid(TokenLimiterConfig{}));
  EXPECT_FALSE(invalid(TokenLimiterConfig{.limit = Tokens{200'000'000}, .min_output_tokens = Tokens{100'000'000}}));
  EXPECT_TRUE(invalid(TokenLimiterConfig{.limit = Tokens{-1}}));
  EXPECT_TRUE(invalid(TokenLimiterConfig{.limit = Tokens{200'000'001}}));
  EXPECT_TRUE(invalid(TokenLimiterConfig{.min_output_tokens = Tokens{-1}}));
  EXPECT_TRUE(invalid(TokenLimiterConfig{.min_output_tokens = Tokens{100'000'001}}));
}

// The rule as it is written, added up again from the whole history each time.
struct AverageModel {
  std::int64_t limit;
  std::int64_t min_output;
  std::vector<std::int64_t> settled;
  std::vector<TokenGrant> in_flight;

  std::int64_t credit() const {
    std::int64_t credit = 0;
    for (const std::int64_t tokens : settled) credit += limit - tokens;
    for (const TokenGrant& grant : in_flight) {
      const std::int64_t held = grant.input.count() + grant.output.count();
      if (held > limit) credit -= held - limit;
    }
    return credit;
  }
};

RC_GTEST_PROP(TokenLimiter, the_average_never_exceeds_the_limit, ()) {
  AverageModel model{*rc::gen::inRange<std::int64_t>(0, 60), *rc::gen::inRange<std::int64_t>(0, 5), {}, {}};
  TokenLimiter limiter = limiter_of(TokenMode::average, model.limit, model.min_output);
  using Step = std::tuple<int, std::int64_t, std::int64_t>;
  const auto steps = *rc::gen::container<std::vector<Step>>(rc::gen::tuple(
      rc::gen::inRange(0, 8), rc::gen::inRange<std::int64_t>(0, 100), rc::gen::inRange<std::int64_t>(0, 200)));
  for (const auto& [kind, input, amount] : steps) {
    if (kind < 4 || model.in_flight.empty()) {
      const std::int64_t cap = std::min(amount, model.limit + model.credit() - input);
      const auto grant = limiter.admit(Tokens{input}, Tokens{amount});
      RC_ASSERT(grant.has_value() == (cap >= model.min_output && cap >= 0));
      if (!grant) continue;
      RC_ASSERT(grant->input == Tokens{input});
      RC_ASSERT(grant->output == Tokens{cap});
      model.in_flight.push_back(*grant);
      continue;
    }
    const auto place = model.in_flight.begin() + input % static_cast<std::int64_t>(model.in_flight.size());
    const TokenGrant grant = *place;
    model.in_flight.erase(place);
    if (kind == 7) {
      limiter.release(grant);
    } else {
      const std::int64_t output = kind == 6 ? grant.output.count() : amount % (grant.output.count() + 1);
      limiter.settle(grant, grant.input, Tokens{output});
      model.settled.push_back(grant.input.count() + output);
      std::int64_t total = 0;
      for (const std::int64_t tokens : model.settled) total += tokens;
      RC_ASSERT(total <= model.limit * static_cast<std::int64_t>(model.settled.size()));
      RC_ASSERT(limiter.settled_tokens() == Tokens{total});
      RC_ASSERT(limiter.settled_requests() == static_cast<std::int64_t>(model.settled.size()));
    }
    RC_ASSERT(limiter.credit() == Tokens{model.credit()});
  }
  for (const TokenGrant& grant : model.in_flight) limiter.release(grant);
  RC_ASSERT(limiter.reserved() == Tokens{0});
  RC_ASSERT(limiter.in_flight() == 0);
}

// The other half of the property: credit that was earned is spent, so that the average comes close to the limit.
TEST(TokenLimiter, credit_is_used_up_to_the_last_token) {
  TokenLimiter limiter = limiter_of(TokenMode::average, 500);
  for (int i = 0; i < 9; ++i) {
    limiter.settle(limiter.admit(Tokens{10}, Tokens{90}).value(), Tokens{10}, Tokens{90});
  }
  const TokenGrant grant = limiter.admit(Tokens{10}, Tokens{100'000}).value();
  limiter.settle(grant, grant.input, grant.output);
  EXPECT_EQ(limiter.settled_tokens(), Tokens{5000});
  EXPECT_EQ(limiter.settled_requests(), 10);
}

}  // namespace
}  // namespace windtunnel::monitor::token_limiter_test
