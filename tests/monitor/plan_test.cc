// Who is asked next, and after what: tiers, retries, failover, fallback, nested routes, time.

#include <gtest/gtest.h>

#include "tests/monitor/plan_rig.h"

namespace windtunnel::monitor::plan_test {
namespace {

using namespace plan_rig;

RoutesConfig only(RouteConfig route) { return {.routes = {std::move(route)}}; }

TEST(Plan, asks_tier_after_tier_and_within_a_tier_in_file_order) {
  RouteConfig route{.name = "chat", .targets = {target(3, 1, 5), target(1), target(0, 1, 5), target(2)}};
  EXPECT_EQ(PlanRig{only(route)}.order(), "1 2 3 0");
}

TEST(Plan, asks_tiers_by_their_priority_wherever_they_stand) {
  RouteConfig route{.name = "chat", .targets = {target(0, 1, 1), target(1, 1, 2), target(2, 1, 0)}};
  EXPECT_EQ(PlanRig{only(route)}.order(), "2 0 1");
}

TEST(Plan, a_request_asks_for_a_route_that_exists) {
  PlanRig rig{only(route_over(1))};
  EXPECT_EXIT(rig.begin(1, {}, 0, 1), testing::ExitedWithCode(1), "a request asks for a route that exists");
}

TEST(Plan, passes_over_targets_that_may_not_be_called_whatever_failover_is) {
  RouteConfig route = route_over(3);
  route.failover.reset();
  PlanRig rig{only(route)};
  auto asked = rig.begin(1);
  EXPECT_EQ(rig.pass_over(asked), NextStep::go_on);
  EXPECT_EQ(rig.pass_over(asked), NextStep::go_on);
  EXPECT_EQ(asked.turn.target, deployment(2));
  EXPECT_EQ(rig.pass_over(asked), NextStep::over);
}

TEST(Plan, retries_the_same_target_as_often_as_it_may_and_then_fails_over) {
  RouteConfig route = route_over(2);
  route.retry.max_attempts = 3;
  EXPECT_EQ(PlanRig{only(route)}.order(), "0 ~0 ~0 1 ~1 ~1");
  route.retry.per = RetryPer::route;
  EXPECT_EQ(PlanRig{only(route)}.order(), "0 ~0 ~0 1");
}

TEST(Plan, retries_at_another_target_at_once_and_begins_again_with_none_left) {
  RouteConfig route = route_over(2);
  route.retry = {.max_attempts = 5, .per = RetryPer::route, .where = RetryWhere::another_target};
  EXPECT_EQ(PlanRig{only(route)}.order(), "0 1 0 1 0 1");  // the last is failover, which no attempt limits
  route.failover.reset();
  EXPECT_EQ(PlanRig{only(route)}.order(), "0 1 0 1 0");
  route.retry.per = RetryPer::target;
  route.retry.max_attempts = 2;
  EXPECT_EQ(PlanRig{only(route)}.order(), "0 1 0 1");
  route.targets.pop_back();
  EXPECT_EQ(PlanRig{only(route)}.order(), "0 ~0");  // alone, it is given the back-off
}

TEST(Plan, retries_the_whole_route_after_a_back_off) {
  RouteConfig route = route_over(2);
  route.retry = {.max_attempts = 2, .where = RetryWhere::whole_route};
  EXPECT_EQ(PlanRig{only(route)}.order(), "0 1 ~0 1");
}

TEST(Plan, a_round_without_a_call_is_the_last) {
  RouteConfig route = route_over(2);
  route.retry = {.max_attempts = 9, .where = RetryWhere::whole_route};
  PlanRig rig{only(route)};
  auto asked = rig.begin(1);
  rig.fail(asked);
  EXPECT_EQ(rig.plan.after(asked.turn, {}, rig.query(asked), std::nullopt, {ReplyKind::server_error}, true),
            NextStep::retry);
  EXPECT_EQ(asked.turn.target, deployment(0));
  EXPECT_EQ(rig.pass_over(asked), NextStep::go_on);
  EXPECT_EQ(rig.pass_over(asked), NextStep::over);
}

TEST(Plan, without_a_number_of_its_own_a_route_has_that_of_the_deployment_called_last) {
  RouteConfig route = route_over(2);
  route.retry.where = RetryWhere::whole_route;
  std::vector<ProviderConfig> all;
  for (const char* name : {"a", "b"}) all.push_back({.name = name, .model = "m", .tariffs = {{}}});
  all[1].max_attempts = 2;
  Plan plan{only(route), {}, all};
  Request request;
  const PlanQuery query{.request = request, .output_max = Tokens{1}, .tariffs = {}};
  Turn turn;
  plan.begin(turn, query);
  plan.on_start(turn);
  plan.on_end(turn.target, ReplyKind::server_error, 1s, Tokens{}, query);
  const auto server_error = ReplyKind::server_error;
  EXPECT_EQ(plan.after(turn, {}, query, server_error, {server_error}, true), NextStep::go_on);
  EXPECT_EQ(turn.target, deployment(1));
  EXPECT_EQ(plan.after(turn, {}, query, std::nullopt, {server_error}, true), NextStep::over);  // a has one attempt
}

TEST(Plan, leaves_a_tier_after_its_attempts) {
  RouteConfig route{.name = "chat", .targets = {target(0), target(1), target(2), target(3, 1, 1)}};
  route.retry.max_attempts = 2;
  route.retry.attempts_per_priority = 3;
  EXPECT_EQ(PlanRig{only(route)}.order(), "0 ~0 1 3 ~3");
}

TEST(Plan, retries_and_fails_over_only_after_the_kinds_that_it_names) {
  RouteConfig route = route_over(2);
  route.retry = {.max_attempts = 2, .on = kinds({ReplyKind::timeout})};
  route.failover = kinds({ReplyKind::server_error});
  EXPECT_EQ(PlanRig{only(route)}.order(1, ReplyKind::timeout), "0 ~0");
  EXPECT_EQ(PlanRig{only(route)}.order(1, ReplyKind::server_error), "0 1");
  EXPECT_EQ(PlanRig{only(route)}.order(1, ReplyKind::overloaded), "0");
}

TEST(Plan, by_default_lasting_failures_move_on_without_a_retry) {
  RouteConfig route = route_over(2);
  route.retry.max_attempts = 2;
  for (const ReplyKind kind :
       {ReplyKind::auth_or_quota, ReplyKind::auth, ReplyKind::quota_exhausted, ReplyKind::not_found}) {
    EXPECT_EQ(PlanRig{only(route)}.order(1, kind), "0 1") << name_of(kind);
  }
  EXPECT_EQ(PlanRig{only(route)}.order(1, ReplyKind::rate_limited), "0 ~0 1 ~1");
  ProviderCallConfig call;
  call.rate_limited_retries = false;
  EXPECT_EQ((PlanRig{only(route), 4, call}.order(1, ReplyKind::rate_limited)), "0 1");
}

TEST(Plan, falls_back_by_kind_to_the_first_route_that_names_it_and_never_twice) {
  RouteConfig chat = route_over(1);
  chat.fallback = fallbacks({{route_id(1), kinds({ReplyKind::context_length})}, {route_id(2)}});
  RouteConfig large{.name = "large", .targets = {target(1)}, .fallback = fallbacks({{route_id(0)}})};
  RouteConfig cheap{.name = "cheap", .targets = {target(2)}, .fallback = fallbacks({{route_id(0)}})};
  const RoutesConfig routes{.routes = {chat, large, cheap}};
  EXPECT_EQ(PlanRig{routes}.order(1, ReplyKind::server_error), "0 2");
  EXPECT_EQ(PlanRig{routes}.order(1, ReplyKind::context_length), "0 1");
  EXPECT_EQ(PlanRig{routes}.order(1, ReplyKind::content_policy), "0");
}

TEST(Plan, without_any_call_only_a_fallback_for_any_failure_is_taken) {
  RouteConfig chat = route_over(1);
  chat.fallback = fallbacks({{route_id(1), kinds({ReplyKind::timeout})}, {route_id(2)}});
  const RoutesConfig routes{
      .routes = {chat, {.name = "large", .targets = {target(1)}}, {.name = "cheap", .targets = {target(2)}}}};
  PlanRig rig{routes};
  auto asked = rig.begin(1);
  EXPECT_EQ(rig.pass_over(asked), NextStep::go_on);
  EXPECT_EQ(asked.turn.target, deployment(2));
}

TEST(Plan, the_default_fallback_is_that_of_routes_without_their_own) {
  RoutesConfig routes{.routes = {route_over(1), {.name = "cheap", .targets = {target(2)}}}};
  routes.default_fallback = {{route_id(1)}};
  EXPECT_EQ(PlanRig{routes}.order(), "0 2");
  routes.routes[0].fallback.emplace();
  EXPECT_EQ(PlanRig{routes}.order(), "0");
}

TEST(Plan, tries_a_nested_route_as_one_target_by_its_own_rules) {
  RouteConfig outer{.name = "outer", .targets = {nested(1), target(3)}};
  RouteConfig inner{.name = "inner", .targets = {target(0), target(1)}};
  inner.retry.max_attempts = 2;
  inner.fallback = fallbacks({{route_id(2)}});  // holds only where inner is asked for
  const RoutesConfig routes{.routes = {outer, inner, {.name = "cheap", .targets = {target(2)}}}};
  EXPECT_EQ(PlanRig{routes}.order(), "0 ~0 1 ~1 3");
}

// The inner route moves on after the request's own failure; the outer one does not name it, and acts on the failure of
// another target before.
TEST(Plan, each_level_acts_on_the_own_failure_of_a_request_only_if_it_names_it) {
  RouteConfig outer{.name = "outer", .targets = {nested(1)}};
  outer.fallback = fallbacks({{route_id(2), kinds({ReplyKind::server_error})}});
  RouteConfig inner{.name = "inner", .targets = {target(0), target(1), target(2)}};
  inner.failover = kinds({ReplyKind::server_error, ReplyKind::context_length});
  inner.retry.max_attempts = 1;
  PlanRig rig{{.routes = {outer, inner, {.name = "cheap", .targets = {target(3)}}}}};
  auto asked = rig.begin(1);
  EXPECT_EQ(rig.fail(asked), NextStep::go_on);
  EXPECT_EQ(rig.fail_after(asked, ReplyKind::server_error, ReplyKind::context_length), NextStep::go_on);
  EXPECT_EQ(asked.turn.target, deployment(2));
  EXPECT_EQ(rig.fail_after(asked, ReplyKind::server_error, ReplyKind::context_length), NextStep::go_on);
  EXPECT_EQ(asked.turn.target, deployment(3));

  auto alone = rig.begin(2);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(rig.fail(alone, ReplyKind::context_length), NextStep::go_on);
  EXPECT_EQ(rig.fail(alone, ReplyKind::context_length), NextStep::over);
}

TEST(Plan, a_route_whose_time_is_over_ends_as_if_by_a_timeout) {
  RouteConfig chat = route_over(3);
  chat.timeout = 5s;
  chat.fallback = fallbacks({{route_id(1), kinds({ReplyKind::timeout})}});
  PlanRig rig{{.routes = {chat, {.name = "cheap", .targets = {target(3)}}}}};
  auto asked = rig.begin(1);
  EXPECT_EQ(rig.plan.ends(asked.turn), at(5s));
  asked.now = at(5s - 1ns);
  EXPECT_EQ(rig.fail(asked), NextStep::go_on);
  EXPECT_EQ(asked.turn.target, deployment(1));
  asked.now = at(5s);
  EXPECT_EQ(rig.fail(asked), NextStep::go_on);
  EXPECT_EQ(asked.turn.target, deployment(3));
  EXPECT_EQ(rig.plan.ends(asked.turn), Instant::max());
}

TEST(Plan, breakers_are_bypassed_only_within_the_time_of_the_route) {
  RouteConfig chat = route_over(1);
  chat.timeout = 5s;
  for (const WhenAllOpen word : {WhenAllOpen::bypass, WhenAllOpen::refuse}) {
    chat.when_all_open = word;
    PlanRig rig{only(chat)};
    const auto asked = rig.begin(1);
    EXPECT_EQ(rig.plan.may_bypass(asked.turn, route_id(0), at(5s - 1ns)), word == WhenAllOpen::bypass);
    EXPECT_FALSE(rig.plan.may_bypass(asked.turn, route_id(0), at(5s)));
  }
}

TEST(Plan, a_nested_route_ends_no_later_than_the_one_around_it) {
  RouteConfig outer{.name = "outer", .targets = {nested(1), target(3)}, .timeout = 5s};
  RouteConfig inner{.name = "inner", .targets = {target(0)}, .timeout = 9s};
  PlanRig rig{{.routes = {outer, inner}}};
  EXPECT_EQ(rig.plan.ends(rig.begin(1).turn), at(5s));
  outer.timeout = 20s;
  EXPECT_EQ((PlanRig{{.routes = {outer, inner}}}).begin(1).turn.visits[1].ends, at(9s));
}

TEST(Plan, the_timeout_of_the_route_replaces_that_of_all_calls) {
  RouteConfig route = route_over(1);
  EXPECT_EQ((PlanRig{only(route)}.plan.attempt_timeout(PlanRig{only(route)}.begin(1).turn)), 30s);
  route.attempt_timeout = 7s;
  PlanRig rig{only(route)};
  EXPECT_EQ(rig.plan.attempt_timeout(rig.begin(1).turn), 7s);
}

TEST(Plan, follows_rules_to_the_route_of_the_first_that_matches) {
  RoutesConfig routes{
      .routes = {route_over(1), {.name = "paid", .targets = {target(1)}}, {.name = "eu", .targets = {target(2)}}}};
  routes.routes[0].rules = {{{{"plan", "paid"}, {"region", "eu"}}, route_id(2)}, {{{"plan", "paid"}}, route_id(1)}};
  EXPECT_EQ(route_by_rules(routes, route_id(0), {}), route_id(0));
  EXPECT_EQ(route_by_rules(routes, route_id(0), {{"plan", "free"}}), route_id(0));
  EXPECT_EQ(route_by_rules(routes, route_id(0), {{"plan", "paid"}}), route_id(1));
  EXPECT_EQ(route_by_rules(routes, route_id(0), {{"region", "eu"}, {"plan", "paid"}}), route_id(2));
}

std::string first_problem(const RoutesConfig& routes, std::size_t deployments = 4) {
  const auto problems = problems_of(routes, deployments);
  return problems.empty() ? "" : problems.front().key + ": " + problems.front().message;
}

TEST(Routes, each_impossible_setting_has_a_place_and_a_sentence) {
  EXPECT_EQ(first_problem(only(route_over(4))), "");
  EXPECT_EQ(first_problem(only({.name = "chat"})), "targets: a route needs a target: a deployment or another route");
  EXPECT_EQ(first_problem(only(route_over(5))), "targets/4/deployment: it names no deployment");
  EXPECT_EQ(first_problem(only({.name = "chat", .targets = {target(0), target(0)}})),
            "targets/1: targets/0 is the same target; add up their weights");
  RouteConfig idle{.name = "chat", .targets = {target(0, 0), target(1, 1, 1)}, .balance = Balance::weighted};
  EXPECT_EQ(first_problem(only(idle)),
            "targets: all targets of priority 0 have weight 0, so that none of them is ever asked; give one a weight");
  idle.balance = Balance::in_order;
  EXPECT_EQ(first_problem(only(idle)), "");
  const RouteConfig a{.name = "a", .targets = {nested(1)}};
  const RouteConfig b{.name = "b", .targets = {target(0), nested(0)}};
  EXPECT_EQ(first_problem({.routes = {a, b}}),
            "targets/0/route: routes go round in a circle: a -> b -> a; let one of them name deployments");
  RouteConfig own = route_over(1);
  own.fallback = fallbacks({{route_id(0)}});
  EXPECT_EQ(first_problem(only(own)),
            "fallback/0/route: a route cannot be its own fallback; write \"retry\" to ask it again");
}

TEST(Routes, are_nested_four_deep_at_most) {
  RoutesConfig routes;
  for (std::size_t i = 0; i < 3; ++i) routes.routes.push_back({.name = std::to_string(i), .targets = {nested(i + 1)}});
  routes.routes.push_back({.name = "3", .targets = {target(0)}});
  EXPECT_EQ(first_problem(routes), "");
  EXPECT_EQ(PlanRig{routes}.order(), "0");
  routes.routes.back() = {.name = "3", .targets = {nested(4)}};
  routes.routes.push_back({.name = "4", .targets = {target(0)}});
  EXPECT_EQ(first_problem(routes), "targets/0/route: routes are nested more than four deep: 0 -> 1 -> 2 -> 3 -> 4");
}

TEST(Plan, has_room_for_sixty_four_targets) {
  PlanRig rig{only(route_over(64)), 64};
  auto asked = rig.begin(1);
  for (std::size_t i = 0; i < 63; ++i) EXPECT_EQ(rig.pass_over(asked), NextStep::go_on);
  EXPECT_EQ(asked.turn.target, deployment(63));
  EXPECT_EQ(rig.pass_over(asked), NextStep::over);
}

}  // namespace
}  // namespace windtunnel::monitor::plan_test
