// Quotas by each algorithm, kind and period, and against the model of the checks.

#include "sim/faults/rate_window.h"

#include <gtest/gtest.h>

#include <optional>

#include "sim/checks/judge.h"
#include "sim/kernel/dice.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::rate_window_test {
namespace {

using namespace std::chrono_literals;

// 2026-01-20T10:00:00Z
constexpr WallTime kTen{1'768'903'200s};
constexpr QuotaUse kOne{Tokens{1}, Tokens{}};

RateLimit two_a_minute(QuotaAlgorithm algorithm) { return {.requests_per_minute = 2, .algorithm = algorithm}; }

TEST(SlidingQuota, counts_the_latest_minute_in_steps_of_a_second) {
  const RateLimit limit = two_a_minute(QuotaAlgorithm::sliding_window);
  RateWindow window;
  EXPECT_FALSE(window.admit(limit, kOne, kTen + 58s));
  EXPECT_FALSE(window.admit(limit, kOne, kTen + 59s + 500ms));
  EXPECT_EQ(window.admit(limit, kOne, kTen + 60s), 59s) << "a fixed window would begin again";
  EXPECT_EQ(window.admit(limit, kOne, kTen + 119s - 1ns), 1ns);
  EXPECT_FALSE(window.admit(limit, kOne, kTen + 119s)) << "the step of the first has left";
  EXPECT_EQ(window.admit(limit, kOne, kTen + 119s), 1s);
  EXPECT_FALSE(window.admit(limit, kOne, kTen + 500s));
}

TEST(BucketQuota, begins_full_and_is_refilled_evenly) {
  const RateLimit limit = two_a_minute(QuotaAlgorithm::token_bucket);
  RateWindow window;
  EXPECT_FALSE(window.admit(limit, kOne, kTen));
  EXPECT_FALSE(window.admit(limit, kOne, kTen));
  EXPECT_EQ(window.admit(limit, kOne, kTen), 30s);
  EXPECT_EQ(window.admit(limit, kOne, kTen + 30s - 1ns), 1ns);
  EXPECT_FALSE(window.admit(limit, kOne, kTen + 30s));
  EXPECT_EQ(window.admit(limit, kOne, kTen + 30s), 30s);
  // It never holds more than a minute's.
  EXPECT_FALSE(window.admit(limit, kOne, kTen + 1h));
  EXPECT_FALSE(window.admit(limit, kOne, kTen + 1h));
  EXPECT_EQ(window.admit(limit, kOne, kTen + 1h), 30s);
}

TEST(DailyQuota, ends_at_midnight_of_its_clock) {
  RateLimit limit{.requests_per_day = 1};
  const auto wait_at_ten = [&] {
    RateWindow window;
    EXPECT_FALSE(window.admit(limit, kOne, kTen));
    return window.admit(limit, kOne, kTen);
  };
  EXPECT_EQ(wait_at_ten(), 14h);
  limit.day_ends = QuotaDay::pacific;
  EXPECT_EQ(wait_at_ten(), 22h);
  limit.algorithm = QuotaAlgorithm::token_bucket;
  EXPECT_EQ(wait_at_ten(), 24h);
  limit.algorithm = QuotaAlgorithm::sliding_window;
  EXPECT_EQ(wait_at_ten(), 24h + 24min) << "a step of a day is 24 minutes";
}

TEST(Quota, of_each_kind_counts_its_own_tokens) {
  const auto admits = [](const RateLimit& limit, std::int64_t input, std::int64_t output) {
    RateWindow window;
    return !window.admit(limit, {Tokens{input}, Tokens{output}}, kTen);
  };
  EXPECT_TRUE(admits({.input_tokens_per_minute = Tokens{10}}, 10, 99));
  EXPECT_FALSE(admits({.input_tokens_per_minute = Tokens{10}}, 11, 0));
  EXPECT_TRUE(admits({.output_tokens_per_minute = Tokens{10}}, 99, 10));
  EXPECT_FALSE(admits({.output_tokens_per_minute = Tokens{10}}, 0, 11));
  EXPECT_TRUE(admits({.tokens_per_day = Tokens{10}}, 4, 6));
  EXPECT_FALSE(admits({.tokens_per_day = Tokens{10}}, 5, 6));
  EXPECT_FALSE(admits({.input_tokens_per_day = Tokens{10}}, 11, 0));
  EXPECT_FALSE(admits({.output_tokens_per_day = Tokens{10}}, 0, 11));
}

TEST(Quota, counts_nothing_of_what_another_limit_refuses) {
  const RateLimit limit{.requests_per_minute = 2, .input_tokens_per_minute = Tokens{10}};
  RateWindow window;
  EXPECT_TRUE(window.admit(limit, {Tokens{11}, Tokens{}}, kTen));
  EXPECT_EQ(window.left(limit, kTen).of(QuotaKind::requests)->left, 2);
}

TEST(Quota, names_the_longest_wait_of_those_that_refuse) {
  const RateLimit limit{.requests_per_minute = 1, .requests_per_day = 1};
  RateWindow window;
  EXPECT_FALSE(window.admit(limit, kOne, kTen));
  EXPECT_EQ(window.admit(limit, kOne, kTen), 14h);
}

// The checks follow the run with a model of their own.
TEST(Quota, refuses_what_the_model_of_the_checks_refuses) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Dice dice{seed};
    Scenario scenario = world(5min, workload("chat", per_second(3), Arrival::poisson));
    scenario.workloads[0].input.law = Law::uniform(1, 300);
    scenario.start = kTen + dice.one_of<Duration>({-2h - 1min, 0s, 30s}, "start");
    RateLimit& limit = scenario.providers[0].rate_limit;
    limit.algorithm = dice.one_of(
        {QuotaAlgorithm::fixed_window, QuotaAlgorithm::sliding_window, QuotaAlgorithm::token_bucket}, "algorithm");
    if (dice.coin(50, "pacific")) limit.day_ends = QuotaDay::pacific;
    if (dice.coin(50, "requests")) limit.requests_per_minute = 100;
    if (dice.coin(50, "tokens")) limit.tokens_per_minute = Tokens{90'000};
    if (dice.coin(50, "input")) limit.input_tokens_per_minute = Tokens{20'000};
    if (dice.coin(50, "output")) limit.output_tokens_per_minute = Tokens{60'000};
    if (dice.coin(30, "day")) limit.requests_per_day = 400;
    if (dice.coin(30, "input a day")) limit.input_tokens_per_day = Tokens{40'000};
    Judge judge{scenario, {.checks = {"Q"}}};
    const RunResult result = run(scenario, {.seed = seed, .observers = {&judge}});
    for (const Finding& finding : judge.judge(result).findings) ADD_FAILURE() << seed << ": " << finding.reason;
    const auto refused =
        result.pipeline.metrics().provider(kFirst).replies[monitor::index_of(monitor::ReplyKind::rate_limited)];
    EXPECT_TRUE(!limits_anything(limit) || refused > 0) << seed;
  }
}

}  // namespace
}  // namespace windtunnel::sim::rate_window_test
