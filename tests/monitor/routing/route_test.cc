// What routes may say beyond what plan_test.cc follows: every place that names something that is not there, numbers at
// their edges, rules in circles, and whose breaker a deployment has.

#include "monitor/routing/route.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/monitor/plan_rig.h"

namespace windtunnel::monitor::route_test {
namespace {

using namespace plan_rig;

constexpr std::size_t kDeployments = 4;

std::string keys_of_problems(const RoutesConfig& routes) {
  std::string text;
  for (const RouteProblem& problem : problems_of(routes, kDeployments)) {
    EXPECT_FALSE(problem.message.empty());
    text += (text.empty() ? "" : ", ") + std::to_string(problem.route) + ":" + problem.key;
  }
  return text;
}
std::string keys_of_problems(const RouteConfig& route) { return keys_of_problems(RoutesConfig{.routes = {route}}); }

// A chat route over two deployments, "cheap" over the third.
RoutesConfig two_routes() { return {.routes = {route_over(2), {.name = "cheap", .targets = {target(2)}}}}; }

TEST(Routes, name_deployments_and_routes_that_exist) {
  RoutesConfig routes = two_routes();
  routes.routes[1].targets = {target(kDeployments - 1)};
  EXPECT_EQ(keys_of_problems(routes), "");
  routes.routes[1].targets = {target(kDeployments)};
  EXPECT_EQ(keys_of_problems(routes), "1:targets/0/deployment");
  routes.routes[1].targets = {nested(2)};
  EXPECT_EQ(keys_of_problems(routes), "1:targets/0/route");
  routes.routes[1].targets = {nested(0)};
  EXPECT_EQ(keys_of_problems(routes), "");
}

TEST(Routes, have_targets_that_are_one_thing_each) {
  RouteConfig route = route_over(1);
  route.targets.push_back({});
  EXPECT_EQ(keys_of_problems(route), "0:targets/1");
  RoutesConfig routes = two_routes();
  routes.routes[0].targets = {{.deployment = deployment(0), .route = route_id(1)}};
  EXPECT_EQ(keys_of_problems(routes), "0:targets/0");
  routes.routes[0].targets = {nested(1), target(1), nested(1)};
  EXPECT_EQ(keys_of_problems(routes), "0:targets/2");
}

TEST(Routes, have_at_most_64_targets) {
  RoutesConfig routes;
  for (const std::size_t count : {kTargetsMax, kTargetsMax + 1}) {
    routes.routes = {route_over(count)};
    const auto problems = problems_of(routes, 65);
    EXPECT_EQ(problems.size(), count - kTargetsMax);
    for (const RouteProblem& problem : problems) EXPECT_EQ(problem.key, "targets");
  }
}

TEST(Routes, have_weights_from_0_to_10_to_the_12) {
  for (const auto& [weight, is_possible] :
       {std::pair{std::int64_t{0}, true}, std::pair{kRouteWeightMax, true}, std::pair{std::int64_t{-1}, false},
        std::pair{kRouteWeightMax + 1, false}}) {
    const RouteConfig route{.name = "chat", .targets = {target(0), target(1, weight)}};
    EXPECT_EQ(keys_of_problems(route), is_possible ? "" : "0:targets/1/weight") << weight;
  }
}

TEST(Routes, ask_a_target_and_a_tier_once_at_least) {
  RouteConfig route = route_over(1);
  route.retry.max_attempts = 1;
  route.retry.attempts_per_priority = 1;
  EXPECT_EQ(keys_of_problems(route), "");
  route.retry.max_attempts = 0;
  EXPECT_EQ(keys_of_problems(route), "0:retry/max_attempts");
  route.retry.max_attempts = 2;
  route.retry.attempts_per_priority = 0;
  EXPECT_EQ(keys_of_problems(route), "0:retry/attempts_per_priority");
}

TEST(Routes, fall_back_to_other_routes_that_exist) {
  RoutesConfig routes = two_routes();
  routes.routes[1].fallback = fallbacks({{route_id(0)}, {route_id(2)}, {route_id(1)}});
  EXPECT_EQ(keys_of_problems(routes), "1:fallback/1/route, 1:fallback/2/route");
  routes.routes[1].fallback.reset();
  routes.default_fallback = {{route_id(1)}};
  EXPECT_EQ(keys_of_problems(routes), "");
  routes.default_fallback = {{route_id(2)}};
  EXPECT_EQ(keys_of_problems(routes), "2:fallback");
}

TEST(Routes, have_rules_that_lead_somewhere_and_never_back) {
  const auto rule = [](std::size_t route, Tags when = {{"plan", "paid"}}) {
    return RouteRule{std::move(when), route_id(route)};
  };
  RoutesConfig routes = two_routes();
  routes.routes.push_back({.name = "large", .targets = {target(3)}});
  routes.routes[0].rules = {rule(1), rule(2)};
  routes.routes[1].rules = {rule(2)};
  EXPECT_EQ(keys_of_problems(routes), "");
  routes.routes[0].rules = {rule(2), rule(3)};
  EXPECT_EQ(keys_of_problems(routes), "0:rules/1/route");
  routes.routes[0].rules = {rule(1, {})};
  EXPECT_EQ(keys_of_problems(routes), "0:rules/0/when");
  routes.routes[0].rules = {rule(0)};
  EXPECT_EQ(keys_of_problems(routes), "0:rules/0/route");
  routes.routes[0].rules = {rule(1)};
  routes.routes[2].rules = {rule(0)};
  EXPECT_EQ(keys_of_problems(routes), "0:rules/0/route, 1:rules/0/route, 2:rules/0/route");
}

// A circle of two others is their affair.
TEST(Routes, that_lead_into_a_circle_of_others_are_no_part_of_it) {
  RoutesConfig routes = two_routes();
  routes.routes.push_back({.name = "large", .targets = {target(3)}});
  const Tags paid{{"plan", "paid"}};
  routes.routes[0].rules = {{paid, route_id(1)}};
  routes.routes[1].rules = {{paid, route_id(2)}};
  routes.routes[2].rules = {{paid, route_id(1)}};
  EXPECT_EQ(keys_of_problems(routes), "1:rules/0/route, 2:rules/0/route");
}

TEST(Routes, reached_on_two_ways_are_no_circle) {
  RoutesConfig routes{.routes = {{.name = "top", .targets = {nested(1), nested(2)}},
                                 {.name = "left", .targets = {nested(3)}},
                                 {.name = "right", .targets = {nested(3)}},
                                 {.name = "bottom", .targets = {target(0)}}}};
  EXPECT_EQ(keys_of_problems(routes), "");
}

TEST(Routes, reached_on_two_ways_below_a_target_are_no_circle) {
  RoutesConfig routes{.routes = {{.name = "top", .targets = {nested(1)}},
                                 {.name = "fork", .targets = {nested(2), nested(3)}},
                                 {.name = "left", .targets = {nested(4)}},
                                 {.name = "right", .targets = {nested(4)}},
                                 {.name = "bottom", .targets = {target(0)}}}};
  EXPECT_EQ(keys_of_problems(routes), "");
  routes.routes[3].targets = {nested(0)};
  EXPECT_EQ(keys_of_problems(routes), "0:targets/0/route, 1:targets/1/route, 3:targets/0/route");
}

TEST(Routes, below_a_target_that_name_no_route_have_their_own_problem) {
  const RoutesConfig routes{.routes = {{.name = "top", .targets = {nested(1)}}, {.name = "a", .targets = {nested(2)}}}};
  EXPECT_EQ(keys_of_problems(routes), "1:targets/0/route");
}

TEST(Routes, in_a_circle_below_another_one_are_found_from_each) {
  const RoutesConfig routes{.routes = {{.name = "top", .targets = {target(0), nested(1)}},
                                       {.name = "a", .targets = {nested(2)}},
                                       {.name = "b", .targets = {nested(1)}}}};
  EXPECT_EQ(keys_of_problems(routes), "0:targets/1/route, 1:targets/0/route, 2:targets/0/route");
}

TEST(Routes, drawn_by_weight_have_one_in_each_tier) {
  RouteConfig route{
      .name = "chat", .targets = {target(0, 0), target(1, 3), target(2, 0, 1)}, .balance = Balance::weighted};
  EXPECT_EQ(keys_of_problems(route), "0:targets");
  route.targets[2].weight = 1;
  EXPECT_EQ(keys_of_problems(route), "");
}

// --- Rules ---------------------------------------------------------------------------------------------------------

TEST(Routes, rules_are_followed_from_route_to_route_as_long_as_one_matches) {
  RoutesConfig routes;
  for (std::size_t i = 0; i < 3; ++i) routes.routes.push_back({.name = std::to_string(i), .targets = {target(i)}});
  routes.routes[0].rules = {{{{"plan", "paid"}}, route_id(1)}};
  routes.routes[1].rules = {{{{"plan", "paid"}, {"region", "eu"}}, route_id(2)}};
  EXPECT_EQ(route_by_rules(routes, route_id(0), {{"plan", "paid"}}), route_id(1));
  EXPECT_EQ(route_by_rules(routes, route_id(0), {{"plan", "paid"}, {"region", "eu"}}), route_id(2));
  EXPECT_EQ(route_by_rules(routes, route_id(1), {{"region", "eu"}}), route_id(1));
}

// --- Breakers ------------------------------------------------------------------------------------------------------

NamedBreaker opens_after(std::int64_t failures) {
  NamedBreaker breaker;
  breaker.config.consecutive_threshold = failures;
  return breaker;
}

// By deployment the failures after which the breaker of a route opens; 0: no route states one.
std::vector<std::int64_t> thresholds(const RoutesConfig& routes) {
  std::vector<std::int64_t> all;
  for (const NamedBreaker* breaker : breakers_of_routes(routes, kDeployments)) {
    all.push_back(breaker == nullptr ? 0 : breaker->config.consecutive_threshold.value_or(-1));
  }
  return all;
}

TEST(Routes, state_the_breakers_of_the_deployments_that_they_reach_the_innermost_first) {
  RoutesConfig routes{.routes = {{.name = "outer", .targets = {target(0), nested(1), nested(2)}},
                                 {.name = "inner", .targets = {target(1)}},
                                 {.name = "plain", .targets = {target(2)}}}};
  EXPECT_EQ(thresholds(routes), (std::vector<std::int64_t>{0, 0, 0, 0}));
  routes.routes[0].breaker = opens_after(2);
  EXPECT_EQ(thresholds(routes), (std::vector<std::int64_t>{2, 2, 2, 0}));
  routes.routes[1].breaker = opens_after(3);
  EXPECT_EQ(thresholds(routes), (std::vector<std::int64_t>{2, 3, 2, 0}));
}

TEST(Routes, state_breakers_four_levels_deep) {
  RoutesConfig routes;
  for (std::size_t i = 0; i < 3; ++i) routes.routes.push_back({.name = std::to_string(i), .targets = {nested(i + 1)}});
  routes.routes.push_back({.name = "3", .targets = {target(0)}});
  routes.routes[0].breaker = opens_after(2);
  EXPECT_EQ(thresholds(routes)[0], 2);
}

TEST(Routes, agree_about_the_breaker_of_a_deployment) {
  RoutesConfig routes{.routes = {{.name = "a", .targets = {target(0), target(1)}, .breaker = opens_after(2)},
                                 {.name = "b", .targets = {target(2), target(1)}, .breaker = opens_after(2)}}};
  EXPECT_EQ(keys_of_problems(routes), "");
  routes.routes[1].breaker = opens_after(3);
  EXPECT_EQ(keys_of_problems(routes), "1:circuit_breaker");
  routes.routes[1].targets.pop_back();
  EXPECT_EQ(keys_of_problems(routes), "") << "no deployment is common";
  routes.routes[1].targets = {target(2), nested(0)};
  EXPECT_EQ(keys_of_problems(routes), "") << "the inner route's breaker is that of its deployments";
  routes.routes[0].breaker.reset();
  EXPECT_EQ(keys_of_problems(routes), "") << "one route alone states it";
}

// Each of these settings is refused for another reason; the breakers are judged all the same.
TEST(Routes, state_breakers_where_targets_cannot_be_followed) {
  RoutesConfig routes{
      .routes = {{.name = "a", .targets = {target(0), target(kDeployments)}, .breaker = opens_after(2)}}};
  EXPECT_EQ(keys_of_problems(routes), "0:targets/1/deployment");
  routes.routes[0].targets[1] = nested(1);
  EXPECT_EQ(keys_of_problems(routes), "0:targets/1/route");
  routes.routes[0].targets[1] = nested(0);
  EXPECT_EQ(keys_of_problems(routes), "0:targets/1/route");
  EXPECT_EQ(thresholds(routes)[0], 2);
}

TEST(Routes, agree_about_a_breaker_that_a_route_too_deep_states) {
  const RouteConfig plain{.name = "plain", .targets = {target(0)}, .breaker = opens_after(3)};
  for (const std::size_t first : {0U, 1U}) {
    RoutesConfig routes;
    if (first == 1) routes.routes.push_back(plain);
    for (std::size_t i = 0; i < 4; ++i) routes.routes.push_back({.name = "deep", .targets = {nested(first + i + 1)}});
    routes.routes.push_back({.name = "deepest", .targets = {target(0)}});
    if (first == 0) routes.routes.push_back(plain);
    routes.routes[first].breaker = opens_after(2);
    EXPECT_EQ(keys_of_problems(routes),
              first == 0 ? "0:targets/0/route, 5:circuit_breaker" : "1:targets/0/route, 1:circuit_breaker");
    EXPECT_EQ(thresholds(routes)[0], first == 0 ? 3 : 2) << "the last route's";
  }
}

TEST(Routes, state_breakers_that_can_be_followed) {
  RouteConfig route = route_over(1);
  route.breaker = opens_after(0);
  EXPECT_EQ(keys_of_problems(route), "0:circuit_breaker");
}

}  // namespace
}  // namespace windtunnel::monitor::route_test
