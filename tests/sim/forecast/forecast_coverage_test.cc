// How often a printed 95 % interval holds the truth, over 1,000 small forecasts: between 92.2 and 97.8 %, five standard
// errors of such a count on either side. The truth is that of all their replications together, a thousand times as many
// as each forecast has.

#include <gtest/gtest.h>

#include "tests/sim/forecast/forecast_fixture.h"

namespace windtunnel::sim::forecast_coverage_test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kExperiments = 1000;
constexpr std::size_t kReplicationsEach = 100;

// A day of 20 requests whose number and lengths vary.
Scenario small_day(double level_cv) {
  Scenario scenario = drawn_demand(level_cv);
  scenario.workloads[0].rate = per(24h, 20);
  scenario.workloads[0].input.law = Law::uniform(50, 1000);
  scenario.workloads[0].output.law = Law::uniform(50, 1000);
  scenario.workloads[0].max_tokens = Tokens{1000};
  return scenario;
}

ReplicationSet all_of(const Scenario& scenario) {
  return replicated(ForecastWorld{scenario, {.horizon = 24h}}, kExperiments * kReplicationsEach, 2);
}

ReplicationSet experiment(const ReplicationSet& all, std::size_t number, std::size_t replications = kReplicationsEach) {
  ReplicationSet replication_set{.frame = all.frame, .all = {}, .latency = {}};
  const auto begin = all.all.begin() + static_cast<std::ptrdiff_t>(number * replications);
  replication_set.all.assign(begin, begin + static_cast<std::ptrdiff_t>(replications));
  return replication_set;
}

template <class Value>
Value quantile_of(std::vector<Value> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size()))];
}

template <class Interval, class Truth>
int holds_truth(const Interval& interval, Truth truth) {
  return interval.low <= truth && truth <= interval.high ? 1 : 0;
}

void expect_coverage(const char* what, int held) {
  EXPECT_GE(held, 922) << what;
  EXPECT_LE(held, 978) << what;
}

void expect_spend_is_covered(const Scenario& scenario) {
  const ReplicationSet all = all_of(scenario);
  std::vector<Int128> costs;
  for (const Replication& replication : all.all) costs.push_back(replication.cost());
  const double mean = moments_of(std::span<const Int128>{costs}).mean;
  const Int128 p90 = quantile_of(costs, 0.9);
  int of_mean = 0;
  int of_p90 = 0;
  for (std::size_t i = 0; i < kExperiments; ++i) {
    const Forecast forecast = forecast_of(experiment(all, i), {});
    of_mean += holds_truth(*forecast.cost, mean);
    of_p90 += holds_truth(*forecast.cost_quantiles.p90, p90);
  }
  expect_coverage("mean", of_mean);
  expect_coverage("P90", of_p90);
  // The ends of the range of 95 % need twice as many replications; an interval of so rare values holds them more often.
  const Int128 p2_5 = quantile_of(costs, 0.025);
  const Int128 p97_5 = quantile_of(costs, 0.975);
  int of_ends = 0;
  for (std::size_t i = 0; i < kExperiments / 2; ++i) {
    const Forecast forecast = forecast_of(experiment(all, i, 2 * kReplicationsEach), {});
    of_ends += holds_truth(*forecast.cost_p2_5, p2_5) + holds_truth(*forecast.cost_p97_5, p97_5);
  }
  EXPECT_GE(of_ends, 922) << "P2.5 and P97.5";
  EXPECT_LT(of_ends, 1000) << "P2.5 and P97.5";
}

void expect_budget_is_covered(Scenario scenario, std::int64_t milli_usd) {
  scenario.monitor.cost_limiter.monthly = Usd::from_picos(milli_usd * 1'000'000'000);
  const ReplicationSet all = all_of(scenario);
  const std::vector<std::int64_t> dates = first_crossings(all, all.frame.shares.size() - 1);
  const auto reached = std::count_if(dates.begin(), dates.end(), [](std::int64_t at) { return at != kNever; });
  const double exceed = static_cast<double>(reached) / static_cast<double>(dates.size());
  ASSERT_GT(exceed, 0.15);
  ASSERT_LT(exceed, 0.7);
  const std::int64_t date = quantile_of(dates, 0.1);
  int of_exceed = 0;
  int of_date = 0;
  for (std::size_t i = 0; i < kExperiments; ++i) {
    const Forecast forecast = forecast_of(experiment(all, i), {});
    of_exceed += holds_truth(forecast.p_exceed.back(), exceed);
    of_date += holds_truth(*forecast.exhaustion.p10, date);
  }
  expect_coverage("P(exceed)", of_exceed);
  expect_coverage("date", of_date);
}

// The rest of what a forecast prints: the spread and its parts, a share of sums, and a mean of percentiles. The parts
// of the spread come from ten twins each, and that of demand takes the two errors for independent: both may be held
// more often, never less.
void expect_the_rest_is_covered(Scenario scenario) {
  scenario.providers[0].errors.rates = {{monitor::ReplyKind::server_error, 0.05}};
  scenario.providers[0].time_to_first_token = Law::exponential(100e6);
  const ReplicationSet all = all_of(scenario);
  const Forecast truth = forecast_of(all, {});
  int of_sd = 0;
  int of_noise = 0;
  int of_demand = 0;
  int of_availability = 0;
  int of_latency = 0;
  for (std::size_t i = 0; i < kExperiments; ++i) {
    const Forecast forecast = forecast_of(experiment(all, i), {});
    of_sd += holds_truth(*forecast.cost_sd.all, truth.cost_sd.all->value);
    of_noise += holds_truth(*forecast.cost_sd.noise, truth.cost_sd.noise->value);
    of_demand += holds_truth(*forecast.cost_sd.demand, truth.cost_sd.demand->value);
    of_availability += holds_truth(*forecast.availability, truth.availability->value);
    of_latency += holds_truth(*forecast.latency[0], truth.latency[0]->value);
  }
  expect_coverage("standard deviation", of_sd);
  expect_coverage("availability", of_availability);
  expect_coverage("mean of P50", of_latency);
  EXPECT_GE(of_noise, 922) << "request noise";
  EXPECT_GE(of_demand, 922) << "demand";
}

TEST(Coverage, of_spread_shares_and_latency_is_95_percent) { expect_the_rest_is_covered(small_day(0.3)); }
TEST(Coverage, of_spend_is_95_percent) { expect_spend_is_covered(small_day(0)); }
TEST(Coverage, of_spend_with_a_skewed_demand_is_95_percent) { expect_spend_is_covered(small_day(0.3)); }
TEST(Coverage, of_budget_and_date_is_95_percent) { expect_budget_is_covered(small_day(0), 1100); }
TEST(Coverage, of_budget_and_date_with_a_skewed_demand_is_95_percent) {
  expect_budget_is_covered(small_day(0.3), 1200);
}

}  // namespace
}  // namespace windtunnel::sim::forecast_coverage_test
