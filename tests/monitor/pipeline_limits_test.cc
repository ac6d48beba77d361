// What the list of limits means for a request on its way: how it ends, what it tells, and who is asked instead.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::pipeline_limits_test {
namespace {

using namespace pipeline_rig;

LimitConfig per_key() {
  LimitConfig limit;
  limit.per = {{.scope = LimitScope::key}};
  return limit;
}
LimitConfig per_deployment(OnExhausted then) {
  LimitConfig limit;
  limit.per = {{.scope = LimitScope::deployment}};
  limit.parallel_requests = 1;
  limit.on_exhausted = then;
  return limit;
}

MonitorConfig with(std::vector<LimitConfig> limits) {
  MonitorConfig config = bare();
  config.limits.limits = std::move(limits);
  for (std::size_t i = 0; i < config.limits.limits.size(); ++i) {
    config.limits.limits[i].id = "limit " + std::to_string(i);
  }
  return config;
}

// Two routes, of which the second asks provider 1.
void add_routes(MonitorConfig& config) {
  config.routing.routes = {{.name = "chat", .targets = {{.deployment = provider_at(0)}}},
                           {.name = "cheap", .targets = {{.deployment = provider_at(1)}}}};
}

Request keyed(std::uint64_t id, std::int64_t input = 100, std::int64_t max_tokens = 200) {
  Request entry = request(id, input, max_tokens);
  entry.caller.key = caller_word("k");
  return entry;
}

class Asked {
 public:
  void on(const LimitsAsked& event) { events.push_back(event); }
  template <class Other>
  void on(const Other&) {}
  std::vector<LimitsAsked> events;
};

TEST(PipelineLimits, a_request_that_one_refuses_ends_as_one_above_a_rate_and_names_it) {
  LimitConfig limit = per_key();
  limit.requests = 1;
  Rig rig{with({LimitConfig{.requests = 100}, limit})};
  rig.serve(keyed(0), at(10s));
  const Ride refused = rig.begin(keyed(1), at(20s));
  EXPECT_EQ(refused.outcome(), "refused_rate");
  EXPECT_EQ(refused.record().limit, 1);
  EXPECT_EQ(refused.record().retry_after, 40s);
  EXPECT_EQ(rig.begin(keyed(2), at(60s)).called(), 0);
  EXPECT_EQ(rig.pipeline.token_limiter().in_flight(), 1);
}

TEST(PipelineLimits, a_request_that_only_money_refuses_ends_as_one_above_a_budget) {
  LimitConfig limit = per_key();
  limit.usd = kWorst[0];
  Rig rig{with({limit})};
  rig.begin(keyed(0));
  EXPECT_EQ(rig.begin(keyed(1)).outcome(), "refused_budget");
}

TEST(PipelineLimits, the_most_that_any_provider_may_bill_is_reserved_at_admission) {
  LimitConfig limit = per_key();
  limit.usd = kWorst[0] - kPico;
  Rig rig{with({limit}), 2};
  EXPECT_EQ(rig.begin(keyed(0)).outcome(), "refused_budget");
  Request cheap = keyed(1);
  cheap.max_tokens = Tokens{199};
  EXPECT_EQ(rig.begin(cheap).called(), 0);
}

TEST(PipelineLimits, a_request_that_made_no_call_is_not_counted) {
  LimitConfig limit = per_key();
  limit.requests = 1;
  MonitorConfig config = with({limit});
  config.cost_limiter.monthly = kWorst[0] - kPico;
  Rig rig{config};
  EXPECT_EQ(rig.begin(keyed(0)).outcome(), "refused_budget");
  EXPECT_EQ(rig.begin(keyed(1, 100, 100)).called(), 0);
}

TEST(PipelineLimits, a_request_that_failed_is_counted) {
  LimitConfig limit = per_key();
  limit.requests = 1;
  Rig rig{with({limit}), 1};
  EXPECT_EQ(rig.begin(keyed(0)).reply(failed(), at(0s)).outcome(), "failed");
  EXPECT_EQ(rig.begin(keyed(1)).outcome(), "refused_rate");
}

TEST(PipelineLimits, a_call_settles_at_its_usage_and_its_bill) {
  LimitConfig limit = per_key();
  limit.tokens = Tokens{1000};
  limit.usd = usd(100);
  Rig rig{with({limit})};
  rig.begin(keyed(0)).reply(ok(100, 50), at(1s));
  const LimitBook& book = rig.pipeline.limits();
  ASSERT_EQ(book.entries().size(), 1U);
  const LimitAmounts used = book.used(book.entries()[0], at(1s));
  EXPECT_EQ(used[kLimitTokens], Int128{150} * kMillion);
  EXPECT_EQ(used[kLimitMoney], cents(100 * 1 + 50 * 3).picos());
}

TEST(PipelineLimits, a_call_in_four_nested_routes_settles_at_its_usage) {
  LimitConfig limit = per_key();
  limit.tokens = Tokens{1000};
  MonitorConfig config = with({limit});
  for (std::uint8_t i = 1; i < kRouteDepthMax; ++i) {
    config.routing.routes.push_back({.name = std::to_string(i), .targets = {{.route = RouteId{i}}}});
  }
  config.routing.routes.push_back({.name = "innermost", .targets = {{.deployment = provider_at(0)}}});
  Rig rig{config, 1};
  rig.serve(keyed(0), at(1s));
  const LimitBook& book = rig.pipeline.limits();
  ASSERT_EQ(book.entries().size(), 1U);
  EXPECT_EQ(book.used(book.entries()[0], at(1s))[kLimitTokens], Int128{150} * kMillion);
}

TEST(PipelineLimits, a_further_call_that_money_does_not_cover_ends_the_request_and_gives_the_rest_back) {
  LimitConfig limit = per_key();
  limit.usd = usd(10);
  MonitorConfig config = with({limit});
  config.cost_limiter.monthly = usd(1000);
  config.circuit_breaker = opens_after(5);
  Rig rig{config};
  Ride ride = rig.begin(keyed(0));
  EXPECT_EQ(ride.reply(failed(ReplyKind::timeout), at(1s)).outcome(), "refused_budget") << "7 of 10 USD are gone";
  EXPECT_EQ(ride.record().limit, 0);
  EXPECT_EQ(ride.record().attempt_count, 1);
  EXPECT_EQ(rig.reserved(), Usd{});
  EXPECT_EQ(rig.spent(), kWorst[0]);
  expect_at_rest(rig.pipeline);
}

// A permit that is handed back is an outcome like others for a breaker of another program, which may do anything.
TEST(PipelineLimits, a_breaker_that_moves_when_a_refused_call_gives_its_permit_back_is_reported) {
  class Touchy final : public ForeignBreaker {
   public:
    std::optional<std::string> reset(const BreakerConfig& /*config*/) override { return std::nullopt; }
    BreakerAnswer ask(const BreakerQuestion& question) override {
      if (question.op == BreakerOp::report && question.outcome == BreakerOutcome::ignored) state_ = BreakerState::open;
      return {.error = {}, .state = state_, .permit = 1};
    }

   private:
    BreakerState state_ = BreakerState::closed;
  };
  std::array<Touchy, 2> others;
  const ForeignBreakers seams{&others[0], &others[1]};
  LimitConfig limit = per_key();
  limit.usd = usd(7) + usd(4) - kPico;
  Log log;
  Pipeline pipeline{with({limit}), providers(2), BreakerSource::another_program};
  pipeline.set_observer(&log);
  const std::string outcome =
      Ride(pipeline, keyed(0), at(0s), &seams).reply(failed(ReplyKind::timeout), at(1s)).outcome();
  EXPECT_EQ(outcome, "refused_budget");
  ASSERT_EQ(log.transitions().size(), 1U);
  EXPECT_EQ(log.transitions()[0].to, BreakerState::open);
}

TEST(PipelineLimits, a_rerouted_request_asks_the_other_route_and_its_answers_are_those_of_that_route) {
  LimitConfig limit = per_key();
  limit.requests = 1;
  limit.on_exhausted = OnExhausted::route;
  limit.route = RouteId{1};
  MonitorConfig config = with({limit});
  add_routes(config);
  config.cache.enabled = true;
  Rig rig{config};
  Request again = keyed(1);
  again.content = keyed(0).content;
  rig.serve(keyed(0));
  Ride rerouted = rig.begin(again);
  EXPECT_EQ(rerouted.called(), 1) << "what the first route answered is no answer of the second";
  EXPECT_EQ(rerouted.record().request.route, RouteId{1});
  rerouted.reply(ok(), at(0s));
  again.id = RequestId{2};
  EXPECT_EQ(rig.begin(again).outcome(), "cache_hit");
}

TEST(PipelineLimits, a_target_without_room_is_passed_over_until_a_call_ends) {
  Rig rig{with({per_deployment(OnExhausted::next_target)})};
  Ride first = rig.begin(request(0));
  Ride second = rig.begin(request(1));
  EXPECT_EQ(first.called(), 0);
  EXPECT_EQ(second.called(), 1);
  EXPECT_EQ(second.record().failovers, 1);
  const Ride third = rig.begin(request(2));
  EXPECT_EQ(third.outcome(), "refused_rate") << "no target has room";
  EXPECT_EQ(third.record().limit, 0);
  first.reply(ok(), at(1s));
  EXPECT_EQ(rig.begin(request(3), at(1s)).called(), 0);
}

TEST(PipelineLimits, a_target_without_room_ends_a_request_that_is_to_be_refused) {
  Rig rig{with({per_deployment(OnExhausted::refuse)})};
  const Ride first = rig.begin(request(0));
  const Ride second = rig.begin(request(1));
  EXPECT_EQ(first.called(), 0);
  EXPECT_EQ(second.outcome(), "refused_rate");
  EXPECT_EQ(second.record().limit, 0);
}

TEST(PipelineLimits, a_request_whose_calls_failed_ends_as_failed_where_the_last_target_has_no_room) {
  Rig rig{with({per_deployment(OnExhausted::next_target)})};
  const Ride other = rig.begin(request_to(1));
  Ride ride = rig.begin(request(1));
  EXPECT_EQ(ride.reply(failed(), at(0s)).outcome(), "failed");
  EXPECT_FALSE(ride.record().limit);
  EXPECT_EQ(other.called(), 1);
}

TEST(PipelineLimits, a_stale_answer_takes_the_place_of_a_refusal) {
  MonitorConfig config = with({per_deployment(OnExhausted::next_target)});
  config.cache.enabled = true;
  config.cache.ttl = 1min;
  config.cache.stale_if_error = 1h;
  Rig rig{config, 1};
  rig.serve(request(0));
  const Ride open = rig.begin(request(1), at(2min));
  Request again = request(2);
  again.content = request(0).content;
  EXPECT_EQ(open.called(), 0);
  EXPECT_EQ(rig.begin(again, at(2min)).outcome(), "stale_hit");
}

TEST(PipelineLimits, windows_of_the_budget_follow_the_clock_where_limits_refuse_every_request) {
  LimitConfig limit = per_key();
  limit.requests = 1;
  limit.period.reset();
  MonitorConfig config = with({limit});
  config.cost_limiter.daily = usd(100);
  Rig rig{config};
  rig.serve(keyed(0));
  EXPECT_NE(rig.pipeline.cost_limiter().day_settled(), UsdSum{});
  EXPECT_EQ(rig.begin(keyed(1), at(24h)).outcome(), "refused_rate");
  EXPECT_EQ(rig.pipeline.cost_limiter().day_settled(), UsdSum{});
}

TEST(PipelineLimits, each_question_tells_where_it_was_asked_and_what_it_may_take) {
  LimitConfig alerts = per_key();
  alerts.requests = 0;
  alerts.on_exhausted = OnExhausted::alert;
  Rig rig{with({alerts, per_deployment(OnExhausted::next_target)})};
  Asked asked;
  rig.pipeline.set_observer(&asked);
  rig.begin(request_to(0, 9), at(1s));  // takes the slot of provider 0
  asked.events.clear();
  rig.begin(keyed(7), at(2s));
  ASSERT_EQ(asked.events.size(), 4U);
  const LimitsAsked& admission = asked.events[0];
  const LimitsAsked& first = asked.events[1];
  const LimitsAsked& second = asked.events[2];
  const LimitsAsked& call = asked.events[3];
  for (const LimitsAsked& event : asked.events) {
    EXPECT_EQ(event.at, at(2s));
    EXPECT_EQ(event.request, RequestId{7});
    EXPECT_EQ(event.output_max, Tokens{200});
  }
  EXPECT_EQ(admission.stage, LimitStage::admission);
  EXPECT_FALSE(admission.target);
  EXPECT_EQ(admission.worst, kWorst[0]) << "of the dearest provider";
  EXPECT_TRUE(admission.is_admitted);
  EXPECT_EQ(admission.held, 1U);
  EXPECT_EQ(admission.exhausted, 1U);
  EXPECT_EQ(first.stage, LimitStage::target);
  EXPECT_EQ(first.target, provider_at(0));
  EXPECT_EQ(first.worst, kWorst[0]);
  EXPECT_FALSE(first.is_admitted);
  EXPECT_TRUE(first.is_passed_over);
  EXPECT_EQ(first.refused_by, 1);
  EXPECT_EQ(second.target, provider_at(1));
  EXPECT_EQ(second.worst, kWorst[1]);
  EXPECT_TRUE(second.is_admitted);
  EXPECT_FALSE(second.is_passed_over);
  EXPECT_EQ(call.stage, LimitStage::call);
  EXPECT_EQ(call.target, provider_at(1));
  EXPECT_EQ(call.worst, kWorst[1]);
  EXPECT_EQ(call.held, 2U);
}

}  // namespace
}  // namespace windtunnel::monitor::pipeline_limits_test
