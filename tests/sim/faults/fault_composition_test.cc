// Faults that overlap: which one decides a call, and how rates, factors, additions and capacities combine.

#include <gtest/gtest.h>

#include <array>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::fault_composition_test {
namespace {

using namespace std::chrono_literals;
using monitor::Record;
using monitor::ReplyKind;

Scenario healthy() { return world(2000s, workload("chat", per_second(10)), provider("alpha", Law::fixed(1e9))); }

FaultSpec burst(std::string id, double rate, ReplyKind error = ReplyKind::server_error) {
  return fault(std::move(id), ErrorBurst{.rate = rate, .errors = {{error, 1}}});
}
FaultSpec spike(std::string id, double factor, Duration add) {
  return fault(std::move(id), LatencySpike{.factor = factor, .add = add});
}
FaultSpec brownout(std::string id, std::int64_t concurrency, Duration at = 0s) {
  return fault(std::move(id), Brownout{.concurrency = concurrency}, at);
}
FaultSpec throttle(std::int64_t requests_per_minute) {
  return fault("throttle", Throttle{.limit = {.requests_per_minute = requests_per_minute}});
}

// Each ends 10 s after the one that wins over it, so that each rules for 10 s.
TEST(Precedence, is_outage_throttle_malformed_truncated_error_burst_in_any_file_order) {
  std::vector<FaultSpec> faults = {fault("outage", Outage{}), throttle(0), fault("malformed", Malformed{}),
                                   fault("truncated", Truncated{}), burst("burst", 1)};
  for (std::size_t i = 0; i < faults.size(); ++i) faults[i].duration = (static_cast<std::int64_t>(i) + 1) * 10s;
  std::sort(faults.begin(), faults.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  do {
    Scenario scenario = world(60s, workload("chat", per_second(1)));
    scenario.monitor.provider_call.retry_after_cap = 0s;
    scenario.faults = faults;
    const KeptRun kept{scenario};
    constexpr std::array<ReplyKind, 6> kRules = {ReplyKind::connection_error, ReplyKind::rate_limited,
                                                 ReplyKind::malformed,        ReplyKind::truncated,
                                                 ReplyKind::server_error,     ReplyKind::ok};
    for (const Record& record : kept.records) {
      const auto ten = static_cast<std::size_t>(record.arrived.time_since_epoch() / 10s);
      ASSERT_EQ(record.attempts()[0].kind, kRules[ten]) << seconds_of(record.arrived) << " " << faults[0].id;
    }
    // Every fault touched what came its way, and changed only what no stronger one had decided.
    for (std::size_t i = 0; i < faults.size(); ++i) {
      EXPECT_EQ(kept.result.faults[i].touched, *faults[i].duration / 1s) << faults[i].id;
      EXPECT_EQ(kept.result.faults[i].affected, 10) << faults[i].id;
    }
  } while (
      std::next_permutation(faults.begin(), faults.end(), [](const auto& a, const auto& b) { return a.id < b.id; }));
}

TEST(Precedence, of_flapping_and_random_outages_is_that_of_an_outage) {
  const Law up = Law::fixed(1);
  const Law ever = Law::fixed(1e18);
  for (const Fault& settings :
       {Fault{Flapping{.up = up, .down = ever}}, Fault{RandomOutages{.up = up, .down = ever}}}) {
    const FaultSpec down = fault("down", settings);
    Scenario scenario = world(60s, workload("chat", per_second(1)));
    scenario.workloads[0].start = 1s;
    scenario.faults = {fault("malformed", Malformed{}), throttle(0), down};
    EXPECT_EQ(KeptRun{scenario}.count(ReplyKind::connection_error), 59);
  }
}

// A call that an outage refuses has not used up the throttle's window.
TEST(Precedence, keeps_a_decided_call_out_of_the_throttles_window) {
  FaultSpec outage = fault("outage", Outage{}, 0s, 30s);
  Scenario scenario = world(60s, workload("chat", per_second(1)));
  scenario.faults = {throttle(20), outage};
  scenario.monitor.provider_call.retry_after_cap = 0s;
  const KeptRun kept{scenario};
  EXPECT_EQ(kept.count(ReplyKind::connection_error, 0s, 30s), 30);
  EXPECT_EQ(kept.count(ReplyKind::ok, 30s, 50s), 20);
  EXPECT_EQ(kept.count(ReplyKind::rate_limited, 50s), 10);
}

TEST(ErrorRates, combine_to_one_minus_the_product_of_the_rest) {
  Scenario scenario = healthy();
  scenario.faults = {burst("first", 0.3), burst("second", 0.4, ReplyKind::overloaded)};
  const KeptRun kept{scenario};
  const auto share = [&](ReplyKind kind) { return static_cast<double>(kept.count(kind)) / 20'000; };
  // The sum would be 0.7, the greater 0.4.
  expect_value("failed", 1 - share(ReplyKind::ok), 0.58, binomial_se(0.58, 20'000), {0.7, 0.4});
  expect_value("by the first", share(ReplyKind::server_error), 0.3, binomial_se(0.3, 20'000), {0.18});
  expect_value("by the second", share(ReplyKind::overloaded), 0.28, binomial_se(0.28, 20'000), {0.4});
}

TEST(ErrorRates, combine_with_the_providers_own) {
  Scenario scenario = healthy();
  scenario.providers[0].errors.rates = {{ReplyKind::server_error, 0.3}};
  scenario.faults = {burst("burst", 0.4, ReplyKind::overloaded)};
  const double ok = static_cast<double>(KeptRun{scenario}.count(ReplyKind::ok)) / 20'000;
  expect_value("failed", 1 - ok, 0.58, binomial_se(0.58, 20'000), {0.7, 0.4});
}

TEST(LatencyFactors, multiply_and_additions_sum) {
  Scenario scenario = healthy();
  scenario.duration = 10s;
  scenario.providers[0].time_per_output_token = Law::fixed(10e6);  // x 100 tokens
  scenario.faults = {spike("first", 2, 300ms), spike("second", 3, 400ms)};
  const KeptRun kept{scenario};
  for (const Record& record : kept.records) {
    EXPECT_EQ(record.time_to_first_token, 6s + 700ms);
    EXPECT_EQ(record.latency(), 12s + 700ms);
  }
  EXPECT_EQ(kept.result.faults[0].affected, 100);
  EXPECT_EQ(kept.result.faults[1].affected, 100);
}

TEST(LatencyFactors, slow_down_spoilt_answers_and_errors_too) {
  for (const FaultSpec& other : {fault("malformed", Malformed{}), burst("burst", 1)}) {
    Scenario scenario = healthy();
    scenario.duration = 10s;
    scenario.faults = {spike("spike", 2, 500ms), other};
    const KeptRun kept{scenario};
    for (const Record& record : kept.records) EXPECT_EQ(record.latency(), 2500ms);
    EXPECT_EQ(kept.result.faults[0].affected, 100);
  }
}

// What is refused at once is not slowed down: then the spike has changed nothing.
TEST(LatencyFactors, change_nothing_about_a_call_that_is_refused_throttled_or_hangs) {
  FaultSpec hanging = fault("hanging", Outage{.mode = OutageMode::hang});
  for (const FaultSpec& other : {fault("outage", Outage{}), throttle(0), hanging}) {
    Scenario scenario = healthy();
    scenario.duration = 10s;
    scenario.monitor.provider_call.retry_after_cap = 0s;
    scenario.faults = {spike("spike", 2, 500ms), other};
    const KeptRun kept{scenario};
    EXPECT_EQ(kept.result.faults[0].touched, 100);
    EXPECT_EQ(kept.result.faults[0].affected, 0) << other.id;
    EXPECT_EQ(kept.hits.size(), 100U);
  }
}

// Calls at 0 to 5 s of 10 s each.
std::vector<std::int64_t> finished(const Scenario& scenario) {
  std::vector<std::int64_t> seconds;
  for (const Record& record : KeptRun{scenario}.records) seconds.push_back(record.finished.time_since_epoch() / 1s);
  return seconds;
}

TEST(Capacities, take_the_minimum_of_brownouts_and_the_providers_own) {
  Scenario scenario = world(100s, workload("chat", per_second(1)), provider("alpha", Law::fixed(10e9)));
  scenario.workloads[0].duration = 6s;
  const std::vector<std::int64_t> three = {10, 11, 12, 20, 21, 22};
  const std::vector<std::int64_t> two = {10, 11, 20, 21, 30, 31};
  scenario.faults = {brownout("a", 3), brownout("b", 2)};
  EXPECT_EQ(finished(scenario), two);
  std::swap(scenario.faults[0], scenario.faults[1]);
  EXPECT_EQ(finished(scenario), two);
  scenario.faults = {brownout("a", 3)};
  EXPECT_EQ(finished(scenario), three);
  scenario.providers[0].queue = 10;
  scenario.providers[0].concurrency = 2;
  EXPECT_EQ(finished(scenario), two);
  scenario.providers[0].concurrency = 5;
  EXPECT_EQ(finished(scenario), three);
}

TEST(Capacities, grow_back_to_the_next_smallest_when_a_brownout_ends) {
  Scenario scenario = world(100s, workload("chat", per_second(1)), provider("alpha", Law::fixed(10e9)));
  scenario.workloads[0].duration = 6s;
  scenario.faults = {brownout("a", 3), brownout("b", 1)};
  scenario.faults[1].duration = 7s;
  // One is served until 7 s, then two more get a place at once.
  EXPECT_EQ(finished(scenario), (std::vector<std::int64_t>{10, 17, 17, 20, 27, 27}));
}

TEST(Capacities, are_not_taken_up_by_calls_that_an_outage_refuses_or_hangs) {
  for (const OutageMode mode : {OutageMode::refuse, OutageMode::hang}) {
    FaultSpec outage = fault("outage", Outage{.mode = mode}, 0s, 3500ms);
    Scenario scenario = world(100s, workload("chat", per_second(1)), provider("alpha", Law::fixed(10e9)));
    scenario.workloads[0].duration = 6s;
    scenario.faults = {brownout("brownout", 2), outage};
    const KeptRun kept{scenario};
    EXPECT_EQ(kept.records[4].finished, Instant{} + 14s);
    EXPECT_EQ(kept.records[5].finished, Instant{} + 15s);
    EXPECT_EQ(kept.result.faults[0].affected, 0);
  }
}

}  // namespace
}  // namespace windtunnel::sim::fault_composition_test
