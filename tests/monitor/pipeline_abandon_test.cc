// A caller who goes leaves nothing behind: no slot of a limit, no reservation, no permit.

#include <gtest/gtest.h>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::pipeline_abandon_test {
namespace {

using namespace pipeline_rig;

// A limit on requests and one on calls, two attempts, and a breaker whose one probe may be out.
Pipeline limited() {
  MonitorConfig config = bare();
  config.limits.limits = {{.id = "requests", .parallel_requests = 1},
                          {.id = "calls", .per = {{LimitScope::deployment}}, .parallel_requests = 1}};
  config.provider_call.retry.max_attempts = 2;
  config.circuit_breaker = opens_after(1);
  return Pipeline{config, providers(1)};
}

void expect_at_rest(const Pipeline& pipeline) {
  for (const LimitBook::Entry& entry : pipeline.limits().entries()) EXPECT_EQ(entry.account.slots(), 0);
  EXPECT_EQ(pipeline.cost_limiter().month_reserved(), UsdSum{});
  EXPECT_EQ(pipeline.breaker(provider_at(0)).permits_in_flight(), 0);
}

Flow begun(Pipeline& pipeline, std::uint64_t id, Instant now) {
  Flow flow;
  flow.record.request = request(id);
  static_cast<void>(pipeline.begin(flow, now));
  return flow;
}

TEST(Abandon, while_a_call_is_out_frees_what_the_request_held) {
  Pipeline pipeline = limited();
  Flow flow = begun(pipeline, 1, at(1s));
  ASSERT_EQ(flow.awaiting, Awaiting::reply);
  static_cast<void>(pipeline.abandon(flow, at(2s)));
  EXPECT_EQ(flow.record.outcome, Outcome::client_error);
  expect_at_rest(pipeline);
}

// The provider has said nothing.
TEST(Abandon, of_a_call_counts_for_no_breaker_whatever_a_client_error_counts_as) {
  for (const BreakerOutcome client_errors : {BreakerOutcome::success, BreakerOutcome::failure}) {
    MonitorConfig config = bare();
    config.circuit_breaker = opens_after(1);
    config.circuit_breaker.outcomes[index_of(ReplyKind::client_error)] = client_errors;
    Pipeline pipeline{config, providers(1)};
    Flow flow = begun(pipeline, 1, at(1s));
    static_cast<void>(pipeline.abandon(flow, at(2s)));
    EXPECT_EQ(pipeline.breaker(provider_at(0)).state(at(2s)), BreakerState::closed);
    EXPECT_EQ(pipeline.breaker(provider_at(0)).window_calls(at(2s)), 0);
    expect_at_rest(pipeline);
  }
}

// As a timeout is, whose usage its caller does not learn either.
TEST(Abandon, settles_its_call_as_one_of_unknown_usage) {
  for (const auto& [law, settled] :
       {std::pair{UnknownUsage::reserve, kWorst[0]}, std::pair{UnknownUsage::zero, usd(0)}}) {
    MonitorConfig config = bare();
    config.cost_limiter.monthly = usd(100);
    config.cost_limiter.unknown_usage = law;
    Pipeline pipeline{config, providers(1)};
    Flow flow = begun(pipeline, 1, at(1s));
    static_cast<void>(pipeline.abandon(flow, at(2s)));
    EXPECT_EQ(pipeline.cost_limiter().month_settled(), settled);
    EXPECT_EQ(pipeline.cost_limiter().month_reserved(), UsdSum{});
    EXPECT_FALSE(flow.record.attempts()[0].usage_known);
  }
}

TEST(Abandon, during_a_pause_frees_what_the_request_held) {
  Pipeline pipeline = limited();
  Flow flow = begun(pipeline, 1, at(1s));
  static_cast<void>(pipeline.on_reply(flow, failed(), at(2s)));
  ASSERT_EQ(flow.awaiting, Awaiting::wakeup);
  static_cast<void>(pipeline.abandon(flow, at(2s)));
  expect_at_rest(pipeline);
}

TEST(Abandon, of_a_probe_returns_its_permit) {
  Pipeline pipeline = limited();
  Flow flow = begun(pipeline, 1, at(1s));
  static_cast<void>(pipeline.on_reply(flow, failed(), at(2s)));
  static_cast<void>(pipeline.abandon(flow, at(2s)));
  Flow probe = begun(pipeline, 2, at(1h));
  ASSERT_EQ(probe.awaiting, Awaiting::reply);
  ASSERT_EQ(pipeline.breaker(provider_at(0)).permits_in_flight(), 1);
  static_cast<void>(pipeline.abandon(probe, at(1h + 1s)));
  expect_at_rest(pipeline);
}

}  // namespace
}  // namespace windtunnel::monitor::pipeline_abandon_test
