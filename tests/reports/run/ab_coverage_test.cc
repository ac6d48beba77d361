// How often the 95 % interval of an A/B experiment holds the truth, over 1,000 runs. Two equal arms differ by nothing,
// and their requests wait in queues, so that they depend on each other.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "reports/run/ab_table.h"
#include "scenarios/reader.h"
#include "sim/world/world.h"

namespace windtunnel::reports::ab_coverage_test {
namespace {

// Two equal arms with a queue each, at so many requests a second for a mean service of 1 s.
sim::Scenario two_queues(const std::string& rate, const std::string& duration, double errors) {
  const std::string provider = R"({"ttft": {"mean": "1s"}, "tpot": "0s", "concurrency": 1, "queue": 1000000000,
    "price_usd_per_million": {"input": 1, "output": 2}, "errors": {"client_error": )" +
                               std::to_string(errors) + "}}";
  return scenarios::read_scenario_text(R"({
  "version": 1, "duration": ")" + duration +
                                           R"(",
  "monitor": {
    "token_limiter": {"mode": "off"}, "cost_limiter": {"monthly_usd": null}, "cache": {"enabled": false},
    "circuit_breaker": {"consecutive_threshold": null, "failure_rate_threshold": null},
    "provider_call": {"timeout": "10m"},
    "ab_router": {"experiment_id": "e", "variants": [{"id": "a", "provider": "pa", "weight": 1},
                                                     {"id": "b", "provider": "pb", "weight": 1}]}},
  "providers": {"pa": )" + provider + R"(, "pb": )" +
                                           provider + R"(},
  "workload": {"w": {"arrival": "poisson", "rate": )" +
                                           rate + R"(,
    "tokens": {"input": {"p50": 100, "p95": 300}, "output": {"p50": 100, "p95": 400}}}}
})",
                                       "two_queues.json", {});
}

struct Coverage {
  int held = 0;
  int told = 0;
  void add(const std::optional<Interval>& interval) {
    if (!interval || !interval->low) return;
    ++told;
    held += *interval->low <= 0 && 0 <= *interval->high ? 1 : 0;
  }
  [[nodiscard]] double share() const { return static_cast<double>(held) / told; }
};

struct Coverages {
  Coverage success;
  Coverage latency;
  Coverage cost;
};

Coverages coverages_of(const sim::Scenario& scenario, std::uint64_t runs) {
  Coverages all;
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    AbSamples samples{2};
    sim::run(scenario, {.seed = seed, .observers = {&samples}});
    const AbComparison comparison = samples.comparisons().front();
    all.success.add(comparison.success);
    all.latency.add(comparison.latency_mean);
    all.cost.add(comparison.cost_mean);
  }
  return all;
}

constexpr int kRuns = 1000;

// The interval that takes requests as independent holds the truth in 40 % of these runs.
TEST(AbCoverage, of_requests_that_wait_in_a_queue_is_95_percent) {
  const Coverages queued = coverages_of(two_queues("1.8", "4000s", 0.02), kRuns);
  EXPECT_GE(queued.latency.told, 0.9 * kRuns);
  EXPECT_GE(queued.latency.share(), 0.922);
  EXPECT_LE(queued.latency.share(), 0.978);
  EXPECT_GE(queued.success.share(), 0.922);
  EXPECT_GE(queued.cost.share(), 0.922);
  EXPECT_LE(queued.cost.share(), 0.978);
}

TEST(AbCoverage, of_requests_that_hardly_wait_is_95_percent) {
  const Coverages quiet = coverages_of(two_queues("0.2", "3000s", 0.05), kRuns);
  EXPECT_GE(quiet.latency.told, 0.99 * kRuns);
  EXPECT_GE(quiet.latency.share(), 0.922);
  EXPECT_LE(quiet.latency.share(), 0.978);
  EXPECT_GE(quiet.success.share(), 0.922);
  EXPECT_GE(quiet.cost.share(), 0.922);
  EXPECT_LE(quiet.cost.share(), 0.978);
}

// A share without a failure in either arm has the interval by counts.
TEST(AbCoverage, a_success_that_never_fails_has_an_interval_all_the_same) {
  AbSamples samples{2};
  sim::run(two_queues("0.5", "1000s", 0), {.seed = 3, .observers = {&samples}});
  const auto success = samples.comparisons().front().success;
  ASSERT_TRUE(success && success->low);
  EXPECT_LT(*success->low, -0.005);
  EXPECT_GT(*success->high, 0.005);
}

// The queue of either arm grows to the end of the run, so that the run has no mean to speak of.
TEST(AbCoverage, of_a_queue_that_grows_for_ever_there_is_no_interval) {
  const Coverages growing = coverages_of(two_queues("2.4", "2000s", 0), 100);
  EXPECT_LE(growing.latency.told, 5);
  EXPECT_GE(growing.cost.told, 95) << "costs do not wait";
}

}  // namespace
}  // namespace windtunnel::reports::ab_coverage_test
