// The known answers that a forecast can be asked for, by way of the forecast: its estimates agree with them, and the
// intervals that it prints hold them and leave out what a mistake would give. What is inside a run (the calls in
// flight, the call that opens a breaker, single minutes and hours) a forecast does not tell: that is left to the
// simulator's own tests.

#include <gtest/gtest.h>

#include "tests/sim/forecast/forecast_fixture.h"
#include "tests/sim/oracles/oracles.h"

namespace windtunnel::sim::oracle_forecast_test {
namespace {

using namespace std::chrono_literals;
using monitor::Outcome;

constexpr double kPicosPerUsd = 1e12;

// Of a printed interval: 95 % are 1.96 of them on either side.
double se_of(const Estimate& estimate) { return estimate.half_width() / 1.96; }

void expect_reported(const OracleTask& task, const char* name, const Estimate& estimate, double unit = 1) {
  const OracleValue& oracle_value = task.of(name);
  std::vector<double> wrong;
  for (const OracleWrong& other : oracle_value.wrong) wrong.push_back(other.value);
  expect_value(name, estimate.value / unit, oracle_value.value, se_of(estimate) / unit, wrong);
  for (const OracleWrong& other : oracle_value.wrong) {
    EXPECT_FALSE(estimate.low / unit <= other.value && other.value <= estimate.high / unit) << other.means;
  }
}

Estimate share_of(const Forecast& forecast, Outcome outcome) {
  return *forecast.shares[static_cast<std::size_t>(outcome)];
}

TEST(ForecastOfDiurnalCounts, has_the_mean_the_variance_and_the_quantiles_of_the_days) {
  WorkloadSpec load = workload("chat", per(24h, 2880), Arrival::poisson);
  auto& diurnal = load.executor.emplace<Diurnal>();
  // 120 + 80 sin(2 pi (h - 8) / 24) in hour h, of 120 on average.
  const std::vector<double> sine{0, 0.258819045, 0.5,         0.707106781, 0.866025404, 0.965925826,
                                 1, 0.965925826, 0.866025404, 0.707106781, 0.5,         0.258819045};
  for (std::size_t i = 0; i < 24; ++i) {
    const double height = i < 12 ? sine[i] : -sine[i - 12];
    diurnal.hourly[(i + 8) % 24] = 1 + height * 80 / 120;
  }
  const ReplicationSet set = replicated(ForecastWorld{world(24h, load), {.horizon = 24h}}, 1000);
  expect_reported(kDiurnalCounts, "mean_count_per_day", *forecast_of(set, {}).requests);
  Sample days;
  for (const Replication& replication : set.all) days.add(static_cast<double>(replication.requests()));
  const OracleValue& variance = kDiurnalCounts.of("variance_of_daily_count");
  expect_value("variance", days.variance(), variance.value, *variance.sd / std::sqrt(days.count()), {0, 5760});
  std::vector<std::int64_t> sorted;
  for (const Replication& replication : set.all) sorted.push_back(replication.requests());
  std::sort(sorted.begin(), sorted.end());
  for (const auto& [name, share, tolerance] :
       {std::tuple{"P10_daily_count", 0.1, 12.0}, {"P50_daily_count", 0.5, 9.0}, {"P90_daily_count", 0.9, 12.0}}) {
    const auto quantile = estimate_quantile(sorted, share);
    ASSERT_TRUE(quantile);
    EXPECT_NEAR(static_cast<double>(quantile->value), kDiurnalCounts.of(name).value, tolerance) << name;
  }
}

TEST(ForecastOfMonthSpend, has_the_mean_and_the_spread_of_a_compound_poisson_sum) {
  constexpr std::size_t kReplications = 250;
  const ReplicationSet set = replicated(ForecastWorld{month_of_two_providers(), {}}, kReplications);
  const Forecast forecast = forecast_of(set, {});
  const double root = std::sqrt(kReplications);
  OracleJudge judge{kMonthSpend};
  const auto mean = [&](const char* name, const std::optional<Estimate>& estimate, double unit) {
    judge.value(name, estimate->value / unit, *kMonthSpend.of(name).sd / root);
  };
  mean("mean_total_usd", forecast.cost, kPicosPerUsd);
  mean("mean_openai_usd", forecast.providers[0].cost, kPicosPerUsd);
  mean("mean_anthropic_usd", forecast.providers[1].cost, kPicosPerUsd);
  mean("mean_requests", forecast.requests, 1);
  const OracleValue& sd = kMonthSpend.of("sd_total_usd");
  judge.value("sd_total_usd", forecast.cost_sd.all->value / kPicosPerUsd,
              sd.value / std::sqrt(2.0 * (kReplications - 1)));
  // The printed intervals hold the truth and leave out what a common mistake would give.
  EXPECT_LT(forecast.cost_sd.all->low / kPicosPerUsd, sd.value);
  EXPECT_GT(forecast.cost_sd.all->low / kPicosPerUsd, sd.wrong[0].value);
  EXPECT_LT(forecast.cost->low / kPicosPerUsd, 405);
  EXPECT_GT(forecast.cost->high / kPicosPerUsd, 405);
}

TEST(ForecastOfRetries, has_their_attempts_success_and_cost) {
  for (const FailureBill bill : {FailureBill::none, FailureBill::input}) {
    ProviderSpec failing = provider("openai");
    failing.errors.rates = {{monitor::ReplyKind::server_error, 0.2}};
    failing.bill_on_failure = bill;
    WorkloadSpec load = workload("chat", per_second(10));
    load.input.law = Law::fixed(250);
    load.output.law = Law::fixed(250);
    Scenario scenario = world(400s, load, failing);
    scenario.monitor.provider_call.retry = {
        .max_attempts = 4, .base = 1s, .multiplier = {2'000'000}, .cap = 8s, .jitter = monitor::Jitter::none};
    const ReplicationSet set = replicated(ForecastWorld{scenario, {.horizon = 400s}}, 100);
    const Forecast forecast = forecast_of(set, {});
    expect_reported(kRetries, bill == FailureBill::none ? "mean_cost_usd_A" : "mean_cost_usd_B", *forecast.cost,
                    kPicosPerUsd * 4000);
    expect_reported(kRetries, "success_fraction", *forecast.availability);
    std::vector<std::int64_t> calls;
    for (const Replication& replication : set.all) calls.push_back(replication.calls);
    expect_reported(kRetries, "mean_attempts", *estimate_mean(std::span<const std::int64_t>{calls}), 4000);
    // All that was paid for answers and failures has its cause.
    double by_cause = 0;
    for (std::size_t i = 0; i < 4; ++i) by_cause += forecast.causes[i].cost->value;
    EXPECT_NEAR(by_cause / forecast.cost->value, 1, 1e-12);
    EXPECT_GT(forecast.causes[1].cost->value, 0) << "retries";
  }
}

TEST(ForecastOfFixedWindow, refuses_what_the_window_does) {
  Scenario scenario = world(1000min, workload("chat", per(1min, 110), Arrival::poisson));
  scenario.monitor.rate_limiter.requests_per_minute = 100;
  const Forecast forecast = forecast_of(replicated(ForecastWorld{scenario, {.horizon = 1000min}}, 50), {});
  const Estimate refused = share_of(forecast, Outcome::refused_rate);
  expect_reported(kFixedWindow, "accept_fraction", {1 - refused.value, 1 - refused.high, 1 - refused.low});
}

TEST(ForecastOfTimeToLive, has_the_hit_ratio_of_entries_that_hits_do_not_renew) {
  WorkloadSpec load = workload("chat", per(1800s, 1), Arrival::poisson);
  load.prompts.count = 1;
  Scenario scenario = world(10'000'000s, load);
  scenario.monitor.cache.enabled = true;
  scenario.monitor.cache.ttl = 3600s;
  const Forecast forecast = forecast_of(replicated(ForecastWorld{scenario, {.horizon = 10'000'000s}}, 40), {});
  expect_reported(kTimeToLive, "hit_ratio_A_fixed_ttl", share_of(forecast, Outcome::cache_hit));
}

}  // namespace
}  // namespace windtunnel::sim::oracle_forecast_test
