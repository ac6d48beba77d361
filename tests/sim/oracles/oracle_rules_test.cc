// The pipeline's rules under chance, with known answers: consecutive failures, retries, a rate window, a TTL.

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <atomic>

#include "monitor/breaker/breaker_presets.h"
#include "sim/statistics/statistics.h"
#include "tests/sim/oracles/oracles.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::oracle_rules_test {
namespace {

using namespace std::chrono_literals;
using monitor::ReplyKind;

// --- Five consecutive failures ---------------------------------------------------------------------------------------

// Counts calls up to the one that opens the breaker, then stops the run.
class UntilOpen {
 public:
  std::int64_t calls = 0;
  std::atomic<bool> opened = false;
  std::optional<monitor::TripRule> rule;
  void on(const monitor::AttemptEnded&) { ++calls; }
  void on(const monitor::BreakerMoved& event) {
    rule = event.transition.rule;
    opened = true;
  }
};

constexpr int kOpenings = 10'000;

monitor::BreakerConfig five_in_a_row() {
  monitor::BreakerConfig config;
  config.consecutive_threshold = 5;
  return config;
}

Scenario failing_world(double failure_rate, const monitor::BreakerConfig& breaker, Duration horizon) {
  ProviderSpec failing = provider("alpha");
  failing.errors.rates = {{ReplyKind::server_error, failure_rate}};
  Scenario scenario = world(horizon, workload("chat", per_second(1)), failing);
  scenario.monitor.circuit_breaker = breaker;
  return scenario;
}

Sample calls_until_open(double failure_rate, const monitor::BreakerConfig& breaker) {
  const Scenario scenario = failing_world(failure_rate, breaker, 1'000'000s);
  Sample calls;
  for (int i = 1; i <= kOpenings; ++i) {
    UntilOpen open;
    RunOptions options;
    options.seed = static_cast<std::uint64_t>(i);
    options.observers = {&open};
    options.stop = &open.opened;
    run(scenario, options);
    EXPECT_TRUE(open.opened);
    EXPECT_EQ(open.rule == monitor::TripRule::consecutive, breaker.consecutive_threshold.has_value());
    calls.add(static_cast<double>(open.calls));
  }
  return calls;
}

// The share of runs in which the breaker opened within so many calls.
double share_opened_within(double failure_rate, std::int64_t limit) {
  const Scenario scenario = failing_world(failure_rate, five_in_a_row(), Duration{limit * 1'000'000'000});
  int opened = 0;
  for (int i = 1; i <= kOpenings; ++i) {
    RunOptions options;
    options.seed = static_cast<std::uint64_t>(i);
    if (run(scenario, options).pipeline.metrics().provider(kFirst).breaker_opened > 0) ++opened;
  }
  return static_cast<double>(opened) / kOpenings;
}

TEST(FiveConsecutiveFailures, come_as_late_as_the_six_state_chain_predicts) {
  OracleJudge judge{kFiveConsecutive};
  const Sample at_30_percent = calls_until_open(0.3, five_in_a_row());
  judge.mean("mean_calls_p0.3", at_30_percent);
  // Nearly geometric, so that the fourth central moment is 9 sd^4.
  const double sd = kFiveConsecutive.of("sd_calls_p0.3").value;
  judge.value("sd_calls_p0.3", at_30_percent.sd(), sd * std::sqrt(8.0 / (4.0 * kOpenings)));
  judge.mean("mean_calls_p0.5", calls_until_open(0.5, five_in_a_row()));
  judge.share("P_open_within_100_calls_p0.3", share_opened_within(0.3, 100), kOpenings);
  judge.share("P_open_within_20_calls_p0.5", share_opened_within(0.5, 20), kOpenings);
}

TEST(FiveConsecutiveFailures, are_distinguished_from_five_that_no_success_resets) {
  monitor::BreakerConfig cumulative;
  cumulative.failure_count_threshold = 5;
  cumulative.window_type = monitor::WindowType::lifetime;
  const Sample counted = calls_until_open(0.3, cumulative);
  expect_refused(kFiveConsecutive, "mean_calls_p0.3", 0, counted.mean(), counted.se());
  const Sample poc = calls_until_open(0.3, *monitor::breaker_preset("seed-poc"));
  expect_refused(kFiveConsecutive, "mean_calls_p0.3", 1, poc.mean(), poc.se());
}

// --- Retries ---------------------------------------------------------------------------------------------------------

struct RetryFigures {
  Sample attempts, success, cost, backoff;
};

// Each attempt fails with probability 0.2; 4 attempts; 250 tokens in and out; back-off 1, 2, 4 s; latency 0.
RetryFigures retry_figures(FailureBill bill) {
  class Figures {
   public:
    RetryFigures all;
    void on(const monitor::Record& record) {
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

TEST(Retries, have_the_attempts_success_pauses_and_cost_of_a_geometric_law) {
  const RetryFigures free = retry_figures(FailureBill::none);
  const RetryFigures billed = retry_figures(FailureBill::input);
  OracleJudge judge{kRetries};
  judge.mean("mean_attempts", free.attempts);
  judge.share("success_fraction", free.success.mean(), free.success.count());
  judge.mean("mean_cost_usd_A", free.cost);
  judge.mean("mean_cost_usd_B", billed.cost);
  judge.mean("mean_backoff_s", free.backoff);
  // Mistakes that these figures tell: three attempts, one bill for the other, pauses that do not grow.
  expect_value("mean_attempts", free.attempts.mean(), 1.248, free.attempts.se(), {1.24});
  expect_mean("mean_cost_usd_A", free.cost, 0.022464, {0.024336});
  expect_mean("mean_cost_usd_B", billed.cost, 0.024336, {0.022464});
  expect_mean("mean_backoff_s", free.backoff, 0.312, {0.248});
}

// --- Fixed window ----------------------------------------------------------------------------------------------------

struct WindowFigures {
  Sample accepted, limited, rejected;
};

WindowFigures window_figures(Arrival arrival, std::int64_t minutes, int replications) {
  class Minutes {
   public:
    std::vector<std::int64_t> refused;
    void on(const monitor::Record& record) {
      if (record.outcome == monitor::Outcome::refused_rate) {
        ++refused[static_cast<std::size_t>(record.arrived.time_since_epoch() / 1min)];
      }
    }
  };
  Scenario scenario = world(1min * minutes, workload("chat", per(1min, 110), arrival));
  scenario.monitor.rate_limiter.requests_per_minute = 100;
  WindowFigures all;
  for (int i = 1; i <= replications; ++i) {
    Minutes entry;
    entry.refused.resize(static_cast<std::size_t>(minutes));
    RunOptions options;
    options.seed = static_cast<std::uint64_t>(i);
    options.observers = {&entry};
    const RunResult result = run(scenario, options);
    double refused = 0;
    double full = 0;
    for (const std::int64_t count : entry.refused) {
      refused += static_cast<double>(count);
      full += count > 0 ? 1 : 0;
    }
    all.accepted.add(1 - refused / static_cast<double>(result.arrivals));
    all.limited.add(full / static_cast<double>(minutes));
    all.rejected.add(refused / static_cast<double>(minutes));
  }
  return all;
}

TEST(FixedWindow, admits_the_first_100_of_each_minute) {
  const WindowFigures all = window_figures(Arrival::poisson, 10'000, 20);
  OracleJudge judge{kFixedWindow};
  judge.mean("accept_fraction", all.accepted);
  judge.mean("P_minute_is_limited", all.limited);
  judge.mean("mean_rejected_per_minute", all.rejected);
  expect_mean("mean_rejected_per_minute", all.rejected, 10.911072049240072, {10.0});
}

// 110 requests come in every minute: what is left of chance is the fluid bound.
TEST(FixedWindow, is_distinguished_from_the_fluid_bound) {
  const WindowFigures all = window_figures(Arrival::uniform, 100, 1);
  expect_refused(kFixedWindow, "accept_fraction", 0, all.accepted.mean(), 0);
}

// --- Time to live ----------------------------------------------------------------------------------------------------

Scenario one_prompt(Duration horizon) {
  WorkloadSpec load = workload("chat", per(1800s, 1), Arrival::poisson);
  load.prompts.count = 1;
  Scenario scenario = world(horizon, load);
  scenario.monitor.cache.enabled = true;
  scenario.monitor.cache.ttl = 3600s;
  return scenario;
}

// What a cache whose entries are renewed by hits would answer of the same arrivals: all but those that come more than
// the TTL after the one before them.
class RenewedByHits {
 public:
  double hits = 0;
  double all = 0;
  void on(const monitor::RequestArrived& event) {
    ++all;
    if (last && event.at - *last < 3600s) ++hits;
    last = event.at;
  }

 private:
  std::optional<Instant> last;
};

TEST(TimeToLive, of_one_prompt_counts_from_insertion_and_is_not_renewed_by_hits) {
  const Scenario scenario = one_prompt(10'000'000s);
  Sample hit_ratio;
  Sample misses_per_hour;
  Sample renewed;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    RenewedByHits other;
    RunOptions options;
    options.seed = seed;
    options.observers = {&other};
    const RunResult result = run(scenario, options);
    const auto& all = result.pipeline.metrics().all();
    const auto hits = static_cast<double>(all.count(monitor::Outcome::cache_hit));
    const auto misses = static_cast<double>(all.count(monitor::Outcome::served));
    hit_ratio.add(hits / (hits + misses));
    misses_per_hour.add(misses / 1e7 * 3600);
    renewed.add(other.hits / other.all);
  }
  OracleJudge judge{kTimeToLive};
  judge.mean("hit_ratio_A_fixed_ttl", hit_ratio);
  judge.mean("miss_rate_A_per_hour", misses_per_hour);
  // No setting of the cache renews entries: of variant B the arrivals are tried, and that A is not B.
  judge.mean("hit_ratio_B_sliding_ttl", renewed);
  expect_refused(kTimeToLive, "hit_ratio_A_fixed_ttl", 1, renewed.mean(), renewed.se());
  expect_refused(kTimeToLive, "hit_ratio_B_sliding_ttl", 0, hit_ratio.mean(), hit_ratio.se());
}

TEST(TimeToLive, is_distinguished_from_the_mean_over_a_single_window) {
  const Scenario scenario = one_prompt(3600s);
  std::vector<std::int64_t> hits;
  std::vector<std::int64_t> requests;
  for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
    const RunResult result = run(scenario, {.seed = seed});
    hits.push_back(result.pipeline.metrics().all().count(monitor::Outcome::cache_hit));
    requests.push_back(static_cast<std::int64_t>(result.arrivals));
  }
  const auto ratio = estimate_ratio(hits, requests);
  ASSERT_TRUE(ratio);
  expect_refused(kTimeToLive, "hit_ratio_A_fixed_ttl", 0, ratio->value, ratio->half_width() / 1.96);
}

// --- All of them -----------------------------------------------------------------------------------------------------

TEST(Oracles, have_tests_each) {
  std::set<std::string> suites;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    if (suite.total_test_count() > suite.disabled_test_count()) suites.insert(suite.name());
  }
  EXPECT_EQ(kOracleTasks.size(), 8U);
  for (const OracleTask* task : kOracleTasks) EXPECT_TRUE(suites.contains(task->suite)) << task->suite;
}

// The judge itself: it passes the value, and refuses each wrong value, too few replications to tell it, and a value of
// the task that nothing judged.
TEST(Oracles, refuse_each_wrong_value) {
  std::size_t tried = 0;
  for (const OracleTask* task : kOracleTasks) {
    for (const OracleValue& oracle_value : task->values) {
      for (const OracleWrong& wrong : oracle_value.wrong) {
        const OracleTask alone{task->suite, "", {{oracle_value.name, oracle_value.value, oracle_value.sd, {wrong}}}};
        const double away = std::abs(oracle_value.value - wrong.value);
        OracleJudge judge{alone};
        judge.value(oracle_value.name, oracle_value.value, away / 8.1);
        EXPECT_NONFATAL_FAILURE(judge.value(oracle_value.name, wrong.value, away / 8.1), oracle_value.name);
        EXPECT_NONFATAL_FAILURE(judge.value(oracle_value.name, oracle_value.value, away / 7.9), "too few replications");
        EXPECT_NONFATAL_FAILURE(OracleJudge{alone}, "nothing judged");
        EXPECT_NONFATAL_FAILURE(expect_refused(alone, oracle_value.name, 0, wrong.value, away / 3.9), "lets pass");
        EXPECT_NONFATAL_FAILURE(expect_refused(alone, oracle_value.name, 0, wrong.value + away / 10, away / 100),
                                "instead of");
        ++tried;
      }
    }
  }
  EXPECT_EQ(tried, 9U);
}

}  // namespace
}  // namespace windtunnel::sim::oracle_rules_test
