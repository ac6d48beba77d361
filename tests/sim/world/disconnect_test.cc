// What becomes of a call whose caller gave up: the work, the place and the bill.

#include <gtest/gtest.h>

#include "sim/checks/judge.h"
#include "sim/timeline/timeline.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::disconnect_test {
namespace {

using namespace std::chrono_literals;
using monitor::Outcome;
using monitor::ReplyKind;

Usd bill(std::int64_t input, std::int64_t output) { return Usd::from_picos(30'000'000 * input + 60'000'000 * output); }

// 1 s to the first token, 20 ms for each of 100: 3 s in all.
ProviderSpec three_seconds(Disconnect on_disconnect) {
  ProviderSpec spec = provider("engine", Law::fixed(1e9));
  spec.time_per_output_token = Law::fixed(20e6);
  spec.on_disconnect = on_disconnect;
  return spec;
}

Scenario listed(std::vector<Duration> times, ProviderSpec spec, Duration timeout) {
  WorkloadSpec load = workload("chat", Rate{});
  load.executor = Script{};
  for (const Duration at : times) load.requests.push_back({.at = at});
  Scenario scenario = world(60s, load, std::move(spec));
  scenario.monitor.provider_call.timeout = timeout;
  return scenario;
}

TEST(OnDisconnect, continue_bills_the_whole_answer_and_stop_what_was_generated_by_then) {
  const auto billed = [](Disconnect on_disconnect, Duration timeout, TimeoutBill law = TimeoutBill::full) {
    ProviderSpec spec = three_seconds(on_disconnect);
    spec.bill_on_timeout = law;
    const KeptRun kept{listed({0s}, spec, timeout)};
    EXPECT_EQ(kept.records[0].attempts()[0].kind, timeout < 3s ? ReplyKind::timeout : ReplyKind::ok);
    return kept.result.ledger[0].billed;
  };
  for (const Duration timeout : {Duration{500ms}, Duration{2s}, Duration{3s - 1ns}, Duration{3s}}) {
    EXPECT_EQ(billed(Disconnect::go_on, timeout), bill(100, 100)) << timeout.count();
  }
  EXPECT_EQ(billed(Disconnect::stop, 1s - 1ns), bill(100, 0));
  EXPECT_EQ(billed(Disconnect::stop, 1020ms - 1ns), bill(100, 0));
  EXPECT_EQ(billed(Disconnect::stop, 1020ms), bill(100, 1));
  EXPECT_EQ(billed(Disconnect::stop, 3s - 1ns), bill(100, 99));
  EXPECT_EQ(billed(Disconnect::stop, 3s), bill(100, 100));
  for (const Disconnect both : {Disconnect::go_on, Disconnect::stop}) {
    EXPECT_EQ(billed(both, 2s, TimeoutBill::input), bill(100, 0));
    EXPECT_EQ(billed(both, 2s, TimeoutBill::none), Usd{});
  }
}

// One place. The first caller leaves at 2 s; the second call comes at 2.1 s.
TEST(OnDisconnect, continue_holds_the_place_to_the_end_of_the_work_and_stop_frees_it) {
  for (const Disconnect on_disconnect : {Disconnect::go_on, Disconnect::stop}) {
    ProviderSpec spec = three_seconds(on_disconnect);
    spec.concurrency = 1;
    const KeptRun full{listed({0s, 2100ms, 3s}, spec, 2s)};
    const bool goes_on = on_disconnect == Disconnect::go_on;
    EXPECT_EQ(full.records[1].attempts()[0].kind, goes_on ? ReplyKind::overloaded : ReplyKind::timeout);
    EXPECT_EQ(full.records[2].attempts()[0].kind, goes_on ? ReplyKind::timeout : ReplyKind::overloaded);
  }
}

TEST(OnDisconnect, continue_works_on_the_queue_of_callers_who_have_gone_and_stop_forgets_them) {
  ProviderSpec spec = three_seconds(Disconnect::go_on);
  spec.concurrency = 1;
  spec.queue = 10;
  // In service to 3 s; the second waits until its caller leaves at 4.1 s, the third comes after that.
  Scenario scenario = listed({0s, 100ms, 5500ms}, spec, 4s);
  const KeptRun goes_on{scenario};
  EXPECT_EQ(goes_on.records[0].finished, Instant{} + 3s);
  EXPECT_EQ(goes_on.records[1].outcome, Outcome::failed);
  EXPECT_EQ(goes_on.records[1].finished, Instant{} + 4100ms) << "in service from 3 s";
  EXPECT_EQ(goes_on.records[2].finished, Instant{} + 9s) << "the work on the second ends at 6 s";
  EXPECT_EQ(goes_on.result.ledger[0].billed, bill(300, 300));

  scenario = listed({0s, 100ms, 200ms, 4300ms}, spec, 4s);
  const KeptRun queued{scenario};
  EXPECT_EQ(queued.records[2].finished, Instant{} + 4200ms) << "it never got the place";
  EXPECT_EQ(queued.ledger[2].billed, bill(100, 100)) << "but it is worked on, from 6 to 9 s";
  EXPECT_EQ(queued.records[3].finished, Instant{} + 8300ms) << "so that the fourth waits in vain";
  scenario.providers[0].on_disconnect = Disconnect::stop;
  const KeptRun stops{scenario};
  EXPECT_EQ(stops.ledger[2].billed, bill(100, 0)) << "it got the place at 4.1 s, for a tenth of a second";
  EXPECT_EQ(stops.records[3].finished, Instant{} + 7300ms) << "its place is free";
}

TEST(OnDisconnect, work_left_behind_in_a_brownout_takes_its_places) {
  for (const Disconnect on_disconnect : {Disconnect::go_on, Disconnect::stop}) {
    Scenario scenario = listed({0s, 2100ms}, three_seconds(on_disconnect), 2s);
    scenario.faults = {fault("brownout", Brownout{.concurrency = 1})};
    scenario.monitor.provider_call.deadline = 20s;
    const KeptRun kept{scenario};
    // The second call times out at 4.1 s; its work began at 3 or at 2.1 s.
    EXPECT_EQ(kept.records[1].finished, Instant{} + 4100ms);
    EXPECT_EQ(kept.ledger[1].billed, on_disconnect == Disconnect::go_on ? bill(100, 100) : bill(100, 50));
  }
}

TEST(OnDisconnect, a_failure_that_comes_too_late_holds_its_place_and_bills_as_a_failure) {
  ProviderSpec spec = provider("alpha", Law::fixed(3e9));
  spec.errors.rates = {{ReplyKind::server_error, 1.0}};
  spec.bill_on_failure = FailureBill::input;
  spec.concurrency = 1;
  const KeptRun goes_on{listed({0s, 2500ms, 3s}, spec, 2s)};
  EXPECT_EQ(goes_on.ledger[0].billed, bill(100, 0));
  EXPECT_EQ(goes_on.records[1].attempts()[0].kind, ReplyKind::overloaded);
  EXPECT_EQ(goes_on.records[2].attempts()[0].kind, ReplyKind::timeout);
  spec.on_disconnect = Disconnect::stop;
  EXPECT_EQ(KeptRun{listed({0s}, spec, 2s)}.ledger[0].billed, Usd{});
}

// A minute of overload at an engine of 20 places, against an independent model of the same queue: a caller waits for 4
// s, a call takes 3. Calls of callers who have gone are worked on in their turn, and no call is served for minutes.
TEST(OnDisconnect, of_a_minute_of_overload_is_what_an_independent_model_reports) {
  const auto served = [](Disconnect on_disconnect) {
    ProviderSpec spec = three_seconds(on_disconnect);
    spec.concurrency = 20;
    spec.queue = 100'000;
    Scenario scenario = world(20min, workload("chat", per_second(5)), spec);
    WorkloadSpec peak = workload("peak", per_second(7));
    peak.start = 5min;
    peak.duration = 1min;
    scenario.workloads.push_back(peak);
    scenario.monitor.provider_call.timeout = 4s;
    Judge judge{scenario};
    const RunResult result = run(scenario, {.observers = {&judge}});
    for (const Finding& finding : judge.judge(result).findings) {
      EXPECT_NE(finding.kind, Finding::Kind::invariant) << finding.id << ": " << finding.reason;
    }
    EXPECT_EQ(result.arrivals, 6'420U);
    return result.pipeline.metrics().all().count(Outcome::served);
  };
  EXPECT_EQ(served(Disconnect::go_on), 4'790);
  EXPECT_EQ(served(Disconnect::stop), 5'707);
}

// The run itself checks that no slot outlives its request.
TEST(Concurrency, calls_that_wait_under_a_long_timeout_hold_memory_only_while_they_are_live) {
  ProviderSpec spec = provider("alpha", Law::fixed(1e9));
  spec.concurrency = 10;
  spec.queue = 1'000;
  Scenario scenario = world(1h, workload("chat", per_second(9), Arrival::poisson), spec);
  scenario.monitor.provider_call.timeout = 30 * 24h;
  const RunResult result = run(scenario);
  EXPECT_EQ(result.pipeline.metrics().all().count(Outcome::served), static_cast<std::int64_t>(result.arrivals));
  EXPECT_GT(result.in_flight_max, 11) << "some calls wait";
  EXPECT_LT(result.in_flight_max, 300);
}

// Two calls at a provider of one place that takes ten hours for each: far beyond the run, and no caller leaves.
TEST(NoTimeout, waits_for_every_answer_in_service_and_in_the_queue) {
  ProviderSpec spec = provider("alpha", Law::fixed(36e12));
  spec.concurrency = 1;
  spec.queue = 1;
  Scenario scenario = listed({0s, 1s}, spec, monitor::kNoTimeout);
  Judge judge{scenario};
  const RunResult result = run(scenario, {.observers = {&judge}});
  EXPECT_EQ(result.pipeline.metrics().all().count(Outcome::served), 2);
  EXPECT_EQ(result.ended, Instant{} + 20h);
  for (const Finding& finding : judge.judge(result).findings) {
    EXPECT_NE(finding.kind, Finding::Kind::invariant) << finding.id << ": " << finding.reason;
  }
}

TEST(NoTimeout, ends_a_run_whose_call_hangs_though_the_call_does_not_end) {
  Scenario scenario = listed({0s}, provider("alpha"), monitor::kNoTimeout);
  scenario.faults = {fault("down", Outage{.mode = OutageMode::hang})};
  const RunResult result = run(scenario);
  EXPECT_EQ(result.in_flight, 1);
  EXPECT_EQ(result.ended, Instant{} + 60s);
}

TEST(NoTimeout, steps_of_the_timeline_are_those_of_the_run) {
  const Scenario scenario = listed({0s}, provider("alpha"), monitor::kNoTimeout);
  EXPECT_EQ(timeline_widths(scenario).step, 1s);
}

}  // namespace
}  // namespace windtunnel::sim::disconnect_test
