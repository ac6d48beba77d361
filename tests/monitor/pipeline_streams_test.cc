// A streamed request: what its calls are held to, and what a break leads to.

#include <gtest/gtest.h>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::pipeline_streams_test {
namespace {

using namespace pipeline_rig;

Request streamed(std::uint64_t id) {
  Request asked = request(id);
  asked.stream = true;
  return asked;
}

Reply broken_timeout() {
  Reply reply = failed(ReplyKind::timeout);
  reply.began = true;
  return reply;
}

MonitorConfig timed() {
  MonitorConfig config = bare();
  config.provider_call.first_token_timeout = 8s;
  config.provider_call.idle_timeout = 5s;
  return config;
}

TEST(PipelineStreams, a_call_is_held_to_its_first_token_and_its_pauses) {
  Rig rig{timed()};
  const Ride ride = rig.begin(streamed(1), at(10s));
  EXPECT_EQ(ride.call().first_token_by, at(18s));
  EXPECT_EQ(ride.call().idle, 5s);
  EXPECT_EQ(ride.call().deadline, at(40s));
  EXPECT_EQ(rig.log.started().at(0).first_token_by, at(18s));
  EXPECT_EQ(rig.log.started().at(0).idle, 5s);
}

TEST(PipelineStreams, a_whole_answer_has_no_first_token_to_wait_for) {
  Rig rig{timed()};
  const Ride ride = rig.begin(request(1), at(10s));
  EXPECT_EQ(ride.call().first_token_by, Instant::max());
  EXPECT_EQ(ride.call().idle, kNoTimeout);
}

TEST(PipelineStreams, the_most_specific_level_replaces_the_others) {
  MonitorConfig config = timed();
  config.routing.routes = {
      {.name = "plain", .targets = {{.deployment = provider_at(0)}, {.deployment = provider_at(1)}}},
      {.name = "own", .targets = {{.deployment = provider_at(1)}}}};
  config.routing.routes[1].first_token_timeout = 1s;
  std::vector<ProviderConfig> all = providers(2);
  all[1].first_token_timeout = 3s;
  all[1].idle_timeout = 2s;
  Rig rig{config, all};
  Ride plain = rig.begin(streamed(1));
  EXPECT_EQ(plain.call().first_token_by, at(8s));
  EXPECT_EQ(plain.call().idle, 5s);
  plain.reply(failed(), at(1s));
  EXPECT_EQ(plain.call().first_token_by, at(4s));
  EXPECT_EQ(plain.call().idle, 2s);
  Request asked = streamed(2);
  asked.route = RouteId{1};
  const Ride own = rig.begin(asked, at(1s));
  EXPECT_EQ(own.call().first_token_by, at(2s));
  EXPECT_EQ(own.call().idle, 2s);
}

TEST(PipelineStreams, a_timeout_before_the_first_token_fails_over_and_one_after_it_does_not) {
  Rig rig{timed()};
  Ride unseen = rig.begin(streamed(1));
  EXPECT_EQ(unseen.reply(failed(ReplyKind::timeout), at(8s)).called(), 1);
  EXPECT_EQ(unseen.reply(broken_timeout(), at(15s)).outcome(), "broken_stream");
  EXPECT_EQ(unseen.record().attempt_count, 2);
  EXPECT_EQ(unseen.record().restarts, 0);
  // A caller of a whole answer has seen nothing.
  Ride whole = rig.begin(request(2), at(15s)).reply(broken_timeout(), at(20s));
  EXPECT_EQ(whole.called(), 1);
  whole.reply(ok(), at(21s));
  expect_at_rest(rig.pipeline);
}

TEST(PipelineStreams, on_broken_stream_restart_calls_again_and_counts_what_its_caller_reads_twice) {
  MonitorConfig config = timed();
  config.provider_call.on_broken_stream = OnBrokenStream::restart;
  Rig rig{config, 3};
  Ride ride = rig.begin(streamed(1));
  EXPECT_EQ(ride.reply(failed(ReplyKind::truncated), at(2s)).called(), 1);
  EXPECT_EQ(ride.record().restarts, 1);
  EXPECT_EQ(ride.reply(failed(ReplyKind::server_error), at(3s)).called(), 2);
  EXPECT_EQ(ride.record().restarts, 1) << "an error before the first token is no break";
  EXPECT_EQ(ride.reply(failed(ReplyKind::truncated), at(4s)).outcome(), "failed");
  EXPECT_EQ(ride.record().restarts, 1) << "no call follows the last break";
  expect_at_rest(rig.pipeline);
}

TEST(PipelineRetries, wait_by_the_back_off_of_the_route_else_of_the_provider_else_of_all_calls) {
  MonitorConfig config = bare();
  config.provider_call.retry = {.max_attempts = 2, .base = 1s, .jitter = Jitter::none};
  config.routing.routes = {
      {.name = "plain", .targets = {{.deployment = provider_at(0)}, {.deployment = provider_at(1)}}},
      {.name = "own", .targets = {{.deployment = provider_at(1)}}}};
  config.routing.routes[1].retry.backoff = RetryConfig{.base = 7s, .jitter = Jitter::none};
  std::vector<ProviderConfig> all = providers(2);
  all[1].backoff = RetryConfig{.base = 3s, .jitter = Jitter::none};
  Rig rig{config, all};
  Ride plain = rig.begin(request(1));
  EXPECT_EQ(plain.reply(failed(), at(1s)).waits_until(), at(2s));
  EXPECT_EQ(plain.wake(at(2s)).reply(failed(), at(2s)).called(), 1);
  EXPECT_EQ(plain.reply(failed(), at(2s)).waits_until(), at(5s));
  Request asked = request(2);
  asked.route = RouteId{1};
  Ride own = rig.begin(asked, at(5s));
  EXPECT_EQ(own.reply(failed(), at(5s)).waits_until(), at(12s));
}

TEST(PipelineRetries, without_routes_wait_by_the_back_off_of_the_provider) {
  MonitorConfig config = bare();
  config.provider_call.retry = {.max_attempts = 2, .base = 1s, .jitter = Jitter::none};
  std::vector<ProviderConfig> all = providers(1);
  all[0].backoff = RetryConfig{.base = 3s, .jitter = Jitter::none};
  Rig rig{config, all};
  EXPECT_EQ(rig.begin(request(1)).reply(failed(), at(1s)).waits_until(), at(4s));
}

}  // namespace
}  // namespace windtunnel::monitor::pipeline_streams_test
