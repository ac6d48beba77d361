// What a request holds, attempt by attempt, and what it is charged in the end.

#include <gtest/gtest.h>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::pipeline_money_test {
namespace {

using namespace pipeline_rig;

MonitorConfig with_budget(Usd monthly) {
  MonitorConfig config = bare();
  config.cost_limiter.monthly = monthly;
  return config;
}

TEST(PipelineMoney, an_attempt_holds_its_own_providers_worst_case) {
  for (const std::size_t assigned : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
    Rig rig{bare(), 3};
    rig.begin(request_to(assigned));
    EXPECT_EQ(rig.reserved(), kWorst[assigned]) << "assigned " << assigned;
    EXPECT_EQ(rig.log.started().at(0).reserved, kWorst[assigned]);
  }
}

TEST(PipelineMoney, the_months_alerts_and_refusals_are_kept_with_their_instants) {
  MonitorConfig config = with_budget(usd(10));
  config.cost_limiter.daily = usd(8);  // whose alerts and refusals are not
  Rig rig{config, 1};
  rig.begin(request(0), at(1s)).reply(failed(ReplyKind::timeout), at(2s));  // settles at its 7 USD
  EXPECT_TRUE(rig.pipeline.metrics().budget_alerts().empty());
  EXPECT_EQ(rig.begin(request(1), at(3s)).outcome(), "refused_budget");
  const auto alerts = rig.pipeline.metrics().budget_alerts();
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].at, at(3s));
  EXPECT_EQ(alerts[0].event.kind, BudgetEvent::Kind::budget_refused);
}

TEST(PipelineMoney, a_day_that_is_over_is_closed_when_the_last_of_its_requests_has_ended) {
  Rig rig{with_budget(usd(100)), 1};
  Ride last = rig.begin(request(0), at(12h - 1s));
  rig.serve(request(1), at(12h));
  for (const BudgetEvent& event : rig.log.budget()) EXPECT_NE(event.kind, BudgetEvent::Kind::window_closed);
  last.reply(ok(), at(12h + 1s));
  ASSERT_FALSE(rig.log.budget().empty());
  EXPECT_EQ(rig.log.budget().back().kind, BudgetEvent::Kind::window_closed);
  EXPECT_TRUE(rig.log.budget().back().daily);
}

TEST(PipelineMoney, what_was_spent_before_is_carried_in_and_reported) {
  Rig rig{with_budget(usd(10)), 1};
  rig.pipeline.carry_in(usd(8), at(0s));
  EXPECT_EQ(rig.spent(), usd(8));
  ASSERT_FALSE(rig.log.budget().empty());
  EXPECT_EQ(rig.log.budget().back().kind, BudgetEvent::Kind::alert);
  ASSERT_EQ(rig.pipeline.metrics().budget_alerts().size(), 1U);
  EXPECT_EQ(rig.pipeline.metrics().budget_alerts()[0].event.kind, BudgetEvent::Kind::alert);
}

TEST(PipelineMoney, settles_to_the_bill_and_not_to_the_reservation) {
  Rig rig;
  const Ride ride = rig.serve(request(0));
  EXPECT_EQ(rig.spent(), cents(100 + 3 * 50));
  EXPECT_EQ(ride.record().confirmed_cost(), cents(100 + 3 * 50));
  EXPECT_EQ(rig.log.ended().at(0).reserved, usd(7));
  EXPECT_EQ(rig.log.ended().at(0).settled, cents(100 + 3 * 50));
  EXPECT_TRUE(rig.log.released().empty());
  expect_at_rest(rig.pipeline);
}

TEST(PipelineMoney, an_attempt_is_billed_at_the_price_of_its_start) {
  std::vector<ProviderConfig> all = providers(1);
  all[0].tariffs.push_back({.from = kNoon + 10s, .tariff = {{cents(2)}, {cents(4)}}});
  Rig rig{bare(), all};
  rig.begin(request(0), at(10s - 1ns)).reply(ok(), at(20s));
  EXPECT_EQ(rig.spent(), cents(100 + 3 * 50));
  rig.begin(request(1), at(20s)).reply(ok(), at(20s));
  EXPECT_EQ(rig.spent(), cents(100 + 3 * 50) + cents(200 + 4 * 50));
}

TEST(PipelineMoney, unknown_usage_settles_at_the_reservation) {
  for (const ReplyKind kind : {ReplyKind::timeout, ReplyKind::truncated}) {
    Rig rig{bare(), 1};
    const Ride ride = rig.begin(request(0)).reply(failed(kind), at(1s));
    EXPECT_EQ(rig.spent(), usd(7));
    EXPECT_FALSE(ride.record().attempts()[0].usage_known);
    EXPECT_EQ(ride.record().attempts()[0].cost, usd(7));
    EXPECT_EQ(ride.record().confirmed_cost(), Usd{});
    EXPECT_EQ(rig.log.ended().at(0).settled, usd(7));
    expect_at_rest(rig.pipeline);
  }
}

TEST(PipelineMoney, unknown_usage_settles_at_zero_where_configured) {
  MonitorConfig config = bare();
  config.cost_limiter.unknown_usage = UnknownUsage::zero;
  Rig rig{config, 1};
  const Ride ride = rig.begin(request(0)).reply(failed(ReplyKind::timeout), at(1s));
  EXPECT_EQ(rig.spent(), Usd{});
  EXPECT_EQ(ride.record().attempts()[0].cost, Usd{});
  EXPECT_FALSE(ride.record().attempts()[0].usage_known);
  expect_at_rest(rig.pipeline);
}

TEST(PipelineMoney, a_failure_of_known_usage_settles_to_its_bill) {
  Rig rig{bare(), 1};
  Reply billed_input = failed(ReplyKind::server_error);
  billed_input.usage = Usage{Tokens{100}, Tokens{0}};
  rig.begin(request(0)).reply(billed_input, at(1s));
  EXPECT_EQ(rig.spent(), usd(1));
  rig.begin(request(1), at(1s)).reply(failed(ReplyKind::malformed), at(1s));
  EXPECT_EQ(rig.spent(), usd(1) + cents(100 + 3 * 50));
  const Ride free_one = rig.begin(request(2), at(1s)).reply(failed(ReplyKind::overloaded), at(1s));
  EXPECT_EQ(rig.spent(), usd(1) + cents(100 + 3 * 50));
  EXPECT_TRUE(free_one.record().attempts()[0].usage_known);
}

// Input at 2 cents, of that cached 1 and written 5; output at 1 cent, of that reasoning 4.
ProviderConfig priced_by_kind() {
  ProviderConfig provider = providers(1)[0];
  provider.tariffs[0].tariff = {{cents(2)}, {cents(1)}, Price{cents(1)}, Price{cents(5)}, Price{cents(4)}};
  return provider;
}

TEST(PipelineMoney, tokens_of_a_kind_cost_their_own_price) {
  Pipeline pipeline{bare(), {priced_by_kind()}};
  Flow flow;
  flow.record.request = request(0);
  (void)pipeline.begin(flow, at(0s));
  Reply reply = ok(100, 50);
  reply.usage->kinds = {.cached_input = Tokens{60}, .cache_write = Tokens{10}, .reasoning = Tokens{20}};
  (void)pipeline.on_reply(flow, reply, at(1s));

  EXPECT_EQ(flow.record.confirmed_cost(), cents(60 * 1 + 10 * 5 + 30 * 2 + 20 * 4 + 30 * 1));
  EXPECT_EQ(flow.record.kinds, reply.usage->kinds);
  EXPECT_EQ(pipeline.metrics().provider(ProviderId{0}).kinds, reply.usage->kinds);
  EXPECT_EQ(pipeline.metrics().all().kinds, reply.usage->kinds);
}

TEST(PipelineMoney, a_request_of_dearer_kinds_reserves_the_dearest) {
  for (const bool has_kinds : {false, true}) {
    Pipeline pipeline{bare(), {priced_by_kind()}};
    Flow flow;
    flow.record.request = request(0);
    flow.record.request.has_token_kinds = has_kinds;
    (void)pipeline.begin(flow, at(0s));
    EXPECT_EQ(flow.ticket.reserved, has_kinds ? cents(100 * 5 + 200 * 4) : cents(100 * 2 + 200 * 1));
  }
}

TEST(PipelineMoney, a_bill_above_the_reservation_is_charged_in_full) {
  Rig rig{bare(), 1};
  rig.begin(request(0)).reply(ok(100, 300), at(1s));
  EXPECT_EQ(rig.spent(), usd(10));
  EXPECT_EQ(rig.pipeline.cost_limiter().overruns(), 1);
}

TEST(PipelineMoney, a_further_attempt_reserves_again) {
  Rig rig;
  Ride ride = rig.begin(request(0)).reply(failed(ReplyKind::timeout), at(1s));
  EXPECT_EQ(ride.called(), 1);
  EXPECT_EQ(rig.spent(), usd(7));
  EXPECT_EQ(rig.reserved(), usd(4));
  ride.reply(ok(), at(2s));
  EXPECT_EQ(rig.spent(), usd(7) + cents(200 + 50));
  EXPECT_EQ(ride.record().confirmed_cost(), cents(200 + 50));
  expect_at_rest(rig.pipeline);
}

TEST(PipelineMoney, holds_nothing_while_it_waits_for_a_retry) {
  MonitorConfig config = bare();
  config.provider_call.retry.max_attempts = 2;
  Rig rig{config, 1};
  Ride ride = rig.begin(request(0)).reply(failed(), at(1s));
  EXPECT_EQ(rig.reserved(), Usd{});
  ride.wake(*ride.waits_until());
  EXPECT_EQ(rig.reserved(), usd(7));
}

// The budget has room for the first attempt ($7 held, $2.50 billed) and then lacks one pico-dollar for the second.
TEST(PipelineMoney, a_refused_further_attempt_ends_the_request_with_what_it_has_cost) {
  const Usd enough = cents(100 + 3 * 50) + usd(4);
  Rig rich{with_budget(std::max(enough, usd(7)))};
  EXPECT_EQ(rich.begin(request(0)).reply(failed(ReplyKind::malformed), at(1s)).called(), 1);

  MonitorConfig config = with_budget(usd(7) + usd(4) - kPico);
  config.circuit_breaker = opens_after(100);
  Rig rig{config};
  Ride ride = rig.begin(request(0)).reply(failed(ReplyKind::timeout), at(1s));
  EXPECT_EQ(ride.outcome(), "refused_budget");
  EXPECT_EQ(ride.record().attempt_count, 1);
  EXPECT_EQ(ride.record().attempts()[0].cost, usd(7));
  EXPECT_EQ(ride.record().last_attempt()->provider, provider_at(0));
  EXPECT_EQ(rig.spent(), usd(7));
  EXPECT_EQ(rig.log.started().size(), 1U);
  expect_at_rest(rig.pipeline);

  Rig exact{with_budget(usd(11))};
  EXPECT_EQ(exact.begin(request(0)).reply(failed(ReplyKind::timeout), at(1s)).called(), 1);
}

// An observer has seen the refusal when the answer of the cache comes.
TEST(PipelineMoney, budget_events_at_admission_are_reported_before_the_next_decision) {
  Log ordered;
  MonitorConfig config = with_budget(usd(7));
  config.cache.enabled = true;
  config.cost_limiter.on_exhausted = ExhaustedPolicy::serve_cached;
  Rig rig{config};
  rig.serve(request(0));
  rig.pipeline.set_observer(&ordered);
  rig.begin(request(0));
  EXPECT_EQ(ordered.words(true),
            (std::vector<std::string>{"arrival", "granted 200", "budget", "from cache", "finish cache_hit"}));
}

// A permit that is handed back is an outcome like others for a breaker of another program, which may do anything.
TEST(PipelineMoney, a_breaker_that_moves_when_a_refused_attempt_gives_its_permit_back_is_reported) {
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
  Log log;
  Pipeline pipeline{with_budget(usd(7) + usd(4) - kPico), providers(2), BreakerSource::another_program};
  pipeline.set_wall_clock(kNoon);
  pipeline.set_observer(&log);
  const std::string outcome =
      Ride(pipeline, request(0), at(0s), &seams).reply(failed(ReplyKind::timeout), at(1s)).outcome();
  EXPECT_EQ(outcome, "refused_budget");
  ASSERT_EQ(log.transitions().size(), 1U);
  EXPECT_EQ(log.transitions()[0].to, BreakerState::open);
  EXPECT_EQ(pipeline.metrics().provider(provider_at(1)).breaker_opened, 1);
}

TEST(PipelineMoney, a_refused_retry_ends_the_request_and_is_no_failover) {
  MonitorConfig config = with_budget(usd(14) - kPico);
  config.provider_call.retry.max_attempts = 2;
  Rig rig{config};
  Ride ride = rig.begin(request(0)).reply(failed(ReplyKind::truncated), at(1s));
  ride.wake(*ride.waits_until());
  EXPECT_EQ(ride.outcome(), "refused_budget");  // although $4 would do at provider 1
  EXPECT_EQ(ride.record().failovers, 0);
  expect_at_rest(rig.pipeline);
}

// A probe's permit that is not used must come back, or HALF_OPEN never ends.
TEST(PipelineMoney, a_refused_reservation_returns_the_permit) {
  MonitorConfig config = with_budget(usd(11) - kPico);
  config.circuit_breaker = opens_after(1);
  config.circuit_breaker.open = 1s;
  Rig rig{config};
  // Opens breaker 1 at no cost, so that its next permit is a probe.
  rig.begin(request_to(1, 1))
      .reply(failed(ReplyKind::auth_or_quota), at(0s))
      .reply(failed(ReplyKind::client_error), at(0s));
  ASSERT_EQ(rig.pipeline.breaker(provider_at(1)).state(at(1s)), BreakerState::half_open);

  Ride ride = rig.begin(request(2), at(1s)).reply(failed(ReplyKind::timeout), at(1s));
  ASSERT_EQ(ride.outcome(), "refused_budget");
  EXPECT_EQ(rig.log.permits().back().provider, provider_at(1));
  EXPECT_TRUE(rig.log.permits().back().admitted);
  EXPECT_EQ(rig.pipeline.breaker(provider_at(1)).state(at(1s)), BreakerState::half_open);
  EXPECT_EQ(rig.pipeline.breaker(provider_at(1)).permits_in_flight(), 0);
  rig.pipeline.set_wall_clock(kNoon + 24h * 40);  // a new budget
  EXPECT_EQ(rig.begin(request_to(1, 3), at(1s)).called(), 1);
}

TEST(PipelineMoney, requests_in_flight_together_do_not_overspend) {
  Rig rig{with_budget(usd(14))};
  Ride first = rig.begin(request(0));
  const Ride second = rig.begin(request(1));
  EXPECT_EQ(second.called(), 0);
  EXPECT_EQ(rig.begin(request(2)).outcome(), "refused_budget");
  first.reply(failed(ReplyKind::client_error), at(1s));
  EXPECT_EQ(rig.begin(request(3), at(1s)).called(), 0);
  EXPECT_LE(rig.spent() + rig.reserved(), usd(14));
}

TEST(PipelineMoney, every_attempt_is_charged_to_the_day_of_admission) {
  Rig rig;
  rig.pipeline.set_wall_clock(kNoon + 12h - 1ns);
  Ride ride = rig.begin(request(0));
  rig.begin(request(1), at(1s)).reply(ok(), at(1s));  // the next day's
  EXPECT_EQ(rig.pipeline.cost_limiter().day_settled(), cents(250));
  ride.reply(failed(ReplyKind::timeout), at(1s)).reply(ok(), at(2s));
  EXPECT_EQ(rig.pipeline.cost_limiter().day_settled(), cents(250));
  EXPECT_EQ(rig.pipeline.cost_limiter().month_settled(), cents(250) + usd(7) + cents(250));
}

// The wall clock steps between two attempts; the reservation is still that of the day of admission.
TEST(PipelineMoney, a_reservation_names_the_wall_time_of_admission_whatever_the_wall_clock_does) {
  Rig rig;
  Ride ride = rig.begin(request(0), at(3s));
  rig.pipeline.set_wall_clock(kNoon + 24h * 40);
  ride.reply(failed(), at(5s));
  ASSERT_EQ(ride.called(), 1);
  ASSERT_EQ(rig.log.reserved().size(), 3U);
  for (const MoneyReserved& money_reserved : rig.log.reserved()) EXPECT_EQ(money_reserved.wall, kNoon + 3s);
}

TEST(PipelineMoney, an_alert_is_reported_at_the_settlement_that_reaches_it) {
  MonitorConfig config = with_budget(usd(10));
  config.cost_limiter.alerts = {{250'000}};
  Rig rig{config};
  Ride ride = rig.begin(request(0));
  const auto alerts = [&] {
    std::size_t sum = 0;
    for (const BudgetEvent& event : rig.log.budget()) sum += event.kind == BudgetEvent::Kind::alert ? 1U : 0U;
    return sum;
  };
  EXPECT_EQ(alerts(), 0U);  // $7 are reserved, nothing is spent
  ride.reply(ok(), at(1s));
  EXPECT_EQ(alerts(), 1U);
  EXPECT_EQ(rig.log.budget().back().spent, cents(250));
}

}  // namespace
}  // namespace windtunnel::monitor::pipeline_money_test
