// What the balances compare, to the token and the nanosecond.

#include <gtest/gtest.h>

#include <set>

#include "tests/monitor/plan_rig.h"

namespace windtunnel::monitor::plan_edges_test {
namespace {

using namespace plan_rig;

RouteConfig by_latency(Estimator estimator) {
  RouteConfig route = route_over(2, Balance::lowest_latency);
  route.estimator = estimator;
  return route;
}

void answer(PlanRig& rig, std::size_t place, Duration latency, Duration when = 0s) {
  rig.plan.learn_latency(deployment(place), ReplyKind::ok, latency, at(when));
}

// The targets that 100 requests ask first.
std::set<std::size_t> first_targets(PlanRig& rig) {
  std::set<std::size_t> all;
  for (std::uint64_t id = 0; id < 100; ++id) all.insert(index_of(rig.begin(id).turn.target));
  return all;
}
const std::set<std::size_t> kBoth{0, 1};

TEST(LowestCost, is_of_input_and_output_each_at_its_price) {
  PlanRig rig{{.routes = {route_over(2, Balance::lowest_cost)}}, 2};
  rig.tariffs[0] = {{Usd::from_picos(1)}, {Usd::from_picos(4)}};
  rig.tariffs[1] = {{Usd::from_picos(3)}, {Usd::from_picos(1)}};
  PlanRig::Asked asked;  // at most 100 tokens of output
  asked.request.input = Tokens{300};
  rig.plan.begin(asked.turn, rig.query(asked));
  EXPECT_EQ(asked.turn.target, deployment(0)) << "700 against 1000";
  asked.turn = {};
  asked.request.input = Tokens{10};
  rig.plan.begin(asked.turn, rig.query(asked));
  EXPECT_EQ(asked.turn.target, deployment(1)) << "410 against 130";
}

class WithQuota {
 public:
  explicit WithQuota(std::optional<std::int64_t> requests, std::optional<Tokens> tokens) {
    std::vector<ProviderConfig> all;
    for (const char* name : {"a", "b"}) all.push_back({.name = name, .model = "m", .tariffs = {{}}});
    all[0].requests_per_minute = requests;
    all[0].tokens_per_minute = tokens;
    plan.emplace(RoutesConfig{.routes = {route_over(2, Balance::lowest_usage)}}, ProviderCallConfig{}, all);
  }
  // Of a request of 100 tokens and at most 100 of output.
  [[nodiscard]] ProviderId first(WallTime wall) const {
    Request request;
    request.input = Tokens{100};
    Turn turn;
    plan->begin(turn, {.request = request, .output_max = Tokens{100}, .wall = wall, .tariffs = {}});
    return turn.target;
  }
  void use(ProviderId deployment, Tokens used, WallTime wall) {
    plan->hear_start(deployment);
    plan->hear_end(deployment, used, wall);
  }

 private:
  std::optional<Plan> plan;
};

TEST(LowestUsage, a_quota_has_room_for_its_last_token) {
  EXPECT_EQ((WithQuota{std::nullopt, Tokens{200}}.first({})), deployment(0));
  EXPECT_EQ((WithQuota{std::nullopt, Tokens{199}}.first({})), deployment(1));
}

TEST(LowestUsage, a_quota_of_calls_begins_anew_with_each_minute) {
  WithQuota rig{2, std::nullopt};
  const auto use_both = [&rig](WallTime wall) {
    rig.use(deployment(0), Tokens{1}, wall);
    rig.use(deployment(1), Tokens{5}, wall);
  };
  use_both(WallTime{});
  EXPECT_EQ(rig.first(WallTime{}), deployment(0));
  use_both(WallTime{});
  EXPECT_EQ(rig.first(WallTime{}), deployment(1));
  use_both(WallTime{1min});
  EXPECT_EQ(rig.first(WallTime{1min}), deployment(0));
}

TEST(WindowMean, of_no_answer_is_that_of_an_answer_at_once) {
  PlanRig rig{{.routes = {by_latency(Estimator::window_mean)}}, 2};
  answer(rig, 0, 0ns);
  EXPECT_EQ(first_targets(rig), kBoth);
}

TEST(WindowMean, is_cut_to_whole_nanoseconds) {
  PlanRig rig{{.routes = {by_latency(Estimator::window_mean)}}, 2};
  for (const Duration latency : {1ns, 2ns}) answer(rig, 0, latency);
  answer(rig, 1, 1ns);
  EXPECT_EQ(first_targets(rig), kBoth);
  answer(rig, 0, 3ns);
  EXPECT_EQ(first_targets(rig), std::set<std::size_t>{1});
}

TEST(WindowMean, of_ten_answers_is_of_these_alone) {
  PlanRig rig{{.routes = {by_latency(Estimator::window_mean)}}, 2};
  for (int i = 0; i < 10; ++i) answer(rig, 0, 1ns);
  answer(rig, 1, 1ns);
  EXPECT_EQ(first_targets(rig), kBoth);
}

TEST(PeakEwma, of_no_answer_is_that_of_an_answer_at_once) {
  PlanRig rig{{.routes = {by_latency(Estimator::peak_ewma)}}, 2};
  answer(rig, 1, 0ns);
  EXPECT_EQ(rig.begin(0).turn.target, deployment(0));
}

TEST(PeakEwma, keeps_its_peak_where_a_quicker_answer_follows_at_once) {
  PlanRig rig{{.routes = {by_latency(Estimator::peak_ewma)}}, 2};
  answer(rig, 0, 8s);
  answer(rig, 0, 1s);
  answer(rig, 1, 4s);
  EXPECT_EQ(rig.begin(0).turn.target, deployment(1));
}

// After 10 s a peak of 8 s has fallen to 4 s. An answer of 4 s is then no peak, and takes half of the estimate: 6 s.
TEST(PeakEwma, takes_an_answer_as_long_as_what_is_left_for_a_quicker_one) {
  PlanRig rig{{.routes = {by_latency(Estimator::peak_ewma)}}, 2};
  answer(rig, 0, 8s);
  answer(rig, 0, 4s, 10s);
  answer(rig, 1, 5s, 10s);
  EXPECT_EQ(rig.begin(0, at(10s)).turn.target, deployment(1));
}

}  // namespace
}  // namespace windtunnel::monitor::plan_edges_test
