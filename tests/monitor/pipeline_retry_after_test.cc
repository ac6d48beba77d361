// Retry-After: whom it binds, for how long, and that it is asked before breaker and budget.

#include <gtest/gtest.h>

#include <limits>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::pipeline_retry_after_test {
namespace {

using namespace pipeline_rig;
using Words = std::vector<std::string>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// One request told by provider 0 to stay away, and served by provider 1.
void throttle(Rig& rig, const RetryAfter& retry_after, Instant now, std::uint64_t id = 1000) {
  Reply reply = failed(ReplyKind::rate_limited);
  reply.retry_after = retry_after;
  Ride ride = rig.begin(request(id), now);
  ASSERT_EQ(ride.called(), 0);
  ride.reply(reply, now);
  if (ride.called() == 1) ride.reply(ok(), now);
}

RetryAfter seconds(double count) { return {.form = RetryAfter::Form::seconds, .seconds = count}; }
RetryAfter date(WallTime wall) { return {.form = RetryAfter::Form::date, .date = wall}; }

Duration wait_after(const RetryAfter& retry_after) {
  Rig rig;
  throttle(rig, retry_after, at(5s));
  return rig.pipeline.cooling_until(provider_at(0)).value() - at(5s);
}

TEST(PipelineRetryAfter, binds_all_requests_until_its_instant) {
  Rig rig;
  throttle(rig, seconds(10), at(5s));
  ASSERT_EQ(rig.log.cooling().size(), 1U);
  EXPECT_EQ(rig.log.cooling()[0].provider, provider_at(0));
  EXPECT_EQ(rig.log.cooling()[0].until, at(15s));
  EXPECT_EQ(rig.begin(request(0), at(15s) - 1ns).called(), 1);
  EXPECT_EQ(rig.begin(request(1), at(15s)).called(), 0);
}

TEST(PipelineRetryAfter, binds_no_other_provider) {
  Rig rig{bare(), 3};
  throttle(rig, seconds(10), at(0s));
  EXPECT_EQ(rig.begin(request_to(1, 0), at(1s)).called(), 1);
  EXPECT_EQ(rig.begin(request_to(2, 1), at(1s)).called(), 2);
  EXPECT_EQ(rig.pipeline.cooling_until(provider_at(1)), std::nullopt);
}

TEST(PipelineRetryAfter, is_clamped_whatever_was_sent) {
  EXPECT_EQ(wait_after(seconds(60)), 60s);
  EXPECT_EQ(wait_after(seconds(60.5)), 60s);
  EXPECT_EQ(wait_after(seconds(59.5)), 59500ms);
  EXPECT_EQ(wait_after(seconds(1e300)), 60s);
  EXPECT_EQ(wait_after(seconds(kInfinity)), 60s);
  EXPECT_EQ(wait_after(seconds(-kInfinity)), 0s);
  EXPECT_EQ(wait_after(seconds(-1)), 0s);
  EXPECT_EQ(wait_after(seconds(kNaN)), 0s);
  EXPECT_EQ(wait_after(date(kNoon + 5s + 20s)), 20s);
  EXPECT_EQ(wait_after(date(kNoon)), 0s);
  EXPECT_EQ(wait_after(date(kNoon + 24h)), 60s);
  EXPECT_EQ(wait_after(date(WallTime::max())), 60s);
  EXPECT_EQ(wait_after(date(WallTime::min())), 0s);
  EXPECT_EQ(wait_after({.form = RetryAfter::Form::unreadable}), 0s);
}

TEST(PipelineRetryAfter, the_cap_is_a_setting) {
  MonitorConfig config = bare();
  config.provider_call.retry_after_cap = 2s;
  Rig rig{config};
  throttle(rig, seconds(10), at(0s));
  EXPECT_EQ(rig.pipeline.cooling_until(provider_at(0)), at(2s));
}

TEST(PipelineRetryAfter, the_latest_wins_longer_or_shorter) {
  for (const double second : {1.0, 40.0}) {
    Rig rig;
    Ride first = rig.begin(request(0));
    Ride other = rig.begin(request(1));
    first.reply(throttled(20), at(0s));
    other.reply(throttled(second), at(1s));
    const auto until = at(1s) + Duration{static_cast<std::int64_t>(second) * 1s};
    EXPECT_EQ(rig.begin(request(2), until - 1ns).called(), 1);
    EXPECT_EQ(rig.begin(request(3), until).called(), 0);
  }
}

TEST(PipelineRetryAfter, an_absent_header_leaves_the_earlier_one_and_an_unreadable_one_ends_it) {
  Rig rig;
  Ride first = rig.begin(request(0));
  Ride absent = rig.begin(request(1));
  Ride unreadable = rig.begin(request(2));
  first.reply(throttled(20), at(0s));
  absent.reply(failed(ReplyKind::rate_limited), at(1s));
  EXPECT_EQ(rig.pipeline.cooling_until(provider_at(0)), at(20s));
  Reply reply = failed(ReplyKind::rate_limited);
  reply.retry_after.form = RetryAfter::Form::unreadable;
  unreadable.reply(reply, at(2s));
  EXPECT_EQ(rig.begin(request(3), at(2s)).called(), 0);
}

TEST(PipelineRetryAfter, is_heard_with_any_failure_but_not_with_a_success) {
  Rig rig;
  Reply reply = failed(ReplyKind::server_error);
  reply.retry_after = seconds(10);
  rig.begin(request(0)).reply(reply, at(0s));
  EXPECT_EQ(rig.pipeline.cooling_until(provider_at(0)), at(10s));

  Rig other;
  Reply success = ok();
  success.retry_after = seconds(10);
  other.begin(request(0)).reply(success, at(0s));
  EXPECT_EQ(other.pipeline.cooling_until(provider_at(0)), std::nullopt);
}

TEST(PipelineRetryAfter, is_checked_before_the_breaker_and_the_breaker_before_the_money) {
  MonitorConfig config = bare();
  config.circuit_breaker = opens_after(1);
  Rig rig{config, 3};
  rig.begin(request_to(1, 0)).reply(failed(), at(0s)).reply(ok(), at(0s));
  Ride told = rig.begin(request_to(0, 1));
  told.reply(throttled(10), at(0s));
  rig.log.clear();

  const Ride ride = rig.begin(request(2), at(1s));
  EXPECT_EQ(ride.called(), 2);
  EXPECT_EQ(rig.log.words(), (Words{"arrival", "granted 200", "reserved", "cooling 0", "rejected 1", "admitted 2",
                                    "reserved", "call 2"}));
}

// A probe's permit taken for a call that Retry-After forbids would have to be given back.
TEST(PipelineRetryAfter, a_skipped_provider_hands_out_no_probe) {
  MonitorConfig config = bare();
  config.circuit_breaker = opens_after(1);
  config.circuit_breaker.open = 1s;
  Rig rig{config};
  throttle(rig, seconds(10), at(0s));
  EXPECT_EQ(rig.begin(request(0), at(5s)).called(), 1);
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).permits_in_flight(), 0);
  EXPECT_EQ(rig.begin(request(1), at(10s)).called(), 0);
}

TEST(PipelineRetryAfter, counts_a_skip_as_a_failover) {
  Rig rig;
  throttle(rig, seconds(10), at(0s));
  const Ride ride = rig.begin(request(0), at(1s));
  EXPECT_EQ(ride.record().failovers, 1);
  EXPECT_EQ(rig.log.count("cooling 0"), 1U);
}

TEST(PipelineRetryAfter, with_every_provider_under_it_none_was_available) {
  Rig rig;
  throttle(rig, seconds(10), at(0s));
  Ride ride = rig.begin(request_to(1, 0));
  ride.reply(throttled(10), at(0s));
  EXPECT_EQ(ride.outcome(), "failed");
  const Ride next = rig.begin(request(1), at(10s) - 1ns);
  EXPECT_EQ(next.outcome(), "all_providers_unavailable");
  EXPECT_EQ(rig.begin(request(2), at(10s)).called(), 0);
}

TEST(PipelineRetryAfter, a_retry_is_not_waited_for_if_it_would_come_too_early) {
  MonitorConfig config = bare();
  config.provider_call.retry = {.max_attempts = 2, .base = 500ms, .jitter = Jitter::none};
  Rig rig{config};
  EXPECT_EQ(rig.begin(request(0)).reply(throttled(0.5), at(0s)).waits_until(), at(500ms));
  Rig later{config};
  EXPECT_EQ(later.begin(request(0)).reply(throttled(0.500000001), at(0s)).called(), 1);
}

TEST(PipelineRetryAfter, one_that_comes_during_the_back_off_sends_the_retry_elsewhere) {
  MonitorConfig config = bare();
  config.provider_call.retry = {.max_attempts = 2, .base = 500ms, .jitter = Jitter::none};
  Rig rig{config};
  Ride waiting = rig.begin(request(0)).reply(failed(), at(0s));
  throttle(rig, seconds(10), at(100ms));
  EXPECT_EQ(waiting.wake(at(500ms)).called(), 1);
}

}  // namespace
}  // namespace windtunnel::monitor::pipeline_retry_after_test
