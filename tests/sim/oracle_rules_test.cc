// The pipeline's rules under chance, with known answers: consecutive failures, retries, a rate window, a TTL.

#include <gtest/gtest.h>

#include <atomic>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::oracle_rules_test {
namespace {

using namespace std::chrono_literals;
using monitor::ReplyKind;

// --- Five consecutive failures ---------------------------------------------------------------------------------------

// Counts calls up to the one that opens the breaker, then stops the run.
class UntilOpen : public Observer {
 public:
  std::int64_t calls = 0;
  std::atomic<bool> opened = false;
  void on_attempt_end(const monitor::AttemptEnded& /*event*/) override { ++calls; }
  void on_transition(monitor::ProviderId /*provider*/, const monitor::BreakerTransition& event) override {
    EXPECT_EQ(event.rule, monitor::TripRule::consecutive);
    opened = true;
  }
};

constexpr int kOpenings = 10'000;

Sample calls_until_open(double failure_rate) {
  ProviderSpec failing = provider("alpha");
  failing.errors.rates = {{ReplyKind::server_error, failure_rate}};
  Scenario scenario = world(1'000'000s, workload("chat", per_second(1)), failing);
  scenario.monitor.circuit_breaker.consecutive_threshold = 5;
  Sample calls;
  for (int i = 1; i <= kOpenings; ++i) {
    UntilOpen one;
    RunOptions options;
    options.seed = static_cast<std::uint64_t>(i);
    options.observers = {&one};
    options.stop = &one.opened;
    run(scenario, options);
    EXPECT_TRUE(one.opened);
    calls.add(static_cast<double>(one.calls));
  }
  return calls;
}

TEST(FiveConsecutiveFailures, take_586_calls_on_average_at_30_percent_errors) {
  const Sample calls = calls_until_open(0.3);
  const double sd = 582.36297995089;
  const double cumulative = 16.666666666666668;
  const double rate_without_minimum = 9.269773166666665;
  expect_value("mean_calls", calls.mean(), 586.4609053497943, sd / std::sqrt(kOpenings),
               {cumulative, rate_without_minimum});
  // Nearly geometric, so that the fourth central moment is 9 sd^4.
  expect_value("sd_calls", calls.sd(), sd, sd * std::sqrt(8.0 / (4.0 * kOpenings)), {cumulative});
}

TEST(FiveConsecutiveFailures, take_62_calls_on_average_at_50_percent_errors) {
  const Sample calls = calls_until_open(0.5);
  expect_value("mean_calls", calls.mean(), 62.0, 58.22370651203855 / std::sqrt(kOpenings), {10.0});
}

// The share of runs in which the breaker opened within so many calls.
double share_opened_within(double failure_rate, double limit) {
  ProviderSpec failing = provider("alpha");
  failing.errors.rates = {{ReplyKind::server_error, failure_rate}};
  Scenario scenario =
      world(Duration{static_cast<std::int64_t>(limit) * 1'000'000'000}, workload("chat", per_second(1)), failing);
  scenario.monitor.circuit_breaker.consecutive_threshold = 5;
  int opened = 0;
  for (int i = 1; i <= kOpenings; ++i) {
    RunOptions options;
    options.seed = static_cast<std::uint64_t>(i);
    if (run(scenario, options).pipeline.metrics().provider(kFirst).breaker_opened > 0) ++opened;
  }
  return static_cast<double>(opened) / kOpenings;
}

TEST(FiveConsecutiveFailures, come_within_the_first_calls_with_the_probability_of_the_six_state_chain) {
  const double in_100 = 0.15256217840340855;
  expect_value("P_open_within_100_calls_p0.3", share_opened_within(0.3, 100), in_100, binomial_se(in_100, kOpenings),
               {1.0});
  const double in_20 = 0.24987030029296875;
  expect_value("P_open_within_20_calls_p0.5", share_opened_within(0.5, 20), in_20, binomial_se(in_20, kOpenings),
               {0.994});
}

// --- Retries ---------------------------------------------------------------------------------------------------------

struct RetryFigures {
  Sample attempts, success, cost, backoff;
};

// Each attempt fails with probability 0.2; 4 attempts; 250 tokens in and out; back-off 1, 2, 4 s; latency 0.
RetryFigures retry_figures(FailureBill bill) {
  class Figures : public Observer {
   public:
    RetryFigures all;
    void on_finish(const monitor::Record& record) override {
      all.attempts.add(record.attempt_count);
      all.success.add(record.outcome == monitor::Outcome::served ? 1 : 0);
      all.cost.add(record.confirmed_cost().dollars());
      all.backoff.add(seconds_of(record.latency()));
    }
  } figures;
  ProviderSpec failing = provider("openai");
  failing.errors.rates = {{ReplyKind::server_error, 0.2}};
  failing.bill_on_failure = bill;
  WorkloadSpec load = workload("chat", per_second(10));
  load.input.law = Law::fixed(250);
  load.output.law = Law::fixed(250);
  Scenario scenario = world(40'000s, load, failing);
  scenario.monitor.provider_call.retry = {
      .max_attempts = 4, .base = 1s, .multiplier = {2'000'000}, .cap = 8s, .jitter = monitor::Jitter::none};
  RunOptions options;
  options.observers = {&figures};
  const RunResult result = run(scenario, options);
  EXPECT_EQ(result.arrivals, 400'000U);
  return figures.all;
}

TEST(Retries, of_failures_that_cost_nothing) {
  const RetryFigures all = retry_figures(FailureBill::none);
  const double root = std::sqrt(all.attempts.count());
  const double three_attempts = 1.24;
  expect_value("mean_attempts", all.attempts.mean(), 1.248, 0.5463478745268449 / root, {three_attempts});
  expect_value("success_fraction", all.success.mean(), 0.9984, binomial_se(0.9984, all.success.count()), {0.992});
  expect_mean("mean_cost_usd", all.cost, 0.022464, {0.024336});
  // Without growth of the pause it would be 0.248 s.
  expect_mean("mean_backoff_s", all.backoff, 0.312, {0.248});
}

TEST(Retries, of_failures_that_bill_their_input) {
  const RetryFigures all = retry_figures(FailureBill::input);
  expect_mean("mean_cost_usd", all.cost, 0.024336, {0.022464});
}

// --- Fixed window ----------------------------------------------------------------------------------------------------

// Poisson 110 per minute against 100 per minute: admitted is E[min(N, 100)] / 110.
TEST(FixedWindow, admits_the_first_100_of_each_minute) {
  constexpr int kReplications = 20;
  constexpr std::int64_t kMinutes = 2'000;
  class Minutes : public Observer {
   public:
    std::vector<std::int64_t> refused = std::vector<std::int64_t>(kMinutes);
    void on_finish(const monitor::Record& record) override {
      if (record.outcome == monitor::Outcome::refused_rate) {
        ++refused[static_cast<std::size_t>(record.arrived.time_since_epoch() / 1min)];
      }
    }
  };
  Scenario scenario = world(1min * kMinutes, workload("chat", per(1min, 110), Arrival::poisson));
  scenario.monitor.rate_limiter.requests_per_minute = 100;
  Sample accepted;
  Sample limited;
  Sample rejected;
  for (int i = 1; i <= kReplications; ++i) {
    Minutes one;
    RunOptions options;
    options.seed = static_cast<std::uint64_t>(i);
    options.observers = {&one};
    const RunResult result = run(scenario, options);
    double refused = 0;
    double full = 0;
    for (const std::int64_t count : one.refused) {
      refused += static_cast<double>(count);
      full += count > 0 ? 1 : 0;
    }
    accepted.add(1 - refused / static_cast<double>(result.arrivals));
    limited.add(full / kMinutes);
    rejected.add(refused / kMinutes);
  }
  const double fluid_bound = 0.9090909090909091;
  expect_mean("accept_fraction", accepted, 0.9008084359159994, {fluid_bound});
  expect_mean("P_minute_is_limited", limited, 0.8167827424414471, {1.0});
  expect_mean("mean_rejected_per_minute", rejected, 10.911072049240072, {10.0});
}

// --- Time to live ----------------------------------------------------------------------------------------------------

// One prompt, on average every 1800 s, TTL 3600 s from insertion: a cycle is one miss and on average two hits.
TEST(TimeToLive, of_one_prompt_counts_from_insertion_and_is_not_renewed_by_hits) {
  WorkloadSpec load = workload("chat", per(1800s, 1), Arrival::poisson);
  load.prompts.count = 1;
  Scenario scenario = world(10'000'000s, load);
  scenario.monitor.cache.enabled = true;
  scenario.monitor.cache.ttl = 3600s;
  Sample hit_ratio;
  Sample misses_per_hour;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    RunOptions options;
    options.seed = seed;
    const RunResult result = run(scenario, options);
    const auto& all = result.pipeline.metrics().all();
    const auto hits = static_cast<double>(all.count(monitor::Outcome::cache_hit));
    const auto misses = static_cast<double>(all.count(monitor::Outcome::served));
    hit_ratio.add(hits / (hits + misses));
    misses_per_hour.add(misses / 1e7 * 3600);
  }
  const double renewed_by_hits = 0.8646647167633873;
  const double one_window_only = 0.5676676416183064;
  expect_mean("hit_ratio", hit_ratio, 0.6666666666666666, {renewed_by_hits, one_window_only});
  // Renewed by every hit, two requests an hour would miss exp(-2) of the time.
  expect_mean("miss_rate_per_hour", misses_per_hour, 0.6666666666666666, {2 * 0.1353352832366127});
}

}  // namespace
}  // namespace windtunnel::sim::oracle_rules_test
