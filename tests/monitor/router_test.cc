#include "monitor/router.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace windtunnel::monitor::router_test {
namespace {

constexpr ProviderId kOpenAi{0};
constexpr ProviderId kClaude{1};

RouterConfig experiment(std::vector<std::int64_t> weights, std::string id = "prompt-length") {
  RouterConfig config{.experiment_id = std::move(id), .variants = {}};
  for (std::size_t i = 0; i < weights.size(); ++i) {
    config.variants.push_back(
        {std::string(i / 26 + 1, static_cast<char>('a' + i % 26)), ProviderId(i % 2), weights[i]});
  }
  return config;
}

Request request_of(std::uint64_t user) {
  Request request;
  request.user = user;
  return request;
}

std::size_t variant_of(const Router& router, std::uint64_t user) {
  return router.choose(request_of(user)).variant.value();
}

TEST(Router, without_an_experiment_everything_goes_to_the_first_provider) {
  const Route route = Router{}.choose(request_of(7));
  EXPECT_FALSE(route.variant);
  EXPECT_EQ(route.provider, kOpenAi);
}

TEST(Router, an_explicit_provider_wins_and_is_outside_the_experiment) {
  const Router router{experiment({1, 0})};
  Request request = request_of(7);
  EXPECT_EQ(router.choose(request).provider, kOpenAi);
  request.provider = kClaude;
  EXPECT_EQ(router.choose(request).provider, kClaude);
  EXPECT_FALSE(router.choose(request).variant);
}

// Computed once by a separate program: the point of a user on a line of weight 100, in each of two experiments.
TEST(Router, points_are_pinned) {
  const auto point_of = [](const char* id, std::uint64_t user) {
    return variant_of(Router{experiment(std::vector<std::int64_t>(100, 1), id)}, user);
  };
  EXPECT_EQ(point_of("prompt-length", 0), 68U);
  EXPECT_EQ(point_of("prompt-length", 1), 49U);
  EXPECT_EQ(point_of("prompt-length", 2), 56U);
  EXPECT_EQ(point_of("prompt-length", 42), 19U);
  EXPECT_EQ(point_of("prompt-length", 12345678901234567890U), 99U);
  EXPECT_EQ(point_of("other", 0), 41U);
  EXPECT_EQ(point_of("other", 1), 80U);
}

// User 42 stands at point 19 of 100, user 1 at point 49.
TEST(Router, intervals_lie_in_file_order_and_exclude_their_end) {
  EXPECT_EQ(variant_of(Router{experiment({19, 81})}, 42), 1U);
  EXPECT_EQ(variant_of(Router{experiment({20, 80})}, 42), 0U);
  EXPECT_EQ(variant_of(Router{experiment({0, 20, 80})}, 42), 1U);
  EXPECT_EQ(variant_of(Router{experiment({20, 29, 51})}, 1), 2U);
  EXPECT_EQ(variant_of(Router{experiment({20, 30, 50})}, 1), 1U);
}

TEST(Router, gives_the_provider_of_the_variant) {
  const Router router{experiment({20, 30, 50})};
  EXPECT_EQ(router.choose(request_of(42)).provider, kOpenAi);
  EXPECT_EQ(router.choose(request_of(1)).provider, kClaude);
}

TEST(Router, depends_on_the_user_alone) {
  const Router router{experiment({1, 1})};
  for (std::uint64_t user = 0; user < 200; ++user) {
    Request other = request_of(user);
    other.id = RequestId{user + 99};
    other.content = {user, 1};
    other.input = Tokens{17};
    other.max_tokens = Tokens{18};
    other.labels = LabelsId{3};
    EXPECT_EQ(router.choose(other).variant, router.choose(request_of(user)).variant);
  }
}

TEST(Router, a_weight_of_zero_gets_no_user) {
  const Router router{experiment({0, 1, 0, 1, 0})};
  std::set<std::size_t> seen;
  for (std::uint64_t user = 0; user < 1000; ++user) seen.insert(variant_of(router, user));
  EXPECT_EQ(seen, (std::set<std::size_t>{1, 3}));
}

TEST(Router, two_experiments_divide_the_users_independently) {
  const Router router{experiment({1, 1}, "one")};
  const Router two{experiment({1, 1}, "two")};
  constexpr int kUsers = 40'000;
  int same = 0;
  for (std::uint64_t user = 0; user < kUsers; ++user) same += variant_of(router, user) == variant_of(two, user) ? 1 : 0;
  EXPECT_NEAR(same, kUsers / 2, 4 * std::sqrt(kUsers * 0.25));
}

TEST(Router, shares_follow_the_weights) {
  constexpr int kUsers = 100'000;
  for (const std::vector<std::int64_t>& weights : std::vector<std::vector<std::int64_t>>{
           {1, 1}, {9, 1}, {999, 1}, {3, 2, 5}, {kWeightMax, kWeightMax}, {1, kWeightMax, kWeightMax}}) {
    const Router router{experiment(weights)};
    std::vector<int> counts(weights.size());
    double total = 0;
    for (const std::int64_t weight : weights) total += static_cast<double>(weight);
    for (std::uint64_t user = 0; user < kUsers; ++user) ++counts[variant_of(router, user)];
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double share = static_cast<double>(weights[i]) / total;
      EXPECT_NEAR(counts[i], kUsers * share, 4 * std::sqrt(kUsers * share * (1 - share)) + 0.01) << i;
    }
  }
}

TEST(Router, configurations_that_assign_no_user_are_invalid) {
  EXPECT_FALSE(invalid(RouterConfig{}));
  EXPECT_FALSE(invalid(experiment({1})));
  EXPECT_FALSE(invalid(experiment({0, kWeightMax})));
  EXPECT_TRUE(invalid(experiment({})));
  EXPECT_TRUE(invalid(experiment({0, 0})));
  EXPECT_TRUE(invalid(experiment({1, -1})));
  EXPECT_TRUE(invalid(experiment({1, kWeightMax + 1})));
  EXPECT_TRUE(invalid(experiment({1, 1}, "")));
  RouterConfig config = experiment({1, 1});
  config.variants[1].id = "a";
  EXPECT_EQ(invalid(config), "two variants have the id a");
  config.variants[1].id = "";
  EXPECT_TRUE(invalid(config));
  config = experiment({1, 1});
  config.variants[1].provider = ProviderId{63};
  EXPECT_FALSE(invalid(config));
  config.variants[1].provider = ProviderId{64};
  EXPECT_TRUE(invalid(config));
}

// 1 : 1 and 500 : 500 are the same experiment.
RC_GTEST_PROP(Router, weights_in_other_units_assign_the_same, ()) {
  const auto weights =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 1000)));
  const auto factor = *rc::gen::inRange<std::int64_t>(1, 1000);
  std::vector<std::int64_t> scaled;
  for (const std::int64_t weight : weights) scaled.push_back(weight * factor);
  const Router router{experiment(weights)};
  const Router other{experiment(scaled)};
  const auto user = *rc::gen::arbitrary<std::uint64_t>();
  RC_ASSERT(variant_of(router, user) == variant_of(other, user));
}

}  // namespace
}  // namespace windtunnel::monitor::router_test
