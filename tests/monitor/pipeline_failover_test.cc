// Who is called after whom: candidates, retries, breakers, and how a request ends when no candidate is left.

#include <gtest/gtest.h>

#include "monitor/breaker/protocol_breaker.h"
#include "monitor/retry.h"
#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::pipeline_failover_test {
namespace {

using namespace pipeline_rig;
using Order = std::vector<int>;

constexpr std::array kFailures{ReplyKind::timeout,    ReplyKind::connection_error, ReplyKind::server_error,
                               ReplyKind::overloaded, ReplyKind::rate_limited,     ReplyKind::malformed,
                               ReplyKind::truncated,  ReplyKind::auth_or_quota};

MonitorConfig with_attempts(std::int32_t per_provider) {
  MonitorConfig config = bare();
  config.provider_call.retry.max_attempts = per_provider;
  return config;
}

// Fails every call and wakes at every wait, until the request ends.
Order calls_of(Rig& rig, const Request& asked, ReplyKind kind = ReplyKind::server_error) {
  Order order;
  Ride ride = rig.begin(asked);
  Instant now{};
  while (ride.outcome() == "not yet") {
    if (ride.waits_until()) {
      now = *ride.waits_until();
      ride.wake(now);
      continue;
    }
    order.push_back(ride.called());
    ride.reply(failed(kind), now);
  }
  return order;
}

TEST(PipelineFailover, tries_the_assigned_provider_first_and_then_the_others_in_file_order) {
  const std::array<Order, 3> expected{{{0, 1, 2}, {1, 0, 2}, {2, 0, 1}}};
  for (std::size_t assigned = 0; assigned < 3; ++assigned) {
    Rig rig{bare(), 3};
    EXPECT_EQ(calls_of(rig, request_to(assigned)), expected[assigned]);
    EXPECT_EQ(rig.log.records().at(0).outcome, Outcome::failed);
    EXPECT_EQ(rig.log.records().at(0).failovers, 2);
    expect_at_rest(rig.pipeline);
  }
}

TEST(PipelineFailover, with_two_providers_each_is_the_others) {
  Rig rig;
  EXPECT_EQ(calls_of(rig, request_to(0, 0)), (Order{0, 1}));
  EXPECT_EQ(calls_of(rig, request_to(1, 1)), (Order{1, 0}));
}

TEST(PipelineFailover, the_others_are_tried_for_every_failure_and_each_is_counted_by_the_breaker) {
  for (const ReplyKind kind : kFailures) {
    Rig rig;
    EXPECT_EQ(rig.begin(request(0)).reply(failed(kind), at(1s)).called(), 1) << name_of(kind);
    EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).consecutive_failures(), 1) << name_of(kind);
    EXPECT_EQ(rig.log.ended().at(0).counted, BreakerOutcome::failure) << name_of(kind);
  }
}

TEST(PipelineFailover, a_client_error_ends_the_request_at_once_and_is_neutral) {
  MonitorConfig config = with_attempts(2);
  config.circuit_breaker = opens_after(2);
  Rig rig{config};
  rig.begin(request(0)).reply(failed(), at(0s));
  EXPECT_EQ(rig.begin(request(1)).reply(failed(ReplyKind::client_error), at(0s)).outcome(), "client_error");
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).consecutive_failures(), 1);  // neither reset nor counted
  EXPECT_EQ(rig.log.ended().back().counted, BreakerOutcome::ignored);
  EXPECT_EQ(rig.log.started().size(), 2U);
  EXPECT_EQ(rig.pipeline.token_limiter().settled_requests(), 0);
}

TEST(PipelineFailover, a_400_of_a_fallback_ends_the_request_only_where_nothing_failed_for_the_time_being) {
  for (const ReplyKind kind : kFailures) {
    Rig rig{bare(), 3};
    Ride ride = rig.begin(request(0)).reply(failed(kind), at(0s)).reply(failed(ReplyKind::client_error), at(0s));
    if (kind == ReplyKind::auth_or_quota) {
      EXPECT_EQ(ride.outcome(), "client_error");
      continue;
    }
    ASSERT_EQ(ride.called(), 2) << name_of(kind);
    EXPECT_EQ(rig.pipeline.breaker(provider_at(1)).consecutive_failures(), 0) << "it is neutral";
    EXPECT_EQ(ride.reply(failed(ReplyKind::client_error), at(0s)).outcome(), "failed") << name_of(kind);
  }
}

TEST(PipelineFailover, a_400_of_the_provider_that_failed_before_ends_the_request) {
  MonitorConfig config = with_attempts(2);
  config.provider_call.retry.base = 0s;
  Rig rig{config};
  Ride ride = rig.begin(request(0)).reply(failed(), at(0s));
  ride.wake(at(0s));
  EXPECT_EQ(ride.reply(failed(ReplyKind::client_error), at(0s)).outcome(), "client_error");
}

TEST(PipelineFailover, an_answer_after_a_400_of_a_fallback_is_served) {
  Rig rig{bare(), 3};
  rig.begin(request(0)).reply(failed(), at(0s)).reply(failed(ReplyKind::client_error), at(0s)).reply(ok(), at(0s));
  EXPECT_EQ(rig.log.records().back().outcome, Outcome::served);
}

TEST(PipelineFailover, a_success_resets_the_run_of_failures) {
  Rig rig;
  rig.begin(request(0)).reply(failed(), at(0s));
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).consecutive_failures(), 1);
  rig.serve(request(1));
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).consecutive_failures(), 0);
}

TEST(PipelineRetry, stays_at_a_provider_for_its_attempts_and_then_moves_on) {
  Rig once{with_attempts(1)};
  EXPECT_EQ(calls_of(once, request(0)), (Order{0, 1}));
  Rig thrice{with_attempts(3), 3};
  EXPECT_EQ(calls_of(thrice, request_to(1)), (Order{1, 1, 1, 0, 0, 0, 2, 2, 2}));
  EXPECT_EQ(thrice.log.records().at(0).attempt_count, 9);
  EXPECT_EQ(thrice.log.records().at(0).failovers, 2);
}

TEST(PipelineRetry, every_failure_but_auth_or_quota_is_retried) {
  for (const ReplyKind kind : kFailures) {
    Rig rig{with_attempts(2)};
    const Order expected = kind == ReplyKind::auth_or_quota ? Order{0, 1} : Order{0, 0, 1, 1};
    EXPECT_EQ(calls_of(rig, request(0), kind), expected) << name_of(kind);
  }
}

TEST(PipelineRetry, an_auth_error_on_the_second_attempt_moves_on_too) {
  Rig rig{with_attempts(3)};
  Ride ride = rig.begin(request(0)).reply(failed(), at(0s));
  ride.wake(*ride.waits_until());
  ASSERT_EQ(ride.called(), 0);
  EXPECT_EQ(ride.reply(failed(ReplyKind::auth_or_quota), at(10s)).called(), 1);
}

TEST(PipelineRetry, waits_twice_as_long_each_time_up_to_the_cap) {
  MonitorConfig config = with_attempts(8);
  config.provider_call.retry.jitter = Jitter::none;
  Rig rig{config, 2};
  Ride ride = rig.begin(request(0));
  Instant now{};
  for (const Duration pause : {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 8000ms, 8000ms}) {
    ride.reply(failed(), now);
    ASSERT_EQ(ride.waits_until(), now + pause);
    now += pause;
    ASSERT_EQ(ride.wake(now).called(), 0);
  }
  EXPECT_EQ(ride.reply(failed(), now).called(), 1);
  EXPECT_EQ(ride.reply(failed(), now).waits_until(), now + 500ms);  // a new provider, a new back-off
}

TEST(PipelineRetry, jitter_is_that_of_the_request_and_its_attempt) {
  const RetryConfig defaults;
  Rig rig{with_attempts(2)};
  for (std::uint64_t id = 0; id < 5; ++id) {
    Ride ride = rig.begin(request(id), at(1s)).reply(failed(), at(1s));
    EXPECT_EQ(ride.waits_until(), at(1s) + backoff(defaults, 0, RequestId{id}, 1)) << id;
  }
  Rig again{with_attempts(2)};
  Ride ride = again.begin(request(3)).reply(failed(), at(1s));
  EXPECT_EQ(*ride.waits_until() - at(1s), backoff(defaults, 0, RequestId{3}, 1));
}

TEST(PipelineRetry, a_late_wake_up_is_as_good) {
  Rig rig{with_attempts(2)};
  Ride ride = rig.begin(request(0)).reply(failed(), at(0s));
  const Instant late = *ride.waits_until() + 1h;
  EXPECT_EQ(ride.wake(late).called(), 0);
  EXPECT_EQ(ride.call().deadline, late + 30s);
}

TEST(PipelineRetry, a_breaker_that_opened_meanwhile_ends_the_retries_there) {
  MonitorConfig config = with_attempts(3);
  config.circuit_breaker = opens_after(1);
  Rig rig{config};
  EXPECT_EQ(calls_of(rig, request(0)), (Order{0, 1}));
  EXPECT_EQ(rig.log.records().at(0).outcome, Outcome::failed);
  expect_at_rest(rig.pipeline);
}

TEST(PipelineRateLimited, may_be_sent_straight_to_the_next) {
  MonitorConfig config = with_attempts(2);
  config.provider_call.rate_limited_retries = false;
  Rig rig{config};
  EXPECT_EQ(calls_of(rig, request(0), ReplyKind::rate_limited), (Order{0, 1}));
  Rig other{config};
  EXPECT_EQ(calls_of(other, request(0), ReplyKind::overloaded), (Order{0, 0, 1, 1}));
}

TEST(PipelineRateLimited, may_be_neutral_to_the_breaker) {
  MonitorConfig config = bare();
  config.provider_call.rate_limited_counts = false;
  Rig rig{config};
  EXPECT_EQ(rig.begin(request(0)).reply(failed(ReplyKind::rate_limited), at(0s)).called(), 1);
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).consecutive_failures(), 0);
  EXPECT_EQ(rig.log.ended().at(0).counted, BreakerOutcome::ignored);
  rig.begin(request(1)).reply(failed(ReplyKind::overloaded), at(0s));
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).consecutive_failures(), 1);
}

TEST(PipelineBreaker, a_reply_counts_as_the_outcome_that_is_set_for_its_kind) {
  MonitorConfig config = bare();
  config.circuit_breaker.outcomes[index_of(ReplyKind::rate_limited)] = BreakerOutcome::fatal;
  config.circuit_breaker.outcomes[index_of(ReplyKind::connection_error)] = BreakerOutcome::ignored;
  config.circuit_breaker.outcomes[index_of(ReplyKind::client_error)] = BreakerOutcome::failure;
  config.provider_call.rate_limited_counts = false;  // the kind's own setting holds
  Rig rig{config};
  EXPECT_EQ(rig.begin(request(0)).reply(failed(ReplyKind::connection_error), at(0s)).called(), 1);
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).consecutive_failures(), 0);
  rig.begin(request(1)).reply(failed(ReplyKind::client_error), at(0s));
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).consecutive_failures(), 1);
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).state(at(0s)), BreakerState::closed);
  rig.begin(request(2)).reply(failed(ReplyKind::rate_limited), at(0s));
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).state(at(0s)), BreakerState::open);
  EXPECT_EQ(rig.begin(request(3), at(1s)).called(), 1);
}

// Opens breakers with one failed request each.
void open_breakers(Rig& rig, std::initializer_list<std::size_t> which, Instant now) {
  std::uint64_t id = 1000;
  for (const std::size_t provider : which) {
    Ride ride = rig.begin(request_to(provider, id++), now);
    ASSERT_EQ(ride.called(), static_cast<int>(provider));
    ride.reply(failed(), now);
    while (ride.called() >= 0) ride.reply(failed(ReplyKind::client_error), now);
  }
}

TEST(PipelineBreaker, an_open_breaker_sends_the_request_to_the_next) {
  MonitorConfig config = bare();
  config.circuit_breaker = opens_after(1);
  Rig rig{config, 3};
  open_breakers(rig, {0, 1}, at(0s));
  const Ride ride = rig.begin(request(0), at(30s) - 1ns);
  EXPECT_EQ(ride.called(), 2);
  EXPECT_EQ(ride.record().failovers, 2);
  EXPECT_EQ(ride.record().attempt_count, 1);
}

TEST(PipelineBreaker, no_provider_to_call_is_all_providers_unavailable) {
  MonitorConfig config = bare();
  config.circuit_breaker = opens_after(1);
  Rig rig{config};
  open_breakers(rig, {0, 1}, at(0s));
  const Usd spent = rig.spent();
  const Ride ride = rig.begin(request(0), at(30s) - 1ns);
  EXPECT_EQ(ride.outcome(), "all_providers_unavailable");
  EXPECT_EQ(ride.record().attempt_count, 0);
  EXPECT_EQ(ride.record().failovers, 1);
  EXPECT_EQ(rig.spent(), spent);
  EXPECT_EQ(rig.log.released().back(), usd(7));
  expect_at_rest(rig.pipeline);
}

TEST(PipelineBreaker, one_failed_attempt_without_another_candidate_is_failed) {
  MonitorConfig config = bare();
  config.circuit_breaker = opens_after(1);
  Rig rig{config};
  open_breakers(rig, {1}, at(0s));
  const Ride ride = rig.begin(request(0), at(1s)).reply(failed(), at(1s));
  EXPECT_EQ(ride.outcome(), "failed");
  EXPECT_EQ(ride.record().attempt_count, 1);
}

TEST(PipelineBreaker, may_be_another_programs_one_for_each_provider) {
  MonitorConfig config = bare();
  config.circuit_breaker = opens_after(1);
  ProtocolBreaker first;
  ProtocolBreaker second;
  const ForeignBreakers both{&first, &second};
  for (ForeignBreaker* const each : both) ASSERT_FALSE(each->reset(config.circuit_breaker));
  Pipeline pipeline{config, providers(2), BreakerSource::another_program};
  Ride{pipeline, request(0), at(0s), &both}.reply(failed(), at(0s)).reply(ok(), at(0s));
  EXPECT_EQ(first.ask({.op = BreakerOp::state}).state, BreakerState::open);
  EXPECT_EQ(second.ask({.op = BreakerOp::state}).state, BreakerState::closed);
  EXPECT_EQ((Ride{pipeline, request(1), at(1s), &both}.called()), 1);
  const ForeignBreakers breakers{&first};
  EXPECT_EXIT((Ride{pipeline, request_to(1, 2), at(1s), &breakers}), testing::ExitedWithCode(1),
              "each provider has a breaker");
  EXPECT_EXIT((Ride{pipeline, request(2), at(1s)}), testing::ExitedWithCode(1), "each provider has a breaker");
}

// Each of the two pipelines asks programs of its own.
TEST(PipelineBreaker, a_copy_of_a_pipeline_with_another_programs_breakers_goes_its_own_way) {
  MonitorConfig config = bare();
  config.circuit_breaker = opens_after(1);
  std::array<ProtocolBreaker, 4> programs;
  for (ProtocolBreaker& each : programs) ASSERT_FALSE(each.reset(config.circuit_breaker));
  const ForeignBreakers ours{&programs[0], &programs[1]};
  const ForeignBreakers theirs{&programs[2], &programs[3]};
  Pipeline pipeline{config, providers(2), BreakerSource::another_program};
  Pipeline copy = pipeline;
  Ride{pipeline, request(0), at(0s), &ours}.reply(failed(), at(0s)).reply(ok(), at(0s));
  Ride{copy, request(0), at(0s), &theirs}.reply(ok(), at(0s));
  EXPECT_EQ(pipeline.breaker(provider_at(0)).state(at(0s)), BreakerState::open);
  EXPECT_EQ(copy.breaker(provider_at(0)).state(at(0s)), BreakerState::closed);
  EXPECT_EQ((Ride{pipeline, request(1), at(1s), &ours}.called()), 1);
  EXPECT_EQ((Ride{copy, request(1), at(1s), &theirs}.called()), 0);
}

TEST(PipelineBreaker, the_first_request_at_the_end_of_open_is_the_probe_and_the_others_go_elsewhere) {
  MonitorConfig config = bare();
  config.circuit_breaker = opens_after(1);
  Rig rig{config};
  open_breakers(rig, {0}, at(0s));
  Ride probe = rig.begin(request(0), at(30s));
  EXPECT_EQ(probe.called(), 0);
  EXPECT_EQ(probe.record().attempts()[0].breaker, BreakerState::half_open);
  EXPECT_EQ(rig.begin(request(1), at(30s)).called(), 1);
  probe.reply(ok(), at(31s));
  EXPECT_EQ(rig.log.ended().back().state_before, BreakerState::half_open);
  EXPECT_EQ(probe.record().breaker, BreakerState::closed);
  EXPECT_EQ(rig.begin(request(2), at(31s)).called(), 0);
}

TEST(PipelineBreaker, a_client_error_of_a_probe_gives_its_place_back) {
  MonitorConfig config = bare();
  config.circuit_breaker = opens_after(1);
  Rig rig{config};
  open_breakers(rig, {0}, at(0s));
  rig.begin(request(0), at(30s)).reply(failed(ReplyKind::client_error), at(31s));
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).state(at(31s)), BreakerState::half_open);
  EXPECT_EQ(rig.begin(request(1), at(31s)).called(), 0);
}

TEST(PipelineBreaker, a_late_result_changes_nothing_but_is_counted_and_still_answers) {
  MonitorConfig config = bare();
  config.circuit_breaker = opens_after(1);
  config.circuit_breaker.open = 1s;
  Rig rig{config};
  Ride slow = rig.begin(request(0), at(0s));
  Ride slow_failure = rig.begin(request(1), at(0s));
  open_breakers(rig, {0}, at(0s));
  const std::uint64_t epoch = rig.pipeline.breaker(provider_at(0)).epoch();

  EXPECT_EQ(slow.reply(ok(), at(0s)).outcome(), "served");
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).state(at(0s)), BreakerState::open);
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).epoch(), epoch);
  EXPECT_TRUE(rig.log.ended().back().late);

  rig.begin(request_to(0, 2), at(1s)).reply(ok(), at(1s));  // the probe closes
  EXPECT_EQ(slow_failure.reply(failed(), at(2s)).called(), 1);
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).state(at(2s)), BreakerState::closed);
  EXPECT_EQ(rig.pipeline.metrics().provider(provider_at(0)).late_results, 2);
}

TEST(PipelineBreaker, on_time_reports_half_open_at_the_instant_it_began) {
  MonitorConfig config = bare();
  config.circuit_breaker = opens_after(1);
  Rig rig{config};
  open_breakers(rig, {0}, at(5s));
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).wakeup(), at(35s));
  rig.pipeline.on_time(at(35s) - 1ns);
  ASSERT_EQ(rig.log.transitions().size(), 1U);
  rig.pipeline.on_time(at(35s));
  ASSERT_EQ(rig.log.transitions().size(), 2U);
  EXPECT_EQ(rig.log.transitions()[1].to, BreakerState::half_open);
  EXPECT_EQ(rig.log.transitions()[1].at, at(35s));
  rig.pipeline.on_time(at(36s));
  EXPECT_EQ(rig.log.transitions().size(), 2U);
}

TEST(PipelineFailover, the_variant_stays_whichever_provider_serves) {
  MonitorConfig config = bare();
  config.ab_router = {.experiment_id = "e",
                      .variants = {{.id = "none", .provider = provider_at(0), .weight = 0},
                                   {.id = "all", .provider = provider_at(1), .weight = 1}}};
  Rig rig{config};
  const Ride ride = rig.begin(request(0)).reply(failed(), at(0s)).reply(ok(), at(0s));
  EXPECT_EQ(ride.record().variant, 1);
  EXPECT_EQ(ride.record().assigned, provider_at(1));
  EXPECT_EQ(ride.record().answered_by, provider_at(0));
}

TEST(PipelineFailover, a_stream_that_breaks_off_has_been_seen_and_is_not_replaced) {
  MonitorConfig config = bare();
  config.provider_call.retry.max_attempts = 2;
  config.cache.enabled = true;
  config.cache.stale_if_error = 1h;
  config.cache.ttl = 0s;
  Rig rig{config};
  rig.serve(request(0));
  Request stream = request(0);
  stream.stream = true;
  Ride seen = rig.begin(stream, at(1s)).reply(failed(ReplyKind::truncated), at(2s));
  EXPECT_EQ(seen.outcome(), "broken_stream") << "no retry, no failover, no stale answer";
  EXPECT_EQ(seen.record().attempt_count, 1);
  // A failure before the first token and a caller of whole answers see nothing.
  EXPECT_EQ(rig.begin(stream, at(3s)).reply(failed(ReplyKind::server_error), at(4s)).outcome(), "not yet");
  EXPECT_EQ(rig.begin(request(0), at(5s)).reply(failed(ReplyKind::truncated), at(6s)).outcome(), "not yet");
}

}  // namespace
}  // namespace windtunnel::monitor::pipeline_failover_test
