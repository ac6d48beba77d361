// What forecast_of says of replications whose numbers were written by hand: each figure can be worked out on paper.

#include <gtest/gtest.h>

#include "sim/forecast/forecast_study.h"
#include "tests/sim/forecast/forecast_fixture.h"

namespace windtunnel::sim::forecast_figures_test {
namespace {

using namespace std::chrono_literals;
using monitor::Outcome;

// Two days on either side of a month's end, two providers with a variant each, three workloads of two feature versions.
ForecastFrame frame_by_hand() {
  ForecastFrame frame;
  frame.start = kNewYear + 30 * 24h;  // January 31st
  frame.horizon = 48h;
  frame.monthly = Usd::from_dollars(1);
  frame.shares = {Millionths{800'000}, Millionths{1'000'000}};
  frame.spent = {Usd{}, Usd{}};
  frame.providers = {"p", "q"};
  frame.variants = {"a", "b"};
  frame.features = {"1.0", "2.0", "1.0"};
  return frame;
}

// Replication i costs i + 1 pico-dollars with p and twice that with q; the budget counts five and seven times that.
ReplicationSet set_by_hand(std::size_t count) {
  ReplicationSet set{.frame = frame_by_hand(), .all = {}, .latency = {}};
  for (std::size_t i = 0; i < count; ++i) {
    const auto n = static_cast<std::int64_t>(i) + 1;
    Replication replication{.index = i};
    replication.month_to_date = {n, 2 * n};
    replication.crossed = {kNever, kNever, kNever, kNever};
    replication.billed = {n, 2 * n};
    replication.by_provider = {5 * n, 7 * n};
    replication.by_cause = {n, 0, n, n, 4 * n};
    replication.by_variant = {2 * n, n};
    replication.by_workload = {n, 10 * n, 100 * n};
    replication.calls_by_provider = {2, 1};
    replication.requests_by_variant = {1, 2};
    replication.latency_ns = {n, n, n, n};
    set.all.push_back(replication);
  }
  return set;
}

std::int64_t& outcome(Replication& replication, Outcome which) {
  return replication.outcomes[static_cast<std::size_t>(which)];
}

TEST(ForecastFigures, quantiles_are_those_of_their_names) {
  const Forecast forecast = forecast_of(set_by_hand(100), {});
  // Costs are 3, 6, ..., 300.
  EXPECT_EQ(forecast.cost->value, 151.5);
  EXPECT_EQ(forecast.cost_known->value, 101) << "first attempts, retries and failovers";
  EXPECT_EQ(forecast.cost_reserved->value, 505) << "what the budget counts besides";
  EXPECT_EQ(forecast.cost_quantiles.p10->value, 30);
  EXPECT_EQ(forecast.cost_quantiles.p50->value, 150);
  EXPECT_EQ(forecast.cost_quantiles.p90->value, 270);
  ASSERT_EQ(forecast.days.size(), 2U);
  EXPECT_EQ(forecast.days[0].month_to_date.p10->value, 10);
  EXPECT_EQ(forecast.days[1].month_to_date.p90->value, 180);
}

TEST(ForecastFigures, spend_is_divided_by_provider_variant_and_feature_version) {
  const Forecast forecast = forecast_of(set_by_hand(100), {});
  const double n = 50.5;
  ASSERT_EQ(forecast.providers.size(), 2U);
  EXPECT_EQ(forecast.providers[1].name, "q");
  EXPECT_EQ(forecast.providers[1].cost->value, 2 * n);
  EXPECT_EQ(forecast.providers[0].settled->value, 5 * n);
  EXPECT_EQ(forecast.providers[1].settled->value, 7 * n);
  ASSERT_EQ(forecast.variants.size(), 2U);
  EXPECT_EQ(forecast.variants[0].cost->value, 2 * n);
  // Workloads of one version count together, once.
  ASSERT_EQ(forecast.features.size(), 2U);
  EXPECT_EQ(forecast.features[0].name, "1.0");
  EXPECT_EQ(forecast.features[0].cost->value, 101 * n);
  EXPECT_EQ(forecast.features[1].cost->value, 10 * n);
}

// A share is reached from its instant on, that of the last nanosecond of a day on that day.
TEST(ForecastFigures, a_day_counts_what_was_reached_by_its_end) {
  ReplicationSet set = set_by_hand(100);
  const std::int64_t day = (24h / 1ns) * 1;
  // Of January: 80 % by 10 replications within the day, by 10 at its very end, by 10 a nanosecond after it.
  for (std::size_t i = 0; i < 10; ++i) {
    set.all[i].crossed[0] = day / 2;
    set.all[10 + i].crossed[0] = day;
    set.all[20 + i].crossed[0] = day + 1;
  }
  // Of February: 100 % by 40 others, on the second day.
  for (std::size_t i = 30; i < 70; ++i) set.all[i].crossed[3] = day + 5;
  const Forecast forecast = forecast_of(set, {});
  EXPECT_EQ(forecast.days[0].crossed[0].value, 0.2);
  EXPECT_EQ(forecast.days[0].crossed[1].value, 0);
  EXPECT_EQ(forecast.days[1].crossed[0].value, 0) << "of February";
  EXPECT_EQ(forecast.days[1].crossed[1].value, 0.4);
  // In any month of the horizon.
  EXPECT_EQ(forecast.p_exceed[0].value, 0.3);
  EXPECT_EQ(forecast.p_exceed[1].value, 0.4);
}

TEST(ForecastFigures, the_first_month_that_breaks_its_budget_dates_it) {
  ReplicationSet set = set_by_hand(100);
  for (Replication& replication : set.all) replication.crossed = {kNever, 1000, kNever, 5000};
  EXPECT_EQ(forecast_of(set, {}).exhaustion.p50->value, 1000);
  for (Replication& replication : set.all) replication.crossed = {kNever, kNever, kNever, 5000};
  EXPECT_EQ(forecast_of(set, {}).exhaustion.p50->value, 5000);
  EXPECT_EQ(first_crossings(set, 0), std::vector<std::int64_t>(100, kNever));
}

TEST(ForecastFigures, availability_leaves_out_what_was_refused_and_counts_what_failed) {
  ReplicationSet set = set_by_hand(10);
  for (Replication& replication : set.all) {
    outcome(replication, Outcome::served) = 60;
    outcome(replication, Outcome::cache_hit) = 10;
    outcome(replication, Outcome::stale_hit) = 2;
    outcome(replication, Outcome::failed) = 3;
    outcome(replication, Outcome::client_error) = 1;
    outcome(replication, Outcome::all_providers_unavailable) = 2;
    outcome(replication, Outcome::deadline_exceeded) = 2;
    outcome(replication, Outcome::refused_rate) = 4;
    outcome(replication, Outcome::refused_tokens) = 8;
    outcome(replication, Outcome::refused_budget) = 8;
  }
  const Forecast forecast = forecast_of(set, {});
  EXPECT_EQ(forecast.requests->value, 100);
  EXPECT_DOUBLE_EQ(forecast.availability->value, 72.0 / 80);
  EXPECT_DOUBLE_EQ(forecast.shares[static_cast<std::size_t>(Outcome::refused_tokens)]->value, 0.08);
  const auto value_of = [&](ForecastQuantity quantity) {
    return measure(set, forecast_threshold(quantity, Aggregate::rate, Comparison::less, 0))->value;
  };
  EXPECT_DOUBLE_EQ(value_of(ForecastQuantity::requests_failed), 8.0 / 80);
  EXPECT_DOUBLE_EQ(value_of(ForecastQuantity::requests_refused), 0.2);
}

// A month without an answer has no latency, and its figure is absent.
TEST(ForecastFigures, latency_is_of_the_replications_that_have_one) {
  ReplicationSet set = set_by_hand(10);
  for (Replication& replication : set.all) replication.latency_ns = {5, 6, 7, 8};
  set.all[3].latency_ns = {kNever, kNever, kNever, kNever};
  const Forecast forecast = forecast_of(set, {});
  EXPECT_EQ(forecast.latency[0]->value, 5);
  EXPECT_EQ(forecast.latency[3]->value, 8);
  ThresholdSpec p95 =
      forecast_threshold(ForecastQuantity::request_duration, Aggregate::percentile, Comparison::less, 0);
  p95.percentile = Millionths{950'000};
  EXPECT_EQ(measure(set, p95)->value, 7);
}

TEST(ForecastFigures, claims_are_of_the_provider_or_the_variant_that_they_name) {
  const ReplicationSet set = set_by_hand(100);
  ThresholdSpec cost = forecast_threshold(ForecastQuantity::cost_usd, Aggregate::avg, Comparison::less, 0);
  const auto picos = [&] { return measure(set, cost)->value * 1e12; };
  EXPECT_NEAR(picos(), 151.5, 1e-6);
  cost.provider = "q";
  EXPECT_NEAR(picos(), 101, 1e-6);
  cost.provider.reset();
  cost.variant = "b";
  EXPECT_NEAR(picos(), 50.5, 1e-6);
  cost.variant.reset();
  cost.aggregate = Aggregate::med;
  EXPECT_NEAR(picos(), 150, 1e-6);
  cost.aggregate = Aggregate::percentile;
  cost.percentile = Millionths{900'000};
  EXPECT_NEAR(picos(), 270, 1e-6);
}

// What cost nothing could not have cost too much; and what was never called shows nothing at all.
TEST(ForecastFigures, a_claim_of_what_got_no_call_or_request_shows_nothing) {
  ThresholdSpec cost = forecast_threshold(ForecastQuantity::cost_usd, Aggregate::avg, Comparison::less, 1);
  ReplicationSet set = set_by_hand(100);
  for (Replication& replication : set.all) {
    outcome(replication, Outcome::served) = 1;
    replication.billed[1] = replication.by_variant[1] = 0;
  }
  const auto verdict = [&] { return forecast_of(set, {cost}).findings.front().verdict; };
  for (const bool is_provider : {true, false}) {
    (is_provider ? cost.provider : cost.variant) = is_provider ? "q" : "b";
    EXPECT_EQ(verdict(), Verdict::inconclusive);
    EXPECT_EQ(forecast_of(set, {cost}).findings.front().lack, "no replication spent anything");
    EXPECT_FALSE(forecast_of(set, {cost}).findings.front().selects_nothing);
    for (Replication& replication : set.all) {
      (is_provider ? replication.calls_by_provider : replication.requests_by_variant)[1] = 0;
    }
    EXPECT_EQ(verdict(), Verdict::inconclusive);
    EXPECT_TRUE(forecast_of(set, {cost}).findings.front().selects_nothing);
    cost.provider.reset();
  }
}

// A limit is of the half-width, or of what it is of the estimate; a rule holds when all of its targets do.
TEST(ForecastFigures, a_stop_rule_waits_for_the_last_of_its_targets) {
  const ReplicationSet set = set_by_hand(100);
  StopTarget target{.text = "mean", .what = {}, .relative = false, .limit = 0};
  target.what = forecast_threshold(ForecastQuantity::cost_usd, Aggregate::avg, Comparison::less, 0);
  const Estimate mean = *measure(set, target.what);
  EXPECT_DOUBLE_EQ(*precision_of(set, target), mean.half_width());
  target.relative = true;
  EXPECT_DOUBLE_EQ(*precision_of(set, target), mean.half_width() / mean.value);
  target.limit = 1;
  StopTarget never = target;
  never.limit = 1e-6;
  const auto rule = [](std::vector<StopTarget> targets) { return StopRule{.text = "", .targets = std::move(targets)}; };
  EXPECT_TRUE(holds(rule({target, target}), set));
  EXPECT_FALSE(holds(rule({target, never}), set));
  EXPECT_FALSE(holds(rule({never, target}), set));
}

TEST(Replications, hold_more_money_than_64_bits_but_no_larger_counts) {
  const ForecastWorld world{drawn_demand(0), {.horizon = 24h}};
  auto entry = world.replicate(SeedFamily::forecast, 1, nullptr);
  ASSERT_TRUE(entry);
  entry->latency = {};
  entry->billed.front() = Int128{INT64_MAX} * 1000;
  EXPECT_EQ(entry->cost(), Int128{INT64_MAX} * 1000);
  auto numbers = numbers_of(*entry);
  EXPECT_EQ(replication_of(world.frame(), numbers), entry);
  // Behind the index and the digest come counts of requests.
  numbers[2] = Int128{INT64_MAX} + 1;
  EXPECT_FALSE(replication_of(world.frame(), numbers));
}

}  // namespace
}  // namespace windtunnel::sim::forecast_figures_test
