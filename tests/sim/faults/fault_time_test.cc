// Faults with a course of their own in time: flapping, random outages, bursts, a stepping clock, and healing.

#include <gtest/gtest.h>

#include <map>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::fault_time_test {
namespace {

using namespace std::chrono_literals;
using monitor::Record;
using monitor::ReplyKind;

// --- Ramps of size --------------------------------------------------------------------------------------------------

TEST(RampOfSize, slows_every_call_more_and_more_and_then_less) {
  Scenario scenario = world(100s, workload("chat", per_second(1)), provider("alpha", Law::fixed(1e9)));
  FaultSpec slow = fault("slow", LatencySpike{.factor = 5, .add = 8s}, 0s, 100s);
  slow.ramp = 40s;
  slow.ramp_down = 20s;
  slow.ramp_of = RampOf::size;
  scenario.faults = {slow};
  const KeptRun kept{scenario};
  const auto latency_at = [&](std::size_t second) { return kept.records[second].latency(); };
  EXPECT_EQ(latency_at(0), 1s);
  EXPECT_EQ(latency_at(10), 1s * 2 + 2s);
  EXPECT_EQ(latency_at(20), 1s * 3 + 4s);
  EXPECT_EQ(latency_at(40), 1s * 5 + 8s);
  EXPECT_EQ(latency_at(80), 1s * 5 + 8s);
  EXPECT_EQ(latency_at(90), 1s * 3 + 4s);
}

TEST(RampOfSize, of_a_burst_is_of_its_rate) {
  Scenario scenario = world(1000s, workload("chat", per_second(20)));
  FaultSpec burst = fault("burst", ErrorBurst{.rate = 0.8}, 0s, 1000s);
  burst.ramp = 1000s;
  burst.ramp_of = RampOf::size;
  scenario.faults = {burst};
  const KeptRun kept{scenario};
  const auto early = static_cast<double>(kept.count(ReplyKind::server_error, 0s, 500s)) / 10'000;
  const auto late = static_cast<double>(kept.count(ReplyKind::server_error, 500s, 1000s)) / 10'000;
  EXPECT_NEAR(early, 0.2, 4 * std::sqrt(0.2 * 0.8 / 10'000));
  EXPECT_NEAR(late, 0.6, 4 * std::sqrt(0.6 * 0.4 / 10'000));
}

// --- Flapping --------------------------------------------------------------------------------------------------------

TEST(Flapping, is_down_and_up_in_turn_beginning_with_down) {
  Scenario scenario = world(100s, workload("chat", per_second(10)));
  FaultSpec flapping = fault("f", Flapping{.up = Law::fixed(10e9), .down = Law::fixed(5e9)}, 20s, 52s);
  scenario.faults = {flapping};
  const KeptRun kept{scenario};
  // Down at [20, 25), [35, 40), [50, 55) and [65, 70).
  for (const Record& record : kept.records) {
    const Duration at = record.arrived.time_since_epoch();
    const bool down = at >= 20s && at < 72s && (at - 20s) % 15s < 5s;
    EXPECT_EQ(record.attempts()[0].kind, down ? ReplyKind::connection_error : ReplyKind::ok) << seconds_of(at);
  }
  EXPECT_EQ(kept.result.faults[0].phases, 4);
  EXPECT_EQ(kept.result.faults[0].affected, 200);
  const std::vector<Duration> changes = {20s, 25s, 35s, 40s, 50s, 55s, 65s, 70s, 72s};
  ASSERT_EQ(kept.changes.size(), changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_EQ(kept.changes[i].at, Instant{} + changes[i]);
    EXPECT_EQ(kept.changes[i].active, i % 2 == 0 && i < 8);
  }
}

TEST(Flapping, stops_in_the_middle_of_a_down_time_when_its_duration_is_over) {
  Scenario scenario = world(100s, workload("chat", per_second(10)));
  FaultSpec flapping =
      fault("f", Flapping{.mode = OutageMode::hang, .up = Law::fixed(3e9), .down = Law::fixed(3e9)}, 20s, 7s);
  scenario.faults = {flapping};
  const KeptRun kept{scenario};
  EXPECT_EQ(kept.count(ReplyKind::timeout, 20s, 23s), 30);
  EXPECT_EQ(kept.count(ReplyKind::timeout, 26s, 27s), 10);
  EXPECT_EQ(kept.count(ReplyKind::timeout), 40);
}

// --- Random outages --------------------------------------------------------------------------------------------------

constexpr Duration kCentury = 100 * 365 * 24h;

// The share of a century in which the fault does not act, and how long its phases are.
struct Availability {
  Duration down{0};
  Instant since{};
  bool active = false;
  Sample stays_down, stays_up;
  void on(const FaultChanged& event) {
    if (event.at > Instant{} && event.at < Instant{} + kCentury) {
      (active ? stays_down : stays_up).add(seconds_of(event.at - since));
    }
    if (active) down += event.at - since;
    since = event.at;
    active = event.active;
  }
};

// Outages whose starts are `between` hours apart on average and that last `repair` hours on average.
void expect_availability(double repair, double between, double availability) {
  Scenario scenario = world(kCentury, workload("chat", per_second(0)));
  const double up = between - repair;
  const FaultSpec outages =
      fault("f", RandomOutages{.up = Law::exponential(up * 3600e9), .down = Law::exponential(repair * 3600e9)});
  scenario.faults = {outages};
  constexpr int kReplications = 100;
  Sample shares;
  Sample up_means;
  Sample down_means;
  Sample down_sds;
  for (std::uint64_t seed = 1; seed <= kReplications; ++seed) {
    Availability entry;
    RunOptions options;
    options.seed = seed;
    options.observers = {&entry};
    run(scenario, options);
    shares.add(1 - seconds_of(entry.down) / seconds_of(kCentury));
    up_means.add(entry.stays_up.mean() / 3600);
    down_means.add(entry.stays_down.mean() / 3600);
    down_sds.add(entry.stays_down.sd() / 3600);
  }
  // Of an alternating process of exponential stays: 2 u^2 d^2 / ((u + d)^3 T).
  const double century = seconds_of(kCentury) / 3600;
  const double sd = std::sqrt(2 * up * up * repair * repair / (between * between * between * century));
  // The common mistake takes the time between starts for the time up.
  const double start_to_start_as_up = between / (between + repair);
  expect_value("availability", shares.mean(), 1 - repair / between, sd / std::sqrt(kReplications),
               {start_to_start_as_up});
  EXPECT_NEAR(1 - repair / between, availability, 0.00005);
  expect_mean("mean time up", up_means, up, {between});
  expect_mean("mean time down", down_means, repair, {repair * 1.02});
  expect_mean("spread of the time down", down_sds, repair, {0.0});
}

// Published mean times to repair and between failures of two services.
TEST(RandomOutages, of_2_56_hours_every_5_64_days_leave_98_11_percent) { expect_availability(2.56, 5.64 * 24, 0.9811); }
TEST(RandomOutages, of_2_81_hours_every_5_22_days_leave_97_76_percent) { expect_availability(2.81, 5.22 * 24, 0.9776); }

TEST(RandomOutages, begin_with_a_time_up_and_fail_calls_while_down) {
  Scenario scenario = world(1000s, workload("chat", per_second(10)));
  FaultSpec outages = fault("f", RandomOutages{.up = Law::fixed(40e9), .down = Law::fixed(10e9)}, 100s, 500s);
  scenario.faults = {outages};
  const KeptRun kept{scenario};
  for (const Record& record : kept.records) {
    const Duration at = record.arrived.time_since_epoch();
    const bool down = at >= 100s && at < 600s && (at - 100s) % 50s >= 40s;
    EXPECT_EQ(record.attempts()[0].kind, down ? ReplyKind::connection_error : ReplyKind::ok) << seconds_of(at);
  }
  EXPECT_EQ(kept.result.faults[0].phases, 10);
}

TEST(RandomOutages, fail_the_share_of_calls_that_is_their_severity) {
  Scenario scenario = world(2000s, workload("chat", per_second(10)));
  FaultSpec outages = fault("f", RandomOutages{.up = Law::fixed(1), .down = Law::fixed(1e18), .severity = 0.3});
  scenario.faults = {outages};
  const auto failed = static_cast<double>(KeptRun{scenario}.count(ReplyKind::connection_error));
  expect_value("share", failed / 20'000, 0.3, binomial_se(0.3, 20'000), {1.0, 0.7});
}

TEST(RandomOutages, differ_from_fault_to_fault_and_from_seed_to_seed) {
  const auto changes = [](const char* id, std::uint64_t seed) {
    Scenario scenario = world(1000h, workload("chat", per_second(0)));
    FaultSpec outages = fault(id, RandomOutages{.up = Law::exponential(3600e9), .down = Law::exponential(3600e9)});
    scenario.faults = {outages};
    std::vector<Instant> instants;
    for (const FaultChanged& change : KeptRun{scenario, seed}.changes) instants.push_back(change.at);
    return instants;
  };
  EXPECT_EQ(changes("f", 1), changes("f", 1));
  EXPECT_NE(changes("f", 1), changes("g", 1));
  EXPECT_NE(changes("f", 1), changes("f", 2));
}

// --- Bursts ----------------------------------------------------------------------------------------------------------

// Good for 300 s, bad for 60 s on average, probed four times a second.
TEST(GilbertElliott, has_its_stationary_rate_and_its_sojourns) {
  FaultSpec burst = fault(
      "f", ErrorBurst{.gilbert_elliott = GilbertElliott{.good = 0.0, .bad = 1.0, .mean_good = 300s, .mean_bad = 60s}});
  Scenario scenario = world(20'000s, workload("chat", per_second(4)));
  scenario.faults = {burst};
  class Runs {
   public:
    Sample good, bad;
    double failed = 0;
    double calls = 0;
    void on(const monitor::Record& record) {
      const bool fails = record.outcome != monitor::Outcome::served;
      ++calls;
      failed += fails ? 1 : 0;
      if (fails == failing_) return;
      // The first stay is cut by the beginning.
      if (changes_++ > 0) (failing_ ? bad : good).add(seconds_of(record.arrived - since_));
      failing_ = fails;
      since_ = record.arrived;
    }

   private:
    bool failing_ = false;
    Instant since_{};
    int changes_ = 0;
  };
  Sample share;
  Sample good;
  Sample bad;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Runs runs;
    RunOptions options;
    options.seed = seed;
    options.observers = {&runs};
    run(scenario, options);
    share.add(runs.failed / runs.calls);
    good.add(runs.good.mean());
    bad.add(runs.bad.mean());
  }
  expect_mean("stationary rate", share, 60.0 / 360, {0.5, 300.0 / 360});
  // Long stays are likelier to be cut by the end: with T / cycle = 55 of them that is less than 2 %.
  EXPECT_NEAR(good.mean(), 300, 4 * good.se() + 6);
  EXPECT_NEAR(bad.mean(), 60, 4 * bad.se() + 1.2);
  EXPECT_LT(8 * good.se(), 240);
}

TEST(GilbertElliott, begins_in_its_stationary_law) {
  FaultSpec burst = fault(
      "f", ErrorBurst{.gilbert_elliott = GilbertElliott{.good = 0.0, .bad = 1.0, .mean_good = 3h, .mean_bad = 1h}});
  Scenario scenario = world(1s, workload("chat", per_second(1)));
  scenario.faults = {burst};
  constexpr int kReplications = 4000;
  double failed = 0;
  for (std::uint64_t seed = 1; seed <= kReplications; ++seed) {
    RunOptions options;
    options.seed = seed;
    failed += run(scenario, options).pipeline.metrics().all().count(monitor::Outcome::failed) > 0 ? 1 : 0;
  }
  expect_value("first call", failed / kReplications, 0.25, binomial_se(0.25, kReplications), {0.0, 0.5, 1.0});
}

TEST(GilbertElliott, fails_at_the_rate_of_each_state) {
  FaultSpec burst = fault(
      "f", ErrorBurst{.gilbert_elliott = GilbertElliott{.good = 0.1, .bad = 0.6, .mean_good = 1s, .mean_bad = 1s}});
  Scenario scenario = world(20'000s, workload("chat", per_second(1)));
  scenario.faults = {burst};
  Sample share;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RunOptions options;
    options.seed = seed;
    const RunResult result = run(scenario, options);
    share.add(static_cast<double>(result.faults[0].affected) / static_cast<double>(result.arrivals));
  }
  expect_mean("rate", share, 0.35, {0.1, 0.6, 0.7});
}

// --- Wall clock ------------------------------------------------------------------------------------------------------

FaultSpec step(Duration at, Duration offset, std::optional<Duration> duration = std::nullopt) {
  return fault("step", WallClockStep{.offset = offset}, at, duration);
}

// Each call costs 9 mUSD and reserves 33 mUSD (500 tokens at most): a budget of 100 mUSD admits eight, one by one.
Scenario budgeted(std::optional<Usd> monthly, std::optional<Usd> daily) {
  Scenario scenario = world(40s, workload("chat", per_second(1)), provider("alpha", Law::fixed(200e6)));
  scenario.start = WallTime{} + 12h;
  scenario.monitor.cost_limiter.monthly = monthly;
  scenario.monitor.cost_limiter.daily = daily;
  return scenario;
}

std::int64_t served(const Scenario& scenario) {
  return run(scenario).pipeline.metrics().all().count(monitor::Outcome::served);
}

TEST(WallClockStep, opens_the_next_day_or_month) {
  const Usd budget = Usd::from_cents(10);
  Scenario daily = budgeted(std::nullopt, budget);
  Scenario monthly = budgeted(budget, std::nullopt);
  EXPECT_EQ(served(daily), 8);
  EXPECT_EQ(served(monthly), 8);
  daily.faults = monthly.faults = {step(20s, 24h)};
  EXPECT_EQ(served(daily), 16);
  EXPECT_EQ(served(monthly), 8) << "it is still January";
  daily.faults = monthly.faults = {step(20s, 31 * 24h)};
  EXPECT_EQ(served(daily), 16);
  EXPECT_EQ(served(monthly), 16);
}

TEST(WallClockStep, backwards_finds_what_the_day_had_spent) {
  Scenario scenario = budgeted(std::nullopt, Usd::from_cents(10));
  scenario.start = WallTime{} + 100 * 24h;
  scenario.faults = {step(20s, -24h)};
  EXPECT_EQ(served(scenario), 16) << "the day before has a budget of its own";
  // Forth and back again: one new day, and no third one.
  scenario.faults = {step(10s, 24h, 10s)};
  EXPECT_EQ(served(scenario), 16);
  // Forth for 2 s: what was admitted there, two requests, comes on top.
  scenario.faults = {step(20s, 24h, 2s)};
  EXPECT_EQ(served(scenario), 10);
  scenario.faults = {step(20s, 31 * 24h, 2s)};
  EXPECT_EQ(served(scenario), 10);
}

TEST(WallClockStep, moves_no_minute_of_a_rate_limit) {
  Scenario scenario = world(10min, workload("chat", per_second(1)));
  scenario.start = WallTime{} + 12h + 20s;
  const auto admitted_by_minute = [&] {
    std::map<std::int64_t, int> minutes;
    for (const Record& record : KeptRun{scenario}.records) {
      if (record.outcome == monitor::Outcome::served) ++minutes[(record.arrived.time_since_epoch() + 20s) / 1min];
    }
    return minutes;
  };
  std::map<std::int64_t, int> thirty_each;
  for (std::int64_t minute = 0; minute <= 10; ++minute) thirty_each[minute] = minute == 10 ? 20 : 30;
  for (const Duration offset : {Duration{-1h}, Duration{-7s}, Duration{11s}, Duration{1h}}) {
    scenario.faults = {step(150s, offset)};
    scenario.monitor.rate_limiter.requests_per_minute = 30;
    scenario.providers[0].rate_limit = {};
    EXPECT_EQ(admitted_by_minute(), thirty_each) << "our own, " << offset.count();
    scenario.monitor.rate_limiter.requests_per_minute.reset();
    scenario.providers[0].rate_limit.requests_per_minute = 30;
    EXPECT_EQ(admitted_by_minute(), thirty_each) << "the provider's, " << offset.count();
    scenario.providers[0].rate_limit = {};
    scenario.faults.push_back(fault("throttle", Throttle{.limit = {.requests_per_minute = 30}}));
    EXPECT_EQ(admitted_by_minute(), thirty_each) << "a throttle's, " << offset.count();
  }
}

TEST(WallClockStep, moves_neither_latency_nor_order) {
  Scenario scenario =
      world(100s, workload("chat", per_second(5), Arrival::poisson), provider("alpha", Law::exponential(1e9)));
  const KeptRun before{scenario};
  scenario.faults = {step(50s, 1000h, 40s), step(70s, -3000h, 25s)};
  scenario.faults[1].id = "back";
  const KeptRun after{scenario};
  ASSERT_EQ(before.records.size(), after.records.size());
  for (std::size_t i = 0; i < before.records.size(); ++i) {
    EXPECT_EQ(before.records[i].arrived, after.records[i].arrived);
    EXPECT_EQ(before.records[i].finished, after.records[i].finished);
  }
  EXPECT_EQ(after.result.faults[0].touched, 1);
  EXPECT_EQ(after.result.faults[0].affected, 1);
  // The steps add up, and each is taken back at its end.
  EXPECT_EQ(after.result.pipeline.wall_at(Instant{} + 200s), scenario.start + 200s);
}

TEST(WallClockStep, is_what_every_calendar_reads) {
  Scenario scenario = world(100s, workload("chat", per_second(1)));
  scenario.providers[0].tariffs = {{WallTime::min(), tariff(1, 1)}, {WallTime{} + 1h, tariff(3, 3)}};
  scenario.faults = {step(50s, 1h, 25s)};
  const RunResult result = run(scenario);
  EXPECT_EQ(result.ledger[0].billed, Usd::from_picos(75 * 200 + 25 * 600));
}

// --- Healing ---------------------------------------------------------------------------------------------------------

TEST(HealAt, ends_every_fault_and_lets_none_begin) {
  Scenario scenario = world(200s, workload("chat", per_second(10)), provider("alpha", Law::fixed(1e9)));
  scenario.monitor.provider_call.retry_after_cap = 0s;
  std::vector<FaultSpec> faults;
  const Law phase = Law::exponential(5e9);
  for (const Fault& settings : std::vector<Fault>{
           Outage{}, ErrorBurst{}, LatencySpike{.factor = 2}, Throttle{.limit = {.requests_per_minute = 1}}, Brownout{},
           Malformed{}, Truncated{}, Flapping{.up = phase, .down = phase}, RandomOutages{.up = phase, .down = phase}}) {
    FaultSpec fault_spec = fault("fault " + std::to_string(faults.size()), settings, 10s);
    fault_spec.fraction = 0.2;
    faults.push_back(fault_spec);
    fault_spec.id += " late";
    fault_spec.at = 100s;
    faults.push_back(fault_spec);
  }
  faults.push_back(step(10s, 1000h));
  FaultSpec burst = fault("burst", ErrorBurst{.gilbert_elliott = GilbertElliott{}}, 10s, 1000s);
  faults.push_back(burst);
  scenario.faults = faults;
  scenario.liveness = LivenessSpec{.heal_at = 100s};
  const KeptRun kept{scenario};
  for (const FaultChanged& change : kept.changes) EXPECT_LE(change.at, Instant{} + 100s);
  std::int64_t spoilt = 0;
  for (const Record& record : kept.records) {
    const bool sound = record.outcome == monitor::Outcome::served && record.latency() == 1s;
    spoilt += sound ? 0 : 1;
    if (record.arrived >= Instant{} + 100s) {
      EXPECT_TRUE(sound) << seconds_of(record.arrived);
    }
  }
  EXPECT_GT(spoilt, 500);
  EXPECT_EQ(kept.result.pipeline.wall_at(Instant{} + 150s), scenario.start + 150s);
  for (std::size_t i = 0; i < faults.size(); ++i) {
    if (faults[i].at == 100s) {
      EXPECT_EQ(kept.result.faults[i].phases, 0) << faults[i].id;
    }
  }
}

}  // namespace
}  // namespace windtunnel::sim::fault_time_test
