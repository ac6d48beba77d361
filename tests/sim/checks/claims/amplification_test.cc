// amplification: provider calls for each wish, where a further try of a caller is no wish of its own.

#include <gtest/gtest.h>

#include "sim/checks/judge.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::amplification_test {
namespace {

using namespace std::chrono_literals;

ThresholdSpec amplification_is(std::int64_t bound) {
  ThresholdSpec spec;
  spec.metric = "amplification";
  spec.of = Metric::amplification;
  spec.aggregate = Aggregate::value;
  spec.comparison = Comparison::equal;
  spec.bound = bound * 1'000'000;
  return spec;
}

Verdict verdict_of(Scenario scenario, std::int64_t bound) {
  scenario.thresholds = {amplification_is(bound)};
  Judge judge{scenario, {.checks = {"none"}}};
  return judge.judge(run(scenario, {.observers = {&judge}})).verdict;
}

// One request a second for a minute, and time for the last one's tries.
Scenario refusing(bool has_client) {
  Scenario scenario = world(2min, workload("chat", per_second(1)), provider("alpha", Law::fixed(0)));
  scenario.workloads[0].duration = 1min;
  scenario.providers[0].errors.rates = {{monitor::ReplyKind::server_error, 1}};
  scenario.monitor.provider_call.retry.max_attempts = 2;
  if (has_client) scenario.workloads[0].client = ClientSpec{.preset = "anthropic"};
  return scenario;
}

TEST(Amplification, is_the_calls_of_all_tries_of_a_wish) {
  EXPECT_EQ(verdict_of(refusing(true), 6), Verdict::pass);
  EXPECT_EQ(verdict_of(refusing(true), 2), Verdict::fail);
}

TEST(Amplification, is_the_calls_of_a_request_where_no_caller_tries_again) {
  EXPECT_EQ(verdict_of(refusing(false), 2), Verdict::pass);
  EXPECT_EQ(verdict_of(refusing(false), 6), Verdict::fail);
}

TEST(Amplification, of_no_wish_proves_nothing) {
  Scenario scenario = refusing(true);
  scenario.workloads[0].start = 2min;
  EXPECT_EQ(verdict_of(scenario, 6), Verdict::inconclusive);
}

}  // namespace
}  // namespace windtunnel::sim::amplification_test
