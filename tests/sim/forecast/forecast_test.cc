// The replications of a forecast, when they are enough, and each figure that is made of them.
// This file is long because each figure has its own law to compare with.

#include "sim/forecast/forecast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "sim/forecast/headroom.h"
#include "tests/sim/forecast/forecast_fixture.h"

namespace windtunnel::sim::study_forecast_test {
namespace {

using namespace std::chrono_literals;

constexpr double kUsd = 1e12;

// A request of 9 milli-USD every 14.4 minutes, which reserves just that.
Scenario even_day() {
  WorkloadSpec load = workload("chat", per(24h, 100));
  load.max_tokens = Tokens{100};
  return world(24h, load);
}

TEST(Replications, are_the_same_on_any_number_of_threads) {
  const ForecastWorld world{drawn_demand(0.3), {.horizon = 48h}};
  const auto entry = all_blocks(world, {.replications = 120}, 1);
  ASSERT_EQ(entry.size(), 3U);
  EXPECT_EQ(entry[2].all.size(), 20U);
  EXPECT_EQ(all_blocks(world, {.replications = 120}, 3), entry);
}

TEST(Replications, differ_from_each_other_and_between_families) {
  std::vector<std::uint64_t> seeds;
  for (const SeedFamily family : {SeedFamily::forecast, SeedFamily::search, SeedFamily::confirmation}) {
    for (std::uint64_t r = 0; r < 100; ++r) seeds.push_back(replication_seed(7, family, r));
  }
  std::sort(seeds.begin(), seeds.end());
  EXPECT_EQ(std::adjacent_find(seeds.begin(), seeds.end()), seeds.end());
  EXPECT_EQ(replication_seed(7, SeedFamily::forecast, 5), replication_seed(7, SeedFamily::forecast, 5));
  EXPECT_NE(replication_seed(7, SeedFamily::forecast, 5), replication_seed(8, SeedFamily::forecast, 5));
}

TEST(Replications, are_read_back_from_their_numbers) {
  const ForecastWorld world{drawn_demand(0.3), {.horizon = 24h * 40}};
  auto entry = world.replicate(SeedFamily::forecast, 10, nullptr);
  ASSERT_TRUE(entry);
  EXPECT_NE(entry->twin_cost, kNever);
  entry->latency = {};
  const auto numbers = numbers_of(*entry);
  EXPECT_EQ(replication_of(world.frame(), numbers), entry);
  EXPECT_FALSE(replication_of(world.frame(), std::span{numbers}.first(numbers.size() - 1)));
}

TEST(Shards, together_have_each_replication_once) {
  const ForecastWorld world{drawn_demand(0.3), {.horizon = 24h}};
  const auto whole = all_blocks(world, {.replications = 120});
  std::vector<Replication> merged(120);
  Histogram latency;
  for (std::uint64_t shard = 0; shard < 7; ++shard) {
    for (const auto& block : all_blocks(world, {.replications = 120, .shard = {shard, 7}})) {
      for (const Replication& replication : block.all) {
        EXPECT_EQ(replication.index % 7, shard);
        merged[replication.index] = replication;
      }
      latency.merge(block.latency);
    }
  }
  ReplicationSet set{.frame = world.frame(), .all = {}, .latency = {}};
  for (const auto& block : whole) add(set, block);
  EXPECT_EQ(merged, set.all);
  EXPECT_EQ(latency, set.latency);
}

// A forecast that goes on from what it had makes the rest only, and comes to the same.
TEST(Blocks, that_are_known_are_not_made_again) {
  class Counting final : public ReplicationMaker {
   public:
    explicit Counting(const ForecastWorld& world) : inner_(world, 1, nullptr) {}
    bool make(const ReplicationJob& job, const std::function<bool(Replication)>& take) override {
      made += job.indices.size();
      return inner_.make(job, take);
    }
    std::size_t made = 0;

   private:
    ThreadedMaker inner_;
  };
  const ForecastWorld world{drawn_demand(0.3), {.horizon = 24h}};
  const auto whole = all_blocks(world, {.replications = 170});
  BlockPlan plan{.replications = 170};
  plan.known = {{0, whole[0]}, {2, whole[2]}};
  Counting maker{world};
  std::vector<ReplicationBlock> blocks;
  EXPECT_TRUE(make_blocks(maker, plan, {.take = [&](const ReplicationBlock& block) {
                            blocks.push_back(block);
                            return true;
                          }}));
  EXPECT_EQ(maker.made, 70U);
  EXPECT_EQ(blocks, whole);
}

TEST(Blocks, end_early_when_they_are_interrupted) {
  const ForecastWorld world{drawn_demand(0.3), {.horizon = 24h}};
  std::atomic<bool> stop = false;
  ThreadedMaker maker{world, 2, &stop};
  std::size_t blocks = 0;
  EXPECT_FALSE(make_blocks(maker, {.replications = 100'000}, {.take = [&](const ReplicationBlock&) {
                             stop = ++blocks == 2;
                             return true;
                           }}));
  EXPECT_EQ(blocks, 2U);
}

// The number of replications is the first end of a block at which the rule holds: neither threads nor speculation show.
TEST(StopRules, hold_at_the_first_end_of_a_block) {
  const ForecastWorld world{drawn_demand(0.3), {.horizon = 24h}};
  StopRule rule{.text = "mean:rel=0.03",
                .targets = {{.text = "mean:rel=0.03", .what = {}, .relative = true, .limit = 0.03}}};
  rule.targets[0].what = forecast_threshold(ForecastQuantity::cost_usd, Aggregate::avg, Comparison::less, 0);
  const auto stopped_at = [&](unsigned jobs, std::uint64_t block_size) {
    ReplicationSet set{.frame = world.frame(), .all = {}, .latency = {}};
    ThreadedMaker maker{world, jobs, nullptr};
    const BlockPlan plan{.replications = 5000, .shard = {}, .block_size = block_size, .known = {}};
    make_blocks(maker, plan, {.take = [&](const ReplicationBlock& block) {
                  add(set, block);
                  return !holds(rule, set);
                }});
    return set;
  };
  for (const std::uint64_t block_size : {kBlockSize, std::uint64_t{7}}) {
    const ReplicationSet replication_set = stopped_at(1, block_size);
    EXPECT_EQ(replication_set.all.size() % block_size, 0U);
    EXPECT_LT(replication_set.all.size(), 5000U);
    EXPECT_LE(*precision_of(replication_set, rule.targets[0]), 0.03);
    ReplicationSet before = replication_set;
    before.all.resize(replication_set.all.size() - block_size);
    EXPECT_GT(*precision_of(before, rule.targets[0]), 0.03);
    EXPECT_EQ(stopped_at(2, block_size).all, replication_set.all);
  }
}

// 100 requests a day on average: of demand with a CV of 0.3 the mean is 0.9 USD, its sd 0.27, that of request noise
// 0.09.
TEST(Forecast, divides_the_spread_into_demand_and_request_noise) {
  const ReplicationSet set = replicated(ForecastWorld{drawn_demand(0.3), {.horizon = 24h}}, 2000);
  const Forecast forecast = forecast_of(set, {});
  EXPECT_EQ(forecast.cost_sd.twins, 200U);
  EXPECT_NEAR(forecast.cost->value / kUsd, 0.9, 0.03);
  EXPECT_NEAR(forecast.cost_sd.demand->value / kUsd, 0.27, 0.03);
  EXPECT_NEAR(forecast.cost_sd.noise->value / kUsd, 0.09, 0.015);
  EXPECT_LT(forecast.cost_sd.demand->low / kUsd, 0.27);
  EXPECT_GT(forecast.cost_sd.demand->high / kUsd, 0.27);
  EXPECT_LT(forecast.cost_sd.noise->low / kUsd, 0.09);
  EXPECT_GT(forecast.cost_sd.noise->high / kUsd, 0.09);
}

// Every prompt is paid for once and answered by the cache from then on: a day costs 9 milli-USD for each of its
// different prompts. How many there are is the only thing that differs: demand's part of the spread is all of it.
TEST(Forecast, of_uncertain_hits_is_as_uncertain_as_they_are) {
  const auto day = [](double count_cv) {
    Scenario scenario = even_day();
    scenario.start = kNewYear;
    scenario.workloads[0].rate = per(24h, 1000);
    scenario.workloads[0].prompts = {.count = 20, .zipf = 0, .count_cv = count_cv};
    scenario.monitor.cache.enabled = true;
    scenario.monitor.cache.ttl = 48h;
    return ForecastWorld{scenario, {.horizon = 24h}};
  };
  const Forecast forecast = forecast_of(replicated(day(0.4), 1500), {});
  EXPECT_TRUE(forecast.frame.uncertain());
  EXPECT_EQ(forecast.cost_sd.twins, 150U);
  expect_value("mean cost", forecast.cost->value / kUsd, 0.18, 0.072 / std::sqrt(1500), {0.0});
  EXPECT_NEAR(forecast.cost_sd.demand->value / kUsd, 0.072, 0.008);
  EXPECT_LT(forecast.cost_sd.noise->value / kUsd, 0.002);
  const auto hits = forecast.shares[static_cast<std::size_t>(monitor::Outcome::cache_hit)];
  EXPECT_NEAR(hits->value, 0.98, 0.001);
  // Certain prompts cost the same every day.
  const Forecast certain = forecast_of(replicated(day(0), 50), {});
  EXPECT_FALSE(certain.frame.uncertain());
  EXPECT_NEAR(certain.cost->value / kUsd, 0.18, 1e-12);
  EXPECT_EQ(certain.cost_sd.all->value, 0);
}

TEST(Forecast, of_a_certain_demand_is_request_noise_alone) {
  const Forecast forecast = forecast_of(replicated(ForecastWorld{drawn_demand(0), {.horizon = 24h}}, 100), {});
  EXPECT_FALSE(forecast.frame.uncertain());
  EXPECT_EQ(forecast.cost_sd.twins, 0U);
  EXPECT_EQ(forecast.cost_sd.demand->value, 0);
  EXPECT_EQ(forecast.cost_sd.noise, forecast.cost_sd.all);
}

// Each pico-dollar has one provider, one variant, one workload and one cause, and the last day has all of them.
TEST(Forecast, divides_spend_without_a_rest) {
  Scenario scenario = month_of_two_providers();
  scenario.providers[0].errors.rates = {{monitor::ReplyKind::malformed, 0.1}, {monitor::ReplyKind::truncated, 0.1}};
  scenario.monitor.provider_call.retry.max_attempts = 2;
  const ForecastWorld world{scenario, {.horizon = 24h * 3}};
  const ReplicationSet set = replicated(world, 20);
  for (const Replication& replication : set.all) {
    const auto sum = [](auto begin, auto end) { return std::accumulate(begin, end, Int128{0}); };
    EXPECT_EQ(sum(replication.by_variant.begin(), replication.by_variant.end()), replication.cost());
    EXPECT_EQ(sum(replication.by_workload.begin(), replication.by_workload.end()), replication.cost());
    EXPECT_EQ(sum(replication.by_cause.begin(), replication.by_cause.begin() + 4), replication.cost());
    EXPECT_EQ(replication.month_to_date.back(), replication.known() + replication.reserved());
    EXPECT_GT(replication.reserved(), 0);
    EXPECT_GT(replication.by_cause[1], 0);
    EXPECT_GT(replication.by_cause[3], 0);
    EXPECT_LT(replication.month_to_date[0], replication.month_to_date[1]);
  }
}

// The last request is answered an hour after the horizon, and its bill is the last day's all the same.
TEST(Forecast, counts_what_is_in_flight_at_the_end) {
  Scenario scenario = even_day();
  scenario.start = kNewYear;
  scenario.providers[0].time_to_first_token = Law::fixed(3.6e12);
  scenario.monitor.provider_call.timeout = 2h;
  const ReplicationSet set = replicated(ForecastWorld{scenario, {.horizon = 24h}}, 1);
  EXPECT_EQ(set.all[0].cost(), 900'000'000'000);
  EXPECT_EQ(set.all[0].month_to_date.back(), 900'000'000'000);
}

// A day of 100 requests of 9 milli-USD each, one every 14.4 minutes; the budget pays for 40 of them.
TEST(Forecast, finds_the_instant_at_which_the_budget_is_used_up) {
  Scenario scenario = even_day();
  scenario.start = kNewYear;
  scenario.monitor.cost_limiter.monthly = Usd::from_picos(360'000'000'000);
  const Forecast forecast = forecast_of(replicated(ForecastWorld{scenario, {.horizon = 24h}}, 50), {});
  // 80 % of 0.36 USD is reached by the 32nd request; the 40th comes after 39 gaps.
  EXPECT_EQ(forecast.p_exceed.front().value, 1);
  EXPECT_EQ(forecast.exhaustion.p50->value, (39 * 864s / 1ns) * 1);
  EXPECT_EQ(forecast.exhaustion.p10->value, forecast.exhaustion.p90->value);
  EXPECT_NEAR(forecast.shares[static_cast<std::size_t>(monitor::Outcome::refused_budget)]->value, 0.6, 1e-12);
}

// A request may reserve 33 milli-USD and costs 9: after 37 of them, at 92.5 %, no further one fits. The budget is used
// up then, though 95 % of it are never spent.
TEST(Forecast, counts_the_first_refusal_as_the_end_of_the_budget) {
  Scenario scenario = even_day();
  scenario.start = kNewYear;
  scenario.workloads[0].max_tokens = Tokens{500};
  scenario.monitor.cost_limiter.monthly = Usd::from_picos(360'000'000'000);
  const Forecast forecast = forecast_of(replicated(ForecastWorld{scenario, {.horizon = 24h}}, 50), {});
  ASSERT_EQ(forecast.p_exceed.size(), 4U);
  EXPECT_EQ(forecast.p_exceed[1].value, 1) << "90 %";
  EXPECT_EQ(forecast.p_exceed[2].value, 0) << "95 %";
  EXPECT_EQ(forecast.p_exceed[3].value, 1);
  EXPECT_EQ(forecast.exhaustion.p50->value, (37 * 864s / 1ns) * 1);
}

// What has not happened within the horizon may happen the day after.
TEST(Forecast, a_budget_that_lasts_beyond_the_horizon_is_known_to_last_until_then) {
  Scenario scenario = even_day();
  scenario.start = kNewYear;
  scenario.monitor.cost_limiter.monthly = Usd::from_picos(3'600'000'000'000);
  const ReplicationSet set = replicated(ForecastWorld{scenario, {.horizon = 24h}}, 100);
  ThresholdSpec days = forecast_threshold(ForecastQuantity::days_to_exhaustion, Aggregate::percentile,
                                          Comparison::greater, 900'000);  // 0.9 days
  days.percentile = Millionths{100'000};
  EXPECT_DOUBLE_EQ(measure(set, days)->low, 1);
  EXPECT_FALSE(std::isfinite(measure(set, days)->high));
  EXPECT_EQ(forecast_of(set, {days}).findings.front().verdict, Verdict::pass);
  days.bound = 1'100'000;
  EXPECT_EQ(forecast_of(set, {days}).findings.front().verdict, Verdict::inconclusive);
}

TEST(ForecastWorlds, observe_the_requested_shares_of_the_budget_and_four_always) {
  const ForecastWorld world{even_day(), {.horizon = 24h, .shares = {Millionths{900'000}, Millionths{500'000}}}};
  EXPECT_EQ(world.frame().shares, (std::vector<Millionths>{{500'000}, {800'000}, {900'000}, {950'000}, {1'000'000}}));
  EXPECT_EQ(world.scenario().monitor.cost_limiter.alerts, world.frame().shares);
}

TEST(Forecast, begins_with_what_was_spent) {
  Scenario scenario = even_day();
  scenario.start = kNewYear;
  scenario.monitor.cost_limiter.monthly = Usd::from_picos(360'000'000'000);
  ForecastOptions options{.horizon = 24h};
  options.spent = {Usd::from_picos(270'000'000'000)};
  const Forecast forecast = forecast_of(replicated(ForecastWorld{scenario, options}, 50), {});
  EXPECT_EQ(forecast.exhaustion.p50->value, 9 * 864s / 1ns);
  EXPECT_EQ(forecast.cost->value, 90e9);
  EXPECT_EQ(forecast.days.back().month_to_date.p50->value, 360'000'000'000);
}

// The horizon touches two months: each has a budget of its own, and the second begins at nothing.
TEST(Forecast, counts_each_calendar_month_apart) {
  Scenario scenario = even_day();
  scenario.start = kNewYear + 29 * 24h;  // January 30th
  scenario.monitor.cost_limiter.monthly = Usd::from_dollars(10);
  const ForecastWorld world{scenario, {.horizon = 24h * 4}};
  const Forecast forecast = forecast_of(replicated(world, 50), {});
  ASSERT_EQ(forecast.days.size(), 4U);
  EXPECT_EQ(forecast.days[1].month_to_date.p50->value, 1'800'000'000'000);
  EXPECT_EQ(forecast.days[2].month_to_date.p50->value, 900'000'000'000);
  EXPECT_EQ(forecast.days[2].day.month, 1U);
}

TEST(Forecast, names_what_it_cannot_estimate) {
  const Forecast few = forecast_of(replicated(ForecastWorld{drawn_demand(0.3), {.horizon = 24h}}, 20), {});
  EXPECT_TRUE(few.cost);
  EXPECT_FALSE(few.cost_quantiles.p90);
  EXPECT_TRUE(few.cost_quantiles.p50);
  const Forecast none = forecast_of(ReplicationSet{.frame = few.frame, .all = {}, .latency = {}}, {});
  EXPECT_FALSE(none.cost);
}

// The interval decides: all of it on the good side, none of it, or the bound divides it.
TEST(ForecastVerdicts, pass_fail_or_are_undecided) {
  const ReplicationSet set = replicated(ForecastWorld{drawn_demand(0.3), {.horizon = 24h}}, 200);
  const auto verdict = [&](Comparison comparison, double usd) {
    const auto threshold = forecast_threshold(ForecastQuantity::cost_usd, Aggregate::avg, comparison,
                                              static_cast<std::int64_t>(usd * 1e6));
    return judge(measure(set, threshold), threshold);
  };
  EXPECT_EQ(verdict(Comparison::less_equal, 1.1), Verdict::pass);
  EXPECT_EQ(verdict(Comparison::less_equal, 0.7), Verdict::fail);
  EXPECT_EQ(verdict(Comparison::less_equal, 0.9), Verdict::inconclusive);
  EXPECT_EQ(verdict(Comparison::greater, 0.7), Verdict::pass);
  EXPECT_EQ(verdict(Comparison::greater, 1.1), Verdict::fail);
  const auto unknown = forecast_threshold(ForecastQuantity::p_exceed, Aggregate::value, Comparison::less_equal, 0);
  EXPECT_EQ(judge(measure(set, unknown), unknown), Verdict::inconclusive) << "there is no budget";
}

// Whatever makes requests is multiplied: a rate, the targets of a ramp, the rows of a trace, the users of a closed
// loop.
TEST(ScaledTraffic, is_of_every_kind_of_load) {
  Scenario scenario = even_day();
  const Rate rate = scenario.workloads[0].rate;
  const auto with = [&](Executor executor) {
    WorkloadSpec load = workload(name_of(kind_of(executor)), rate);
    load.executor = std::move(executor);
    return load;
  };
  scenario.workloads = {with(RampingArrivalRate{.stages = {{1h, Millionths{3'000'000}}, {1h, Millionths{0}}}}),
                        with(ConstantVus{.vus = 10}), with(TraceReplay{.rate_scale = 0.5})};
  const ForecastWorld world{scenario, {.horizon = 24h}};
  const auto ramp = [](const Scenario& entry) {
    return std::get<RampingArrivalRate>(entry.workloads[0].executor).stages;
  };
  const auto vus = [](const Scenario& entry) { return std::get<ConstantVus>(entry.workloads[1].executor).vus; };
  const auto rows = [](const Scenario& entry) { return std::get<TraceReplay>(entry.workloads[2].executor).rate_scale; };
  const Scenario more = world.scaled(1'500'000).scenario();
  for (const WorkloadSpec& load : more.workloads) EXPECT_EQ(load.rate.count.value, 150'000'000);
  EXPECT_EQ(ramp(more)[0].target.value, 4'500'000);
  EXPECT_EQ(ramp(more)[1].target.value, 0);
  EXPECT_EQ(vus(more), 15);
  EXPECT_EQ(rows(more), 0.75);
  // Little traffic does not vanish by rounding, and the world itself stays as it is.
  const Scenario less = world.scaled(1).scenario();
  EXPECT_EQ(vus(less), 1);
  EXPECT_GT(less.workloads[0].rate.count.value, 0);
  EXPECT_EQ(vus(world.scaled(1'000'000).scenario()), 10);
}

// A forecast is of a stretch of time of its own: what a run should heal and recover by is left out of it.
TEST(ForecastWorlds, begin_at_their_date_and_heal_nothing) {
  Scenario scenario = even_day();
  scenario.start = kNewYear;
  scenario.liveness.emplace();
  const ForecastWorld world{scenario, {.horizon = 24h * 3, .as_of = kNewYear + 24h * 5}};
  EXPECT_FALSE(world.scenario().liveness.has_value());
  EXPECT_EQ(world.scenario().start, kNewYear + 24h * 5);
  EXPECT_EQ(world.frame().start, kNewYear + 24h * 5);
  EXPECT_EQ(world.scenario().duration, 24h * 3);
}

// Requests cost 9 milli-USD and come 100 a day: a budget of 1.2 USD a day breaks at 133 of them; Poisson noise of 11.5
// keeps 95 % of the days below it up to about 116 a day.
TEST(HeadroomSearch, finds_the_edge_and_tries_it_on_independent_numbers) {
  Scenario scenario = drawn_demand(0);
  scenario.monitor.cost_limiter.monthly = Usd::from_picos(1'200'000'000'000);
  const ForecastWorld world{scenario, {.horizon = 24h}};
  ThreadedMaker maker{world, 2, nullptr};
  const auto headroom = headroom_of(maker, world.frame(), {}, 400);
  ASSERT_TRUE(headroom && headroom->budget);
  EXPECT_FALSE(headroom->latency);
  const HeadroomLimit& budget = *headroom->budget;
  EXPECT_TRUE(budget.bounded);
  EXPECT_NEAR(static_cast<double>(*budget.rate_thousandths), 1150, 40);
  EXPECT_TRUE(budget.confirmed);
  EXPECT_LE(budget.at_edge->broken.value, 0.05);
  EXPECT_TRUE(budget.refuted);
  EXPECT_GT(budget.beyond->broken.low, 0.05);
  EXPECT_EQ(budget.beyond->rate_thousandths, (*budget.rate_thousandths / 10 * 105 + 50) / 100 * 10);
  // Each of the search's trials once, ascending; those next to the edge are among them, on either side of 5 %.
  ASSERT_GE(budget.tried.size(), 6U);
  bool is_lost = false;
  for (std::size_t i = 0; i < budget.tried.size(); ++i) {
    const bool breaks = budget.tried[i].broken.value > kBrokenMax;
    const std::int64_t before = i == 0 ? 0 : budget.tried[i - 1].rate_thousandths;
    EXPECT_LT(before, budget.tried[i].rate_thousandths);
    EXPECT_TRUE(breaks || !is_lost) << budget.tried[i].rate_thousandths;
    EXPECT_TRUE(is_lost || !breaks || before + 10 == budget.tried[i].rate_thousandths) << before;
    is_lost = breaks;
  }
}

// One place, half a second a call, no queue: what fails goes up with the traffic, latency does not.
TEST(HeadroomSearch, of_latency_ends_at_four_times_when_nothing_queues) {
  const ForecastWorld world{drawn_demand(0), {.horizon = 24h}};
  ThreadedMaker maker{world, 2, nullptr};
  ThresholdSpec bound;
  bound.of = Metric::request_duration;
  bound.aggregate = Aggregate::percentile;
  bound.percentile = Millionths{950'000};
  bound.comparison = Comparison::less;
  bound.bound = 3'000'000'000;
  bound.text = "p(95)<3s";
  const auto headroom = headroom_of(maker, world.frame(), {bound}, 100);
  ASSERT_TRUE(headroom && headroom->latency);
  EXPECT_FALSE(headroom->latency->bounded);
  EXPECT_EQ(headroom->latency->rate_thousandths, kRateThousandthsMax);
  bound.bound = 0;
  const auto none = headroom_of(maker, world.frame(), {bound}, 100);
  EXPECT_FALSE(none->latency->rate_thousandths) << "broken even at 1 %";
}

}  // namespace
}  // namespace windtunnel::sim::study_forecast_test
