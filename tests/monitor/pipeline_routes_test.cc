// A request on its way through routes: what it asks, waits for, pays, and how it ends.

#include <gtest/gtest.h>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::pipeline_routes_test {
namespace {

using namespace pipeline_rig;

RouteTarget target(std::size_t place, std::int32_t priority = 0) {
  return {.deployment = provider_at(place), .priority = priority};
}
ReplySet kinds(std::initializer_list<ReplyKind> list) {
  ReplySet set;
  for (const ReplyKind kind : list) set.add(kind);
  return set;
}

// "chat" asks provider 0 and then 1; "large" asks 2 and is the fallback by context window.
MonitorConfig two_routes() {
  MonitorConfig config = bare();
  config.provider_call.retry.jitter = Jitter::none;
  config.routing.routes = {{.name = "chat", .targets = {target(0), target(1)}},
                           {.name = "large", .targets = {target(2)}}};
  config.routing.routes[0].fallback = std::vector<RouteFallback>{{RouteId{1}, kinds({ReplyKind::context_length})}};
  return config;
}

TEST(PipelineRoutes, a_request_that_does_not_fit_is_answered_by_the_fallback_for_it) {
  Rig rig{two_routes(), 3};
  Ride ride = rig.begin(request(1));
  EXPECT_EQ(ride.called(), 0);
  EXPECT_EQ(ride.reply(failed(ReplyKind::context_length), at(1s)).called(), 2);
  EXPECT_EQ(ride.reply(ok(), at(2s)).outcome(), "served");
  EXPECT_EQ(ride.record().failovers, 1);
  EXPECT_EQ(ride.record().assigned, provider_at(0));
  EXPECT_EQ(ride.record().answered_by, provider_at(2));
  EXPECT_EQ(rig.log.ended().at(0).counted, BreakerOutcome::ignored);
  expect_at_rest(rig.pipeline);
}

TEST(PipelineRoutes, the_callers_own_failures_end_the_request_where_no_route_names_them) {
  for (const ReplyKind kind : {ReplyKind::client_error, ReplyKind::content_policy}) {
    Rig rig{two_routes(), 3};
    EXPECT_EQ(rig.begin(request(1)).reply(failed(kind), at(1s)).outcome(), "client_error") << name_of(kind);
  }
  Rig rig{two_routes(), 3};
  Ride ride = rig.begin(request(1));
  ride.reply(failed(ReplyKind::context_length), at(1s));
  EXPECT_EQ(ride.reply(failed(ReplyKind::context_length), at(1s)).outcome(), "client_error");
}

TEST(PipelineRoutes, without_routes_a_400_of_any_kind_ends_the_request) {
  for (const ReplyKind kind : {ReplyKind::client_error, ReplyKind::context_length, ReplyKind::content_policy}) {
    Rig rig;
    EXPECT_EQ(rig.begin(request(1)).reply(failed(kind), at(1s)).outcome(), "client_error") << name_of(kind);
  }
  for (const ReplyKind kind : {ReplyKind::not_found, ReplyKind::auth, ReplyKind::quota_exhausted}) {
    Rig rig;
    EXPECT_EQ(rig.begin(request(1)).reply(failed(kind), at(1s)).called(), 1) << name_of(kind);
  }
}

TEST(PipelineRoutes, a_400_after_anothers_failure_moves_on_and_is_not_the_outcome) {
  MonitorConfig config = two_routes();
  config.routing.routes[0].targets.push_back(target(2));
  config.routing.routes[0].fallback.reset();
  Rig rig{config, 3};
  Ride ride = rig.begin(request(1));
  EXPECT_EQ(ride.reply(failed(), at(1s)).called(), 1);
  EXPECT_EQ(ride.reply(failed(ReplyKind::client_error), at(1s)).called(), 2);
  EXPECT_EQ(ride.reply(failed(ReplyKind::client_error), at(1s)).outcome(), "failed");
}

TEST(PipelineRoutes, a_route_ends_where_its_fallbacks_end) {
  Rig rig{two_routes(), 3};
  Ride ride = rig.begin(request(1));
  ride.reply(failed(), at(1s));
  EXPECT_EQ(ride.reply(failed(), at(1s)).outcome(), "failed");  // no hidden failover to provider 2
}

TEST(PipelineRoutes, a_call_is_cut_where_its_route_ends_and_no_retry_is_waited_for_beyond_it) {
  MonitorConfig config = two_routes();
  RouteConfig& chat = config.routing.routes[0];
  chat.attempt_timeout = 20s;
  chat.timeout = 25s;
  chat.retry.max_attempts = 3;
  config.provider_call.retry.base = 4s;
  Rig rig{config, 3};
  Ride ride = rig.begin(request(1));
  EXPECT_EQ(ride.call().deadline, at(20s));
  EXPECT_EQ(ride.reply(failed(ReplyKind::timeout), at(20s)).waits_until(), at(24s));
  EXPECT_EQ(ride.wake(at(24s)).call().deadline, at(25s));
  ride.reply(failed(), at(24s + 500ms));
  EXPECT_EQ(ride.called(), 1);  // the next back-off of 8 s would end after the route
  EXPECT_EQ(ride.reply(failed(ReplyKind::timeout), at(25s)).outcome(), "failed");
}

TEST(PipelineRoutes, a_retry_that_would_begin_as_its_route_ends_is_not_waited_for) {
  MonitorConfig config = two_routes();
  RouteConfig& chat = config.routing.routes[0];
  chat.timeout = 25s;
  chat.retry.max_attempts = 2;
  config.provider_call.retry.base = 4s;
  for (const Duration early : {1ns, 0ns}) {
    Rig rig{config, 3};
    Ride ride = rig.begin(request(1));
    ride.reply(failed(), at(21s - early));
    EXPECT_EQ(ride.waits_until().has_value(), early > 0ns);
    EXPECT_EQ(ride.called(), early > 0ns ? -1 : 1);
  }
}

TEST(PipelineRoutes, a_round_that_begins_too_late_is_not_begun) {
  MonitorConfig config = two_routes();
  RouteConfig& chat = config.routing.routes[0];
  chat.timeout = 5s;
  chat.retry = {.max_attempts = 3, .where = RetryWhere::whole_route};
  config.provider_call.retry.base = 10s;
  Rig rig{config, 3};
  Ride ride = rig.begin(request(1));
  EXPECT_EQ(ride.reply(failed(), at(1s)).called(), 1);
  EXPECT_EQ(ride.reply(failed(), at(1s)).outcome(), "failed");
}

TEST(PipelineRoutes, with_refuse_no_call_is_made_past_the_breakers_and_with_bypass_one) {
  for (const WhenAllOpen word : {WhenAllOpen::refuse, WhenAllOpen::bypass}) {
    MonitorConfig config = two_routes();
    config.circuit_breaker = opens_after(1);
    config.routing.routes[0].when_all_open = word;
    Rig rig{config, 3};
    Ride first = rig.begin(request(1));
    first.reply(failed(), at(1s)).reply(failed(), at(1s));
    Ride second = rig.begin(request(2), at(2s));
    if (word == WhenAllOpen::refuse) {
      EXPECT_EQ(second.outcome(), "all_providers_unavailable");
      continue;
    }
    EXPECT_EQ(second.called(), 0);
    EXPECT_TRUE(rig.log.started().back().is_bypass);
    EXPECT_EQ(second.reply(ok(), at(3s)).outcome(), "served");
    EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).state(at(3s)), BreakerState::open);  // it learnt nothing
    EXPECT_EQ(rig.begin(request(3), at(4s)).reply(failed(), at(4s)).outcome(), "failed");
    expect_at_rest(rig.pipeline);
  }
}

TEST(PipelineRoutes, a_retry_that_its_breaker_refuses_has_failed_and_fails_over_only_by_the_rule) {
  MonitorConfig config = two_routes();
  config.circuit_breaker = opens_after(1);
  config.routing.routes[0].retry.max_attempts = 2;
  config.routing.routes[0].failover.reset();
  Rig rig{config, 3};
  Ride ride = rig.begin(request(1));
  ride.reply(failed(), at(1s));
  ASSERT_TRUE(ride.waits_until());
  EXPECT_EQ(ride.wake(*ride.waits_until()).outcome(), "failed");
  EXPECT_EQ(ride.record().attempt_count, 1);
}

TEST(PipelineRoutes, a_request_makes_64_attempts_at_most) {
  MonitorConfig config = two_routes();
  config.routing.routes[0].retry = {.max_attempts = 64};
  config.provider_call.retry.base = 0s;
  Rig rig{config, 3};
  Ride ride = rig.begin(request(1));
  int calls = 0;
  while (ride.outcome() == "not yet") {
    if (ride.waits_until()) {
      ride.wake(at(0s));
      continue;
    }
    ++calls;
    ride.reply(failed(), at(0s));
  }
  EXPECT_EQ(calls, 64);
  EXPECT_EQ(ride.outcome(), "failed");
  EXPECT_EQ(ride.record().attempts().size(), 64U);
}

TEST(PipelineRoutes, a_deployment_has_the_timeout_and_the_attempts_of_its_own) {
  std::vector<ProviderConfig> all = providers(2);
  all[1].attempt_timeout = 9s;
  all[1].max_attempts = 2;
  Rig rig{bare(), all};
  Ride ride = rig.begin(request(1));
  EXPECT_EQ(ride.call().deadline, at(30s));
  EXPECT_EQ(ride.reply(failed(), at(0s)).call().deadline, at(9s));
  EXPECT_TRUE(ride.reply(failed(), at(0s)).waits_until());
}

TEST(PipelineRoutes, a_call_past_the_breakers_has_the_timeout_of_its_target) {
  MonitorConfig config = two_routes();
  config.circuit_breaker = opens_after(1);
  config.routing.routes[0].when_all_open = WhenAllOpen::bypass;
  std::vector<ProviderConfig> all = providers(3);
  all[0].attempt_timeout = 9s;
  Rig rig{config, all};
  rig.begin(request(1)).reply(failed(), at(1s)).reply(failed(), at(1s));
  const Ride bypass = rig.begin(request(2), at(2s));
  EXPECT_EQ(bypass.called(), 0);
  EXPECT_EQ(bypass.call().deadline, at(11s));
}

TEST(PipelineRoutes, requests_are_counted_by_the_route_that_they_ask_for_if_they_are) {
  Rig uncounted{two_routes(), 3};
  uncounted.serve(request(0));
  EXPECT_TRUE(uncounted.pipeline.metrics().routes().empty());
  Rig rig{two_routes(), 3};
  rig.pipeline.count_routes();
  rig.serve(request(0));
  Request large = request(1);
  large.route = RouteId{1};
  for (int i = 0; i < 2; ++i) rig.serve(large);
  ASSERT_EQ(rig.pipeline.metrics().routes().size(), 2U);
  EXPECT_EQ(rig.pipeline.metrics().routes()[0].requests(), 1);
  EXPECT_EQ(rig.pipeline.metrics().routes()[1].count(Outcome::served), 2);
}

TEST(PipelineRoutes, what_one_route_stored_in_the_cache_is_no_answer_of_another) {
  MonitorConfig config = two_routes();
  config.cache.enabled = true;
  Rig rig{config, 3};
  rig.serve(request(1));
  Request again = request(1);
  again.id = RequestId{2};
  EXPECT_EQ(rig.begin(again, at(1s)).outcome(), "cache_hit");
  again.route = RouteId{1};
  EXPECT_EQ(rig.begin(again, at(1s)).called(), 2);
}

}  // namespace
}  // namespace windtunnel::monitor::pipeline_routes_test
