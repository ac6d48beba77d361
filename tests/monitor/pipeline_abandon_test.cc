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
