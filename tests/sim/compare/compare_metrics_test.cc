// What a comparison measures, in worlds whose figures can be worked out by hand: a request each second on the second,
// answered after 100 ms.

#include "sim/compare/compare_metrics.h"

#include <gtest/gtest.h>

#include "sim/checks/judge.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::study_compare_metrics_test {
namespace {

using namespace std::chrono_literals;

struct Measured {
  CompareValues values;
  DownPhases phases;
  [[nodiscard]] std::optional<double> of(CompareMetric metric) const {
    return values[static_cast<std::size_t>(metric)];
  }
  // In seconds.
  [[nodiscard]] std::optional<double> time(CompareMetric metric) const {
    const auto value = of(metric);
    return value ? std::optional{*value / 1e9} : std::nullopt;
  }
};

Measured measured(const Scenario& scenario) {
  Judge judge{scenario, {.keep_going = true}};
  CompareMeasure measure{scenario};
  std::vector<Observer> observers{&judge};
  observers.push_back(&measure);
  const RunResult result = run(scenario, {.observers = observers});
  Measured done{.values = measure.values(result, judge.judge(result))};
  done.phases = measure.down_phases();
  return done;
}

// Opens after three failures in a row for 4 s, then one probe.
Scenario one_provider() {
  Scenario scenario = world(30s, workload("chat", per_second(1)), provider("alpha", Law::fixed(100e6)));
  scenario.monitor.circuit_breaker.consecutive_threshold = 3;
  scenario.monitor.circuit_breaker.open = 4s;
  return scenario;
}

Scenario two_providers() {
  Scenario scenario = one_provider();
  scenario.providers.push_back(provider("beta", Law::fixed(100e6)));
  return scenario;
}

TEST(CompareMetrics, of_an_outage_are_what_a_person_works_out) {
  Scenario scenario = one_provider();
  scenario.faults = {fault("down", Outage{}, 10s, 10s)};
  const Measured run = measured(scenario);
  // Calls at 10, 11 and 12 fail; the breaker opens at 12. The probe at 16 fails; the one at 20 is answered at 20.1.
  EXPECT_EQ(run.time(CompareMetric::time_to_failover), 2.0);
  EXPECT_EQ(run.of(CompareMetric::wasted_calls), 4);
  EXPECT_EQ(run.of(CompareMetric::probes), 2);
  EXPECT_EQ(run.of(CompareMetric::probes_in_flight), 1);
  EXPECT_EQ(run.of(CompareMetric::requests_lost), 10);
  EXPECT_EQ(run.time(CompareMetric::recovery_time), 0.1);
  EXPECT_EQ(run.of(CompareMetric::checks_violated), 0);
  EXPECT_NEAR(*run.time(CompareMetric::p95), 0.1, 0.0001);
  // 20 answers of 100 + 100 tokens at 30 and 60 USD per million.
  EXPECT_NEAR(*run.of(CompareMetric::cost_usd), 20 * 0.009, 1e-12);
  EXPECT_EQ(run.phases, (DownPhases{.counted = 1, .failover_missed = 0, .ended = 1, .recovery_missed = 0}));
}

TEST(CompareMetrics, with_another_provider_no_request_is_lost_and_the_same_calls_are_wasted) {
  Scenario scenario = two_providers();
  scenario.faults = {fault("down", Outage{}, 10s, 10s)};
  scenario.faults.front().providers = {"alpha"};
  const Measured run = measured(scenario);
  EXPECT_EQ(run.time(CompareMetric::time_to_failover), 2.0);
  EXPECT_EQ(run.of(CompareMetric::wasted_calls), 4);
  EXPECT_EQ(run.of(CompareMetric::requests_lost), 0);
}

TEST(CompareMetrics, a_breaker_that_never_opens_counts_with_the_whole_phase_and_has_recovered_at_once) {
  Scenario scenario = one_provider();
  scenario.monitor.circuit_breaker = {};
  scenario.faults = {fault("down", Outage{}, 10s, 10s)};
  const Measured run = measured(scenario);
  EXPECT_EQ(run.time(CompareMetric::time_to_failover), 10.0);
  EXPECT_EQ(run.of(CompareMetric::wasted_calls), 10);
  EXPECT_EQ(run.of(CompareMetric::probes), 0);
  EXPECT_EQ(run.time(CompareMetric::recovery_time), 0.0);
  EXPECT_EQ(run.phases, (DownPhases{.counted = 1, .failover_missed = 1, .ended = 1, .recovery_missed = 0}));
}

TEST(CompareMetrics, without_a_provider_that_is_down_there_are_no_times_and_nothing_is_wasted) {
  const Measured run = measured(one_provider());
  EXPECT_EQ(run.of(CompareMetric::time_to_failover), std::nullopt);
  EXPECT_EQ(run.of(CompareMetric::recovery_time), std::nullopt);
  EXPECT_EQ(run.of(CompareMetric::wasted_calls), 0);
  EXPECT_EQ(run.phases, DownPhases{});
}

TEST(CompareMetrics, an_unused_provider_prints_nothing) {
  Scenario scenario = two_providers();
  scenario.faults = {fault("down", Outage{}, 10s, 10s)};
  scenario.faults.front().providers = {"beta"};
  const Measured run = measured(scenario);
  EXPECT_EQ(run.of(CompareMetric::time_to_failover), std::nullopt);
  EXPECT_EQ(run.phases, DownPhases{});
}

TEST(CompareMetrics, a_phase_that_lasts_to_the_end_has_no_recovery) {
  Scenario scenario = one_provider();
  scenario.faults = {fault("down", Outage{}, 10s)};
  const Measured run = measured(scenario);
  EXPECT_EQ(run.time(CompareMetric::time_to_failover), 2.0);
  EXPECT_EQ(run.of(CompareMetric::recovery_time), std::nullopt);
  EXPECT_EQ(run.phases, (DownPhases{.counted = 1, .failover_missed = 0, .ended = 0, .recovery_missed = 0}));
}

TEST(CompareMetrics, a_breaker_that_stays_open_counts_until_the_end_of_the_run) {
  Scenario scenario = one_provider();
  scenario.monitor.circuit_breaker.open = 1h;
  scenario.faults = {fault("down", Outage{}, 10s, 10s)};
  const Measured run = measured(scenario);
  EXPECT_EQ(run.time(CompareMetric::recovery_time), 10.0);
  EXPECT_EQ(run.phases, (DownPhases{.counted = 1, .failover_missed = 0, .ended = 1, .recovery_missed = 1}));
}

TEST(CompareMetrics, a_breaker_that_is_open_when_the_provider_goes_down_again_fails_over_at_once) {
  Scenario scenario = one_provider();
  scenario.monitor.circuit_breaker.open = 8s;
  scenario.faults = {fault("first", Outage{}, 10s, 4s), fault("second", Outage{}, 16s, 2s)};
  const Measured run = measured(scenario);
  // It opens at 12 for 8 s: not closed when the second begins (14 to 16), closed by the probe at 20, answered at 20.1.
  EXPECT_EQ(run.time(CompareMetric::time_to_failover), (2.0 + 0.0) / 2);
  EXPECT_EQ(run.time(CompareMetric::recovery_time), (2.0 + 2.1) / 2);
  EXPECT_EQ(run.phases, (DownPhases{.counted = 2, .failover_missed = 0, .ended = 2, .recovery_missed = 1}));
}

TEST(CompareMetrics, two_faults_that_overlap_are_one_down_phase) {
  Scenario scenario = one_provider();
  scenario.faults = {fault("first", Outage{}, 10s, 6s), fault("second", Malformed{}, 14s, 6s)};
  const Measured run = measured(scenario);
  EXPECT_EQ(run.phases.counted, 1);
  EXPECT_EQ(run.time(CompareMetric::time_to_failover), 2.0);
  // The probe of 16 comes back malformed at 16.1; that of 21 closes at 21.1.
  EXPECT_EQ(run.time(CompareMetric::recovery_time), 1.1);
}

TEST(CompareMetrics, a_call_that_gets_through_is_not_wasted) {
  Scenario scenario = one_provider();
  scenario.monitor.circuit_breaker = {};
  scenario.faults = {fault("down", Outage{}, 10s, 10s)};
  scenario.faults.front().fraction = 0.6;
  const Measured run = measured(scenario);
  EXPECT_EQ(run.of(CompareMetric::wasted_calls), run.of(CompareMetric::requests_lost));
  EXPECT_GT(run.of(CompareMetric::wasted_calls), 0);
  EXPECT_LT(run.of(CompareMetric::wasted_calls), 10);
}

TEST(CompareMetrics, down_begins_where_half_of_the_calls_fail) {
  Scenario scenario = one_provider();
  scenario.monitor.circuit_breaker = {};
  FaultSpec burst = fault("burst", ErrorBurst{.rate = 0.499'999}, 10s, 10s);
  scenario.faults = {burst};
  EXPECT_EQ(measured(scenario).phases.counted, 0);
  scenario.faults.front().settings = ErrorBurst{.rate = 0.5};
  EXPECT_EQ(measured(scenario).phases.counted, 1);
  // On a ramp of 8 s to everybody, half is reached after 4 s: 6 s are left.
  FaultSpec outage = fault("down", Outage{}, 10s, 10s);
  outage.ramp = 8s;
  scenario.faults = {outage};
  EXPECT_EQ(measured(scenario).time(CompareMetric::time_to_failover), 6.0);
  scenario.faults.front().fraction = 0.6;  // half is five sixths of the ramp
  EXPECT_NEAR(*measured(scenario).time(CompareMetric::time_to_failover), 10 - 8 * 5.0 / 6, 1e-6);
}

TEST(CompareMetrics, slow_throttled_and_crowded_providers_are_not_down) {
  for (const Fault& settings : {Fault{LatencySpike{}}, Fault{Throttle{}}, Fault{Brownout{}}}) {
    Scenario scenario = one_provider();
    scenario.faults = {fault("trouble", settings, 10s, 10s)};
    EXPECT_EQ(measured(scenario).phases.counted, 0) << name_of(kind_of(settings));
  }
}

TEST(CompareMetrics, probes_in_flight_are_the_most_at_one_provider) {
  Scenario scenario = one_provider();
  scenario.monitor.circuit_breaker.half_open_max_calls = 0;
  scenario.monitor.provider_call.timeout = 5s;
  FaultSpec hang = fault("hangs", Outage{.mode = OutageMode::hang}, 10s, 15s);
  scenario.faults = {hang};
  const Measured run = measured(scenario);
  // Calls of 10, 11, 12 time out by 17; those of 13 to 16 are under way. Open from 17 to 21: the calls of 21, 22, 23,
  // 24 are probes that hang, and at 25 one more, which is answered at 25.1 and closes. All five are in flight at 25.
  EXPECT_EQ(run.of(CompareMetric::probes), 5);
  EXPECT_EQ(run.of(CompareMetric::probes_in_flight), 5);
  EXPECT_EQ(run.of(CompareMetric::wasted_calls), 7 + 4);
}

TEST(CompareMetrics, a_liveness_that_fails_is_a_violated_check) {
  Scenario scenario = one_provider();
  scenario.monitor.circuit_breaker.open = 1h;
  scenario.faults = {fault("down", Outage{}, 10s, 5s)};
  scenario.liveness = LivenessSpec{.heal_at = 16s, .recover_within = 5s};
  EXPECT_EQ(measured(scenario).of(CompareMetric::checks_violated), 1);
}

TEST(CompareMetrics, without_an_answer_there_is_no_p95) {
  Scenario scenario = one_provider();
  scenario.faults = {fault("down", Outage{})};
  const Measured run = measured(scenario);
  EXPECT_EQ(run.of(CompareMetric::p95), std::nullopt);
  EXPECT_EQ(run.of(CompareMetric::cost_usd), 0);
}

// --- Partial outages
// ---------------------------------------------------------------------------------------------------

// Ten requests a second for a minute; from 10 s on three of ten calls of alpha fail for half a minute.
Scenario partial_outage() {
  Scenario scenario = two_providers();
  scenario.duration = 60s;
  scenario.workloads.front().rate = per_second(10);
  scenario.monitor.circuit_breaker = {};
  scenario.faults = {fault("burst", ErrorBurst{.rate = 0.3}, 10s, 30s)};
  scenario.faults.front().providers = {"alpha"};
  return scenario;
}

TEST(CompareMetrics, of_a_partial_outage_failover_recovery_and_waste_are_measured) {
  const Measured run = measured(partial_outage());
  // Each of some 90 failures moves its request to beta.
  EXPECT_NEAR(*run.of(CompareMetric::wasted_calls), 90, 35);
  EXPECT_EQ(run.of(CompareMetric::provider_errors), run.of(CompareMetric::wasted_calls));
  EXPECT_DOUBLE_EQ(*run.of(CompareMetric::amplification), 1 + *run.of(CompareMetric::wasted_calls) / 600);
  EXPECT_EQ(run.of(CompareMetric::error_rate_in_fault), 0);
  EXPECT_EQ(run.of(CompareMetric::error_rate_after_fault), 0);
  // Twenty answers take two seconds, from the begin and from the end.
  EXPECT_GE(*run.time(CompareMetric::time_to_failover), 1.9);
  EXPECT_LE(*run.time(CompareMetric::time_to_failover), 8);
  EXPECT_GE(*run.time(CompareMetric::recovery_time), 1.9);
  EXPECT_LE(*run.time(CompareMetric::recovery_time), 2.2);
  EXPECT_EQ(run.phases, (DownPhases{.counted = 1, .failover_missed = 0, .ended = 1, .recovery_missed = 0}));
}

TEST(CompareMetrics, where_the_requests_do_not_move_a_partial_phase_counts_with_its_length) {
  Scenario scenario = partial_outage();
  scenario.faults.front().settings = ErrorBurst{.rate = 1e-9};
  const Measured run = measured(scenario);
  EXPECT_EQ(run.time(CompareMetric::time_to_failover), 30.0);
  EXPECT_EQ(run.time(CompareMetric::recovery_time), 0.0);
  EXPECT_EQ(run.of(CompareMetric::wasted_calls), 0);
  EXPECT_EQ(run.phases, (DownPhases{.counted = 1, .failover_missed = 1, .ended = 1, .recovery_missed = 0}));
}

TEST(CompareMetrics, a_partial_phase_needs_twenty_answers_before_it_and_another_provider) {
  Scenario early = partial_outage();
  early.faults.front().at = 1s;
  EXPECT_EQ(measured(early).phases.counted, 0);
  Scenario alone = partial_outage();
  alone.providers.pop_back();
  EXPECT_EQ(measured(alone).phases.counted, 0);
  EXPECT_GT(measured(alone).of(CompareMetric::wasted_calls), 0) << "its calls fail all the same";
  Scenario lasting = partial_outage();
  lasting.faults.front().duration.reset();
  EXPECT_EQ(measured(lasting).phases, (DownPhases{.counted = 1}));
  EXPECT_EQ(measured(lasting).of(CompareMetric::recovery_time), std::nullopt);
}

TEST(CompareMetrics, callers_see_errors_in_a_fault_and_after_it) {
  Scenario scenario = one_provider();
  scenario.monitor.circuit_breaker = {};
  scenario.faults = {fault("down", Outage{}, 10s, 10s)};
  const Measured lost = measured(scenario);
  EXPECT_EQ(lost.of(CompareMetric::error_rate_in_fault), 1);
  EXPECT_EQ(lost.of(CompareMetric::error_rate_after_fault), 0);
  EXPECT_EQ(lost.of(CompareMetric::provider_errors), 10);
  EXPECT_EQ(lost.of(CompareMetric::amplification), 1);
  scenario.monitor.circuit_breaker.consecutive_threshold = 3;
  scenario.monitor.circuit_breaker.open = 14s;  // from 12 to 26: those of 20 to 25 are refused, 26 to 29 served
  const Measured open = measured(scenario);
  EXPECT_EQ(open.of(CompareMetric::error_rate_after_fault), 0.6);
  EXPECT_EQ(open.of(CompareMetric::amplification), 17.0 / 30);
  const Measured quiet = measured(one_provider());
  EXPECT_EQ(quiet.of(CompareMetric::error_rate_in_fault), std::nullopt);
  EXPECT_EQ(quiet.of(CompareMetric::error_rate_after_fault), std::nullopt);
}

TEST(CompareMetrics, each_has_a_name_that_finds_it) {
  for (std::size_t i = 0; i < kCompareMetrics; ++i) {
    const auto metric = static_cast<CompareMetric>(i);
    EXPECT_EQ(entry_of(metric).metric, metric);
    EXPECT_EQ(compare_metric_named(entry_of(metric).name), metric);
    EXPECT_FALSE(entry_of(metric).sentence.empty());
  }
  EXPECT_EQ(compare_metric_named("p96"), std::nullopt);
}

}  // namespace
}  // namespace windtunnel::sim::study_compare_metrics_test
