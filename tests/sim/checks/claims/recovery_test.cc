// Whether recovery is possible is said by the settings alone, with both answers and the figures that decide.

#include "sim/checks/claims/recovery.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::check_recovery_test {
namespace {

using monitor::BreakerOutcome;
using monitor::ReplyKind;
using namespace std::chrono_literals;

// Answers after 400 ms, whatever the length.
Scenario recoverable() {
  Scenario scenario = world(300s, workload("load", per_second(5)), provider("alpha", Law::fixed(4e8)));
  scenario.monitor.circuit_breaker = monitor::seed_readme();
  scenario.monitor.provider_call.timeout = 10s;
  scenario.monitor.provider_call.retry_after_cap = 20s;
  scenario.liveness = {.heal_at = 100s, .recover_within = 60s};
  return scenario;
}

Recovery with(const std::function<void(Scenario&)>& change) {
  Scenario scenario = recoverable();
  change(scenario);
  return recovery_of(scenario);
}

TEST(Recovery, is_possible_and_takes_the_last_call_the_longest_pause_and_a_probe) {
  const Recovery recovery = recovery_of(recoverable());
  EXPECT_TRUE(recovery.possible);
  EXPECT_EQ(recovery.reason, "");
  EXPECT_EQ(recovery.time, 10s + 30s + 400ms);  // the timeout, open, one probe
  EXPECT_EQ(with([](Scenario& s) { s.monitor.provider_call.retry_after_cap = 60s; }).time, 10s + 60s + 400ms);
  EXPECT_EQ(with([](Scenario& s) { s.monitor.provider_call.deadline = 15s; }).time, 15s + 30s + 400ms);
  EXPECT_EQ(with([](Scenario& s) {
              s.monitor.circuit_breaker.half_open_max_calls = 3;
              s.monitor.circuit_breaker.half_open_success_threshold = 3;
            }).time,
            10s + 30s + 1200ms);
  EXPECT_EQ(with([](Scenario& s) {
              s.monitor.circuit_breaker.open_backoff_multiplier = Millionths{2'000'000};
              s.monitor.circuit_breaker.open_max = 45s;
            }).time,
            10s + 45s + 400ms);
}

// Both sides of the edge.
TEST(Recovery, needs_a_timeout_and_a_deadline_that_the_slowest_healthy_answer_meets) {
  EXPECT_TRUE(with([](Scenario& s) { s.monitor.provider_call.timeout = 400ms; }).possible);
  const Recovery late = with([](Scenario& s) { s.monitor.provider_call.timeout = 400ms - 1ns; });
  EXPECT_FALSE(late.possible);
  EXPECT_EQ(late.reason, "alpha takes up to 0.400 s when all is well, the timeout is 0.400 s");
  EXPECT_TRUE(with([](Scenario& s) { s.monitor.provider_call.deadline = 400ms; }).possible);
  EXPECT_FALSE(with([](Scenario& s) { s.monitor.provider_call.deadline = 399ms; }).possible);
  // The far end of a law counts, and the longest answer that may be asked for.
  EXPECT_FALSE(with([](Scenario& s) { s.providers[0].time_to_first_token = Law::exponential(4e8); }).possible);
  EXPECT_TRUE(with([](Scenario& s) { s.providers[0].time_per_output_token = Law::fixed(9.6e7); }).possible);  // x 100
  EXPECT_FALSE(with([](Scenario& s) { s.providers[0].time_per_output_token = Law::fixed(9.7e7); }).possible);
}

// An answer that comes at the very instant at which its caller leaves may be missed.
TEST(Recovery, needs_callers_who_wait_longer_than_the_slowest_healthy_answer_takes) {
  const auto with_patience = [](Duration timeout) {
    return with([&](Scenario& s) { s.workloads[0].client = ClientSpec{.preset = "openai-node", .timeout = timeout}; });
  };
  EXPECT_TRUE(with_patience(400ms + 1ns).possible);
  const Recovery recovery = with_patience(400ms);
  EXPECT_FALSE(recovery.possible);
  EXPECT_EQ(recovery.reason, "alpha takes up to 0.400 s when all is well, callers of load wait for 0.400 s");
}

TEST(Recovery, needs_the_time_that_the_claim_and_the_run_leave) {
  EXPECT_TRUE(with([](Scenario& s) { s.liveness->recover_within = 40s + 400ms; }).possible);
  EXPECT_FALSE(with([](Scenario& s) { s.liveness->recover_within = 40s; }).possible);
  EXPECT_TRUE(with([](Scenario& s) { s.liveness->heal_at = 259s; }).possible);
  const Recovery late = with([](Scenario& s) { s.liveness->heal_at = 260s; });
  EXPECT_EQ(late.reason, "the run ends 40.000 s after heal_at, these settings need up to 40.400 s");
  EXPECT_FALSE(with([](Scenario& s) { s.monitor.circuit_breaker.open = 300s; }).possible);
}

TEST(Recovery, needs_a_provider_that_is_well_by_itself) {
  const auto failing = [](double rate, ReplyKind kind = ReplyKind::server_error) {
    return with([=](Scenario& s) { s.providers[0].errors.rates = {{kind, rate}}; });
  };
  EXPECT_TRUE(failing(0.5, ReplyKind::client_error).possible);
  EXPECT_TRUE(failing(0.00001).possible);
  EXPECT_FALSE(failing(0.01).possible);
  EXPECT_EQ(failing(0.2).reason, "alpha fails 20.0 % of its calls when all is well");
  // What a single failure opens is not closed for certain at any instant.
  const Recovery touchy = with([](Scenario& s) {
    s.providers[0].errors.rates = {{ReplyKind::server_error, 0.00001}};
    s.monitor.circuit_breaker.consecutive_threshold = 1;
  });
  EXPECT_FALSE(touchy.possible);
  const auto with_outcome = [](monitor::BreakerOutcome outcome) {
    return with([=](Scenario& s) {
      s.providers[0].errors.rates = {{ReplyKind::server_error, outcome == BreakerOutcome::fatal ? 0.00001 : 0.5}};
      s.monitor.circuit_breaker.outcomes[index_of(ReplyKind::server_error)] = outcome;
    });
  };
  EXPECT_FALSE(with_outcome(BreakerOutcome::fatal).possible);
  EXPECT_TRUE(with_outcome(BreakerOutcome::ignored).possible);
  EXPECT_FALSE(with([](Scenario& s) { s.providers[0].concurrency = 2; }).possible);
  EXPECT_TRUE(with([](Scenario& s) { s.providers[0].concurrency = 100; }).possible);
  EXPECT_FALSE(with([](Scenario& s) { s.providers[0].rate_limit.requests_per_minute = 300; }).possible);
  EXPECT_TRUE(with([](Scenario& s) { s.providers[0].rate_limit.requests_per_minute = 600; }).possible);
  EXPECT_FALSE(with([](Scenario& s) { s.providers[0].rate_limit.tokens_per_minute = Tokens{30'000}; }).possible);
}

TEST(Recovery, needs_a_breaker_that_forgets) {
  const auto keeping = [](monitor::EvaluateOn on) {
    return with([=](Scenario& s) {
      s.monitor.circuit_breaker.on_close = monitor::OnClose::keep;
      s.monitor.circuit_breaker.evaluate_on = on;
    });
  };
  const auto judging_probes = with([](Scenario& s) {
    s.monitor.circuit_breaker.half_open_max_calls = 3;
    s.monitor.circuit_breaker.half_open_failure_rate = Millionths{500'000};
  });
  EXPECT_EQ(judging_probes.time, 10s + 2 * (30s + 3 * 400ms));  // probes that failed before may reopen it once more
  EXPECT_TRUE(keeping(monitor::EvaluateOn::failure).possible);
  EXPECT_FALSE(keeping(monitor::EvaluateOn::any).possible);
  // Judged at successes too, five calls with three failures of before open it at the fifth, whenever that comes.
  const auto judging_successes = [](monitor::WindowType window, std::int64_t minimum) {
    return with([=](Scenario& s) {
      s.monitor.circuit_breaker.evaluate_on = monitor::EvaluateOn::any;
      s.monitor.circuit_breaker.window_type = window;
      s.monitor.circuit_breaker.window = 15s;
      s.monitor.circuit_breaker.minimum_calls = minimum;
    });
  };
  EXPECT_FALSE(judging_successes(monitor::WindowType::count, 5).possible);
  EXPECT_FALSE(judging_successes(monitor::WindowType::lifetime, 5).possible);
  EXPECT_TRUE(judging_successes(monitor::WindowType::count, 1).possible);
  EXPECT_TRUE(judging_successes(monitor::WindowType::time, 5).possible);
  EXPECT_EQ(judging_successes(monitor::WindowType::time, 5).time, 10s + 30s + 400ms + 15s);
}

}  // namespace
}  // namespace windtunnel::sim::check_recovery_test
