// The one record of a request, whatever its end, and what a driver must not do.

#include <gtest/gtest.h>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::pipeline_record_test {
namespace {

using namespace pipeline_rig;

// One record, handed to the observer at the end and equal to the flow's.
Record only_record(const Rig& rig, Outcome outcome, Instant arrived, Instant finished) {
  EXPECT_EQ(rig.log.records().size(), 1U);
  const Record record = rig.log.records().back();
  EXPECT_EQ(record.outcome, outcome);
  EXPECT_EQ(record.arrived, arrived);
  EXPECT_EQ(record.finished, finished);
  EXPECT_EQ(rig.pipeline.metrics().all().requests(), 1);
  return record;
}

void expect_no_call(const Record& record) {
  EXPECT_EQ(record.attempt_count, 0);
  EXPECT_EQ(record.last_attempt(), nullptr);
  EXPECT_EQ(record.answered_by, std::nullopt);
  EXPECT_EQ(record.confirmed_cost(), Usd{});
}

void expect_no_answer(const Record& record) {
  EXPECT_EQ(record.answered_by, std::nullopt);
  EXPECT_EQ(record.input, Tokens{0});
  EXPECT_EQ(record.output, Tokens{0});
  EXPECT_EQ(record.response_length, 0U);
  EXPECT_EQ(record.time_to_first_token, 0s);
}

TEST(PipelineRecord, of_a_served_request) {
  Rig rig;
  Reply reply = ok(100, 50);
  reply.time_to_first_token = 300ms;
  reply.response_length = 77;
  rig.begin(request(5), at(1s)).reply(reply, at(3s));
  const Record& record = only_record(rig, Outcome::served, at(1s), at(3s));
  EXPECT_EQ(number_of(record.request.id), 5U);
  EXPECT_EQ(record.latency(), 2s);
  EXPECT_EQ(record.assigned, provider_at(0));
  EXPECT_EQ(record.answered_by, provider_at(0));
  EXPECT_EQ(record.granted_output, Tokens{200});
  EXPECT_EQ(record.input, Tokens{100});
  EXPECT_EQ(record.output, Tokens{50});
  EXPECT_EQ(record.response_length, 77U);
  EXPECT_EQ(record.time_to_first_token, 300ms);
  EXPECT_EQ(record.breaker, BreakerState::closed);
  EXPECT_EQ(record.failovers, 0);
  ASSERT_EQ(record.attempt_count, 1);
  const Attempt& attempt = record.attempts()[0];
  EXPECT_EQ(attempt.started, at(1s));
  EXPECT_EQ(attempt.latency, 2s);
  EXPECT_EQ(attempt.cost, cents(250));
  EXPECT_EQ(attempt.provider, provider_at(0));
  EXPECT_EQ(attempt.kind, ReplyKind::ok);
  EXPECT_TRUE(attempt.usage_known);
}

TEST(PipelineRecord, after_a_failover_tokens_are_the_served_attempts_and_cost_is_the_sum) {
  Rig rig;
  Reply second = ok(90, 40);
  second.time_to_first_token = 300ms;
  rig.begin(request(0), at(1s)).reply(failed(ReplyKind::malformed), at(2s)).reply(second, at(4s));
  const Record& record = only_record(rig, Outcome::served, at(1s), at(4s));
  EXPECT_EQ(record.input, Tokens{90});
  EXPECT_EQ(record.output, Tokens{40});
  EXPECT_EQ(record.time_to_first_token, 1300ms);  // since arrival
  EXPECT_EQ(record.confirmed_cost(), cents(250) + cents(220));
  EXPECT_EQ(record.attempts()[1].started, at(2s));
  EXPECT_EQ(record.attempts()[1].latency, 2s);
  EXPECT_EQ(record.last_attempt()->provider, provider_at(1));
  EXPECT_EQ(record.failovers, 1);
}

TEST(PipelineRecord, a_served_answer_of_unknown_usage_counts_as_all_that_was_granted) {
  MonitorConfig config = bare();
  config.token_limiter = {.mode = TokenMode::average, .limit = Tokens{150}};
  Rig rig{config};
  Reply reply = ok();
  reply.usage.reset();
  rig.begin(request(0)).reply(reply, at(1s));
  const Record& record = only_record(rig, Outcome::served, at(0s), at(1s));
  EXPECT_EQ(record.output, Tokens{50});
  EXPECT_EQ(rig.pipeline.token_limiter().settled_tokens(), Tokens{150});
  EXPECT_EQ(record.confirmed_cost(), Usd{});
}

TEST(PipelineRecord, of_a_cache_hit) {
  MonitorConfig config = bare();
  config.cache.enabled = true;
  Rig rig{config};
  Reply reply = ok();
  reply.response_length = 77;
  rig.begin(request(0)).reply(reply, at(0s));
  rig.begin(request(0), at(2s));
  const Record record = rig.log.records().at(1);
  EXPECT_EQ(record.outcome, Outcome::cache_hit);
  EXPECT_EQ(record.attempt_count, 0);
  EXPECT_EQ(record.confirmed_cost(), Usd{});
  EXPECT_EQ(record.assigned, provider_at(0));
  EXPECT_EQ(record.answered_by, provider_at(0));
  EXPECT_EQ(record.response_length, 77U);
  EXPECT_EQ(record.input, Tokens{0});
  EXPECT_EQ(record.output, Tokens{0});
  EXPECT_EQ(record.latency(), 0s);
}

TEST(PipelineRecord, of_a_stale_hit_names_the_last_call_and_who_had_answered) {
  MonitorConfig config = bare();
  config.cache = {.enabled = true, .ttl = 1s, .stale_if_error = 10s};
  Rig rig{config};
  rig.serve(request(0));
  rig.begin(request(0), at(2s)).reply(failed(), at(3s)).reply(failed(ReplyKind::malformed), at(4s));
  const Record record = rig.log.records().at(1);
  EXPECT_EQ(record.outcome, Outcome::stale_hit);
  EXPECT_EQ(record.answered_by, provider_at(0));
  EXPECT_EQ(record.last_attempt()->provider, provider_at(1));
  EXPECT_EQ(record.confirmed_cost(), cents(250));
  EXPECT_EQ(record.input, Tokens{0});
  EXPECT_EQ(record.latency(), 2s);
}

TEST(PipelineRecord, of_a_request_refused_for_its_rate) {
  MonitorConfig config = bare();
  config.rate_limiter.requests_per_minute = 0;
  Rig rig{config};
  rig.begin(request(0), at(1s));
  const Record& record = only_record(rig, Outcome::refused_rate, at(1s), at(1s));
  expect_no_call(record);
  expect_no_answer(record);
  EXPECT_EQ(record.granted_output, Tokens{0});
  EXPECT_EQ(record.assigned, std::nullopt);
}

TEST(PipelineRecord, of_a_request_refused_for_its_tokens) {
  MonitorConfig config = bare();
  config.token_limiter = {.mode = TokenMode::average, .limit = Tokens{100}};
  Rig rig{config};
  rig.begin(request(0), at(1s));
  const Record& record = only_record(rig, Outcome::refused_tokens, at(1s), at(1s));
  expect_no_call(record);
  EXPECT_EQ(record.granted_output, Tokens{0});
  EXPECT_EQ(record.assigned, std::nullopt);
  EXPECT_EQ(record.retry_after, 0s);
}

TEST(PipelineRecord, of_a_request_refused_for_the_budget) {
  MonitorConfig config = bare();
  config.cost_limiter.daily = usd(0);
  Rig rig{config};
  rig.begin(request(0), at(1s));
  const Record& record = only_record(rig, Outcome::refused_budget, at(1s), at(1s));
  expect_no_call(record);
  EXPECT_EQ(record.granted_output, Tokens{200});
  EXPECT_EQ(record.assigned, std::nullopt);
}

TEST(PipelineRecord, of_a_client_error) {
  Rig rig;
  Reply reply = failed(ReplyKind::client_error);
  reply.usage = Usage{Tokens{100}, Tokens{0}};
  rig.begin(request(0), at(1s)).reply(reply, at(2s));
  const Record& record = only_record(rig, Outcome::client_error, at(1s), at(2s));
  expect_no_answer(record);
  EXPECT_EQ(record.last_attempt()->provider, provider_at(0));
  EXPECT_EQ(record.confirmed_cost(), usd(1));
}

TEST(PipelineRecord, of_a_failed_request) {
  MonitorConfig config = bare();
  config.circuit_breaker = opens_after(1);
  Rig rig{config};
  rig.begin(request(0), at(1s)).reply(failed(), at(2s)).reply(failed(ReplyKind::timeout), at(3s));
  const Record& record = only_record(rig, Outcome::failed, at(1s), at(3s));
  expect_no_answer(record);
  EXPECT_EQ(record.last_attempt()->provider, provider_at(1));
  EXPECT_EQ(record.attempts()[0].breaker, BreakerState::closed);
  EXPECT_EQ(record.breaker, BreakerState::open);  // of the last called provider, after its reply
}

TEST(PipelineRecord, of_a_request_past_its_deadline) {
  MonitorConfig config = bare();
  config.provider_call.deadline = 5s;
  Rig rig{config};
  rig.begin(request(0), at(1s)).reply(failed(ReplyKind::timeout), at(6s));
  const Record& record = only_record(rig, Outcome::deadline_exceeded, at(1s), at(6s));
  expect_no_answer(record);
  EXPECT_EQ(record.attempt_count, 1);
  EXPECT_EQ(record.assigned, provider_at(0));
}

TEST(PipelineDeadline, an_attempt_lasts_at_most_its_timeout_and_the_requests_deadline) {
  MonitorConfig config = bare();
  config.provider_call.timeout = 10s;
  Rig without{config};
  EXPECT_EQ(without.begin(request(0), at(1s)).call().deadline, at(11s));
  config.provider_call.deadline = 15s;
  Rig rig{config};
  Ride ride = rig.begin(request(0), at(1s));
  EXPECT_EQ(ride.call().deadline, at(11s));
  EXPECT_EQ(ride.reply(failed(ReplyKind::timeout), at(11s)).call().deadline, at(16s));
  EXPECT_EQ(rig.log.started().at(1).deadline, at(16s));
}

TEST(PipelineDeadline, an_attempt_without_a_timeout_lasts_as_long_as_its_request) {
  MonitorConfig config = bare();
  config.provider_call.timeout = kNoTimeout;
  Rig without{config};
  EXPECT_EQ(without.begin(request(0), at(1s)).call().deadline, Instant::max());
  config.provider_call.deadline = 15s;
  Rig rig{config};
  EXPECT_EQ(rig.begin(request(0), at(1s)).call().deadline, at(16s));
}

TEST(PipelineDeadline, a_reply_at_exactly_the_deadline_is_a_reply) {
  MonitorConfig config = bare();
  config.provider_call.deadline = 5s;
  Rig rig{config};
  EXPECT_EQ(rig.begin(request(0)).reply(ok(), at(5s)).outcome(), "served");
  EXPECT_EQ(rig.begin(request(1), at(5s)).reply(failed(ReplyKind::client_error), at(10s)).outcome(), "client_error");
}

TEST(PipelineDeadline, a_failure_before_it_goes_on_and_at_it_ends) {
  MonitorConfig config = bare();
  config.provider_call.deadline = 5s;
  for (const bool before : {true, false}) {
    Rig rig{config};
    const Ride ride = rig.begin(request(0)).reply(failed(), at(5s) - (before ? 1ns : 0ns));
    EXPECT_EQ(ride.called(), before ? 1 : -1);
    EXPECT_EQ(ride.outcome(), before ? "not yet" : "deadline_exceeded");
    EXPECT_EQ(ride.record().failovers, before ? 1 : 0);
    if (!before) expect_at_rest(rig.pipeline);
  }
}

TEST(PipelineDeadline, an_attempt_cut_by_it_counts_as_a_timeout_for_the_breaker) {
  MonitorConfig config = bare();
  config.provider_call.deadline = 5s;
  Rig rig{config};
  rig.begin(request(0)).reply(failed(ReplyKind::timeout), at(5s));
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).consecutive_failures(), 1);
  EXPECT_EQ(rig.spent(), usd(7));  // its usage is unknown
}

TEST(PipelineDeadline, a_retry_that_would_start_too_late_gives_way_to_the_next_candidate) {
  MonitorConfig config = bare();
  config.provider_call.retry = {.max_attempts = 2, .base = 1s, .jitter = Jitter::none};
  config.provider_call.deadline = 5s;
  Rig rig{config};
  EXPECT_EQ(rig.begin(request(0)).reply(failed(), at(4s) - 1ns).waits_until(), at(5s) - 1ns);
  Rig later{config};
  EXPECT_EQ(later.begin(request(0)).reply(failed(), at(4s)).called(), 1);
}

TEST(PipelineDeadline, a_wake_up_that_comes_too_late_ends_the_request) {
  MonitorConfig config = bare();
  config.provider_call.retry = {.max_attempts = 2, .base = 1s, .jitter = Jitter::none};
  config.provider_call.deadline = 5s;
  for (const bool in_time : {true, false}) {
    Rig rig{config};
    Ride ride = rig.begin(request(0)).reply(failed(), at(0s));
    ride.wake(at(5s) - (in_time ? 1ns : 0ns));
    EXPECT_EQ(ride.outcome(), in_time ? "not yet" : "deadline_exceeded");
    EXPECT_EQ(ride.record().attempt_count, in_time ? 2 : 1);
    if (!in_time) expect_at_rest(rig.pipeline);
  }
}

TEST(PipelineDeath, a_step_is_answered_once_and_by_its_own_answer) {
  Rig rig;
  Ride ride = rig.begin(request(0));
  EXPECT_EXIT(rig.pipeline.begin(ride.flow, at(0s)), testing::ExitedWithCode(1), "a request begins once");
  EXPECT_EXIT(rig.pipeline.on_wakeup(ride.flow, at(0s)), testing::ExitedWithCode(1), "a wake-up ends a wait");
  ride.reply(ok(), at(0s));
  EXPECT_EXIT(rig.pipeline.on_reply(ride.flow, ok(), at(0s)), testing::ExitedWithCode(1),
              "a reply answers an outstanding call");
  Ride other = rig.begin(request(1));
  Reply unheard_of = ok();
  unheard_of.kind = static_cast<ReplyKind>(kReplyKinds);
  EXPECT_EXIT(rig.pipeline.on_reply(other.flow, unheard_of, at(0s)), testing::ExitedWithCode(1),
              "believed that a reply kind is known \\(");
}

TEST(PipelineDeath, is_built_for_1_to_64_providers_with_prices_and_attempts_that_fit_a_record) {
  const auto built = [](const MonitorConfig& config, const std::vector<ProviderConfig>& all) {
    Pipeline pipeline{config, all};
    std::exit(pipeline.provider_count() > 0 ? 0 : 2);
  };
  const auto dies = testing::ExitedWithCode(1);
  const auto lives = testing::ExitedWithCode(0);
  const auto routed_to = [](std::size_t provider) {
    Rig rig{bare(), 2};
    std::exit(rig.begin(request_to(provider)).called() >= 0 ? 0 : 2);
  };
  EXPECT_EXIT(routed_to(1), lives, "");
  EXPECT_EXIT(routed_to(2), dies, "a request is routed to a provider that exists");
  EXPECT_EXIT(built(bare(), {}), dies, "1 to 64 providers");
  EXPECT_EXIT(built(bare(), providers(64)), lives, "");
  EXPECT_EXIT(built(bare(), providers(65)), dies, "1 to 64 providers");
  std::vector<ProviderConfig> unpriced = providers(2);
  unpriced[1].tariffs.clear();
  EXPECT_EXIT(built(bare(), unpriced), dies, "every provider has a price");
  MonitorConfig config = bare();
  config.provider_call.retry.max_attempts = 32;
  EXPECT_EXIT(built(config, providers(2)), lives, "");
  config.provider_call.retry.max_attempts = 33;
  EXPECT_EXIT(built(config, providers(2)), dies, "max_attempts times providers fits a record");
}

}  // namespace
}  // namespace windtunnel::monitor::pipeline_record_test
