// The wait in a provider's queue is a part of the time to the first token, wherever that is counted.

#include <gtest/gtest.h>

#include <vector>

#include "sim/timeline/timeline_recorder.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::queue_first_token_test {
namespace {

using namespace std::chrono_literals;

struct Firsts {
  std::vector<Duration> of_requests;
  std::vector<Duration> of_calls;
  void on(const monitor::Record& record) { of_requests.push_back(record.time_to_first_token); }
  void on(const monitor::AttemptEnded& event) { of_calls.push_back(event.reply.time_to_first_token); }
};

// Three requests at once at a provider that serves one call at a time, a second each: half of it to the first token.
Scenario three_at_once() {
  WorkloadSpec listed = workload("chat", per_second(1));
  listed.executor = Script{};
  ListedRequest request;
  request.input = Tokens{1};
  request.output = Tokens{1};
  listed.requests = {request, request, request};
  Scenario scenario = world(60s, listed);
  scenario.providers[0].time_to_first_token = Law::fixed(500e6);
  scenario.providers[0].time_per_output_token = Law::fixed(500e6);
  scenario.providers[0].concurrency = 1;
  scenario.providers[0].queue = 10;
  return scenario;
}

TEST(QueueFirstToken, a_first_token_comes_after_the_wait_in_the_queue) {
  const Scenario scenario = three_at_once();
  Firsts firsts;
  TimelineRecorder watch{scenario, timeline_widths(scenario)};
  const RunResult result = run(scenario, {.observers = {&firsts, &watch}});
  const std::vector<Duration> expected{500ms, 1500ms, 2500ms};
  EXPECT_EQ(firsts.of_requests, expected);
  EXPECT_EQ(firsts.of_calls, expected);
  const Timeline timeline = watch.finish(result);
  std::int64_t sum = 0;
  for (const std::int64_t ns : timeline.requests.time_to_first_token.sum_ns) sum += ns;
  EXPECT_EQ(Duration{sum}, 4500ms);
  EXPECT_EQ(result.pipeline.metrics().all().time_to_first_token.max(), 2500ms);
}

}  // namespace
}  // namespace windtunnel::sim::queue_first_token_test
