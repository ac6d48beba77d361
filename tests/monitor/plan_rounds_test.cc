// Rounds, tiers and nested routes where one failure is acted on by one level and not by another.

#include <gtest/gtest.h>

#include "tests/monitor/plan_rig.h"

namespace windtunnel::monitor::plan_rounds_test {
namespace {

using namespace plan_rig;

RoutesConfig only(RouteConfig route) { return {.routes = {std::move(route)}}; }

RouteConfig in_rounds(std::size_t targets, std::int32_t rounds) {
  RouteConfig route = route_over(targets);
  route.retry = {.max_attempts = rounds, .where = RetryWhere::whole_route};
  return route;
}

TEST(PlanRounds, one_without_a_call_is_the_last_whatever_failed_before) {
  PlanRig rig{only(in_rounds(2, 9))};
  auto asked = rig.begin(1);
  const auto pass_over = [&] {
    return rig.plan.after(asked.turn, {}, rig.query(asked), std::nullopt, {ReplyKind::server_error}, true);
  };
  rig.fail(asked);
  EXPECT_EQ(pass_over(), NextStep::retry);
  EXPECT_EQ(pass_over(), NextStep::go_on);
  EXPECT_EQ(pass_over(), NextStep::over);
}

TEST(PlanRounds, each_has_all_the_attempts_of_a_tier) {
  RouteConfig route = in_rounds(2, 2);
  route.retry.attempts_per_priority = 2;
  EXPECT_EQ(PlanRig{only(route)}.order(), "0 1 ~0 1");
}

TEST(PlanRounds, begin_after_anothers_failure_where_the_last_one_is_the_callers_own) {
  PlanRig rig{only(in_rounds(2, 2))};
  auto asked = rig.begin(1);
  rig.fail(asked);
  EXPECT_EQ(rig.fail_after(asked, ReplyKind::server_error, ReplyKind::client_error), NextStep::retry);
  EXPECT_EQ(asked.turn.target, deployment(0));
}

TEST(PlanTiers, have_their_attempts_each) {
  RouteConfig route{.name = "chat", .targets = {target(0), target(3, 1, 1)}};
  route.retry.max_attempts = 3;
  route.retry.attempts_per_priority = 2;
  EXPECT_EQ(PlanRig{only(route)}.order(), "0 ~0 3 ~3");
}

TEST(PlanTiers, have_their_attempts_over_all_their_targets) {
  RouteConfig route{.name = "chat", .targets = {target(0), target(1, 1, 1), target(2, 1, 1), target(3, 1, 1)}};
  route.retry.attempts_per_priority = 2;
  EXPECT_EQ(PlanRig{only(route)}.order(), "0 1 2");
}

// The request's own failure is retried by the inner route, which does not fail over after it.
TEST(PlanNested, a_route_retries_the_own_failure_of_a_request_that_it_names) {
  const RouteConfig outer{.name = "outer", .targets = {nested(1)}};
  RouteConfig inner{.name = "inner", .targets = {target(0), target(1), target(2)}};
  inner.failover = kinds({ReplyKind::server_error});
  inner.retry = {.max_attempts = 2, .on = kinds({ReplyKind::context_length})};
  PlanRig rig{{.routes = {outer, inner}}};
  auto asked = rig.begin(1);
  EXPECT_EQ(rig.fail(asked), NextStep::go_on);
  EXPECT_EQ(rig.fail_after(asked, ReplyKind::server_error, ReplyKind::context_length), NextStep::retry);
  EXPECT_EQ(asked.turn.target, deployment(1));
}

TEST(PlanNested, the_route_around_acts_on_anothers_failure_where_only_the_inner_one_names_the_last) {
  const RouteConfig outer{.name = "outer", .targets = {nested(1), target(3)}};
  RouteConfig inner{.name = "inner", .targets = {target(0), target(1)}};
  inner.failover = kinds({ReplyKind::server_error, ReplyKind::context_length});
  PlanRig rig{{.routes = {outer, inner}}};
  auto asked = rig.begin(1);
  EXPECT_EQ(rig.fail(asked), NextStep::go_on);
  EXPECT_EQ(rig.fail_after(asked, ReplyKind::server_error, ReplyKind::context_length), NextStep::go_on);
  EXPECT_EQ(asked.turn.target, deployment(3));
}

TEST(PlanNested, a_route_compares_as_its_best_target) {
  RouteConfig outer{.name = "outer", .targets = {nested(1), target(2)}, .balance = Balance::least_busy};
  const RouteConfig inner{.name = "inner", .targets = {target(0), target(1)}};
  PlanRig rig{{.routes = {outer, inner}}};
  for (const std::size_t busy : {0U, 0U, 2U}) rig.plan.hear_start(deployment(busy));
  EXPECT_EQ(rig.begin(1).turn.depth, 2) << "provider 1 has no call outstanding";
  for (int i = 0; i < 2; ++i) rig.plan.hear_start(deployment(1));
  EXPECT_EQ(rig.begin(1).turn.target, deployment(2));
}

}  // namespace
}  // namespace windtunnel::monitor::plan_rounds_test
