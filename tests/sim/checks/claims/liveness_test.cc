// V1: once every fault is healed, breakers close and requests succeed again in time; what does not is found, on both
// sides of the instant and of the share.

#include "sim/checks/claims/liveness.h"

#include <gtest/gtest.h>

#include "sim/checks/judge.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::check_liveness_test {
namespace {

using monitor::BreakerState;
using std::chrono::nanoseconds;
using namespace std::chrono_literals;

Scenario healing_at(Duration at, Duration within) {
  Scenario scenario = world(100s, workload("load", per_second(10)));
  scenario.monitor.circuit_breaker.consecutive_threshold = 5;
  scenario.liveness = {.heal_at = at, .recover_within = within};
  return scenario;
}

monitor::Record answered(Duration arrived, monitor::Outcome outcome = monitor::Outcome::served) {
  monitor::Record record;
  record.arrived = record.finished = Instant{} + arrived;
  record.outcome = outcome;
  return record;
}

monitor::BreakerTransition transition(BreakerState to, Duration at) { return {.at = Instant{} + at, .to = to}; }

monitor::PermitAsked asked(Duration at, bool admitted = false) { return {.at = Instant{} + at, .admitted = admitted}; }

TEST(Liveness, needs_every_breaker_closed_at_the_instant_and_not_a_nanosecond_later) {
  const Scenario scenario = healing_at(50s, 10s);
  for (const Duration closed_at : {60s - 0ns, 60s + 1ns}) {
    Liveness liveness{scenario};
    liveness.on(monitor::BreakerMoved{kFirst, transition(BreakerState::open, 20s)});
    liveness.on(asked(59s));
    liveness.on(monitor::BreakerMoved{kFirst, transition(BreakerState::closed, closed_at)});
    liveness.on(answered(70s));
    const Finding closed = liveness.judge(Instant{} + 100s)[0];
    EXPECT_EQ(closed.verdict, closed_at == 60s ? Verdict::pass : Verdict::fail) << closed.reason;
    if (closed_at != 60s) {
      EXPECT_EQ(closed.reason, "the breaker of alpha was open");
    }
  }
}

TEST(Liveness, needs_every_replica_closed_but_no_process_that_was_restarted_in_time) {
  const Scenario scenario = healing_at(50s, 10s);
  const auto turn = [](std::uint32_t replica, std::uint32_t group, Duration at, bool is_current = true) {
    return ReplicaTurn{.at = Instant{} + at, .replica = replica, .breakers = group, .is_current = is_current};
  };
  for (const Duration restarted : {60s + 0ns, 60s + 1ns}) {
    Liveness liveness{scenario};
    liveness.on(turn(0, 0, 1s));
    liveness.on(turn(1, 1, 20s));
    liveness.on(monitor::BreakerMoved{kFirst, transition(BreakerState::open, 20s)});
    liveness.on(turn(0, 0, 55s));
    EXPECT_EQ(liveness.judge(Instant{} + 100s)[0].verdict, Verdict::inconclusive);
    liveness.on(turn(1, 1, 59s));
    liveness.on(asked(59s));
    EXPECT_EQ(liveness.judge(Instant{} + 100s)[0].verdict, Verdict::fail);
    liveness.on(turn(1, 2, restarted));
    liveness.on(turn(1, 1, 70s, false));
    EXPECT_EQ(liveness.judge(Instant{} + 100s)[0].verdict, restarted == 60s ? Verdict::pass : Verdict::fail);
  }
}

// One that opens again later is not this check's affair.
TEST(Liveness, a_half_open_breaker_is_not_closed) {
  const Scenario scenario = healing_at(50s, 10s);
  Liveness liveness{scenario};
  liveness.on(monitor::BreakerMoved{kFirst, transition(BreakerState::half_open, 58s)});
  liveness.on(asked(59s));
  EXPECT_EQ(liveness.judge(Instant{} + 100s)[0].verdict, Verdict::fail);
  Liveness later{scenario};
  later.on(monitor::BreakerMoved{kFirst, transition(BreakerState::open, 61s)});
  EXPECT_EQ(later.judge(Instant{} + 100s)[0].verdict, Verdict::pass);
}

// A breaker closes at a call: one without a call in time has shown nothing, and one that is open by its own
// word until after the instant has shown enough.
TEST(Liveness, of_an_unused_breaker_is_unknown) {
  const Scenario scenario = healing_at(50s, 10s);
  for (const Duration asked_at : {49s, 50s, 60s, 61s}) {
    Liveness liveness{scenario};
    liveness.on(monitor::BreakerMoved{kFirst, transition(BreakerState::half_open, 30s)});
    liveness.on(asked(asked_at));
    liveness.on(answered(70s, monitor::Outcome::all_providers_unavailable));
    const bool in_time = asked_at == 50s || asked_at == 60s;
    const std::vector<Finding> findings = liveness.judge(Instant{} + 100s);
    EXPECT_EQ(findings[0].verdict, in_time ? Verdict::fail : Verdict::inconclusive) << asked_at.count();
    EXPECT_EQ(findings[1].verdict, in_time ? Verdict::fail : Verdict::inconclusive) << asked_at.count();
  }
  for (const Duration open_for : {Duration{40s} - 1ns, Duration{40s}}) {
    Liveness liveness{scenario};
    monitor::BreakerTransition opened = transition(BreakerState::open, 20s);
    opened.open_for = open_for;
    liveness.on(monitor::BreakerMoved{kFirst, opened});
    EXPECT_EQ(liveness.judge(Instant{} + 100s)[0].verdict, open_for == 40s ? Verdict::fail : Verdict::inconclusive);
  }
}

TEST(Liveness, needs_as_many_questions_as_probes_must_succeed) {
  Scenario scenario = healing_at(50s, 10s);
  scenario.monitor.circuit_breaker.half_open_max_calls = 2;
  scenario.monitor.circuit_breaker.half_open_success_threshold = 2;
  Liveness liveness{scenario};
  liveness.on(monitor::BreakerMoved{kFirst, transition(BreakerState::half_open, 30s)});
  liveness.on(asked(52s));
  EXPECT_EQ(liveness.judge(Instant{} + 100s)[0].verdict, Verdict::inconclusive);
  liveness.on(asked(53s));
  EXPECT_EQ(liveness.judge(Instant{} + 100s)[0].verdict, Verdict::fail);
  // A call of before that fails, a probe that says nothing and a permit that no call follows show nothing.
  Liveness ignored = liveness;
  ignored.on(monitor::AttemptEnded{.at = Instant{} + 54s, .counted = monitor::BreakerOutcome::ignored});
  EXPECT_EQ(ignored.judge(Instant{} + 100s)[0].verdict, Verdict::inconclusive);
  Liveness failed = liveness;
  failed.on(monitor::AttemptEnded{.at = Instant{} + 54s, .counted = monitor::BreakerOutcome::failure});
  EXPECT_EQ(failed.judge(Instant{} + 100s)[0].verdict, Verdict::inconclusive);
  Liveness probing{scenario};
  probing.on(monitor::BreakerMoved{kFirst, transition(BreakerState::half_open, 30s)});
  probing.on(asked(52s, true));
  probing.on(asked(53s, true));
  EXPECT_EQ(probing.judge(Instant{} + 100s)[0].verdict, Verdict::inconclusive);
  for (const Duration at : {54s, 55s}) {
    probing.on(asked(at, true));
    probing.on(monitor::AttemptStarted{.at = Instant{} + at});
  }
  EXPECT_EQ(probing.judge(Instant{} + 100s)[0].verdict, Verdict::fail);
}

// Two probes are judged together, and one failure of two opens it for another 10 s. The first fails in the outage; the
// second comes when the next request does. At 45 s that leaves the time to close until 60 s, at 55 s it does not; and a
// second one that fails too has shown enough.
TEST(Liveness, of_a_breaker_that_judged_an_old_failure_late_is_unknown) {
  const auto verdict = [](Duration second, double errors) {
    Scenario scenario = healing_at(31s, 29s);
    scenario.faults = {fault("down", Outage{}, 0s, 30s)};
    scenario.providers.front().errors.rates = {{monitor::ReplyKind::server_error, errors}};
    scenario.monitor.circuit_breaker = {.consecutive_threshold = 1,
                                        .failure_rate_compare = monitor::BreakerCompare::ge,
                                        .open = 10s,
                                        .half_open_max_calls = 2,
                                        .half_open_failure_rate = Millionths{500'000}};
    WorkloadSpec& load = scenario.workloads.front();
    load.executor = Script{};
    for (const Duration at : {Duration{1s}, Duration{29s}, second, second + 11s, second + 12s, Duration{90s}}) {
      ListedRequest& listed = load.requests.emplace_back();
      listed.at = at;
      listed.input = listed.output = Tokens{10};
    }
    Judge judge{scenario, {.checks = {"V1"}}};
    return judge.judge(run(scenario, {.observers = {&judge}})).verdict;
  };
  EXPECT_EQ(verdict(45s, 0), Verdict::pass);
  EXPECT_EQ(verdict(55s, 0), Verdict::inconclusive);
  EXPECT_EQ(verdict(55s, 1), Verdict::fail);
}

TEST(Liveness, counts_what_arrives_after_the_instant_but_no_refusals_of_our_own_and_no_errors_of_the_client) {
  Scenario scenario = healing_at(50s, 10s);
  scenario.liveness->success_rate = 0.5;
  Liveness liveness{scenario};
  liveness.on(answered(60s, monitor::Outcome::failed));  // at the instant: too early
  for (const monitor::Outcome refused : {monitor::Outcome::refused_budget, monitor::Outcome::refused_rate,
                                         monitor::Outcome::refused_tokens, monitor::Outcome::client_error}) {
    liveness.on(answered(70s, refused));
  }
  EXPECT_EQ(liveness.judge(Instant{} + 100s)[1].verdict, Verdict::inconclusive);
  liveness.on(answered(60s + 1ns));
  liveness.on(answered(61s, monitor::Outcome::failed));
  EXPECT_EQ(liveness.judge(Instant{} + 100s)[1].verdict, Verdict::pass);  // 1 of 2
  liveness.on(answered(61s, monitor::Outcome::deadline_exceeded));
  EXPECT_EQ(liveness.judge(Instant{} + 100s)[1].verdict, Verdict::fail);  // 1 of 3
  liveness.on(answered(62s, monitor::Outcome::cache_hit));
  EXPECT_EQ(liveness.judge(Instant{} + 100s)[1].verdict, Verdict::pass);
}

TEST(Liveness, of_a_run_that_ended_before_is_unknown) {
  const Scenario scenario = healing_at(50s, 10s);
  const Liveness liveness{scenario};
  EXPECT_EQ(liveness.judge(Instant{} + 60s - 1ns)[0].verdict, Verdict::inconclusive);
  EXPECT_EQ(liveness.judge(Instant{} + 60s)[0].verdict, Verdict::pass);
}

// An outage to the end of the run, but healed before: with 5 s of open it is over in time, with 60 s it is not.
TEST(Liveness, finds_a_breaker_that_stays_open_in_a_run) {
  for (const Duration open : {5s, 60s}) {
    Scenario scenario = healing_at(50s, 20s);
    scenario.faults = {fault("down", Outage{}, 10s)};
    scenario.monitor.circuit_breaker.consecutive_threshold = 5;
    scenario.monitor.circuit_breaker.open = open;
    Judge judge{scenario};
    const Judgement judgement = judge.judge(run(scenario, {.observers = {&judge}}));
    EXPECT_EQ(judgement.verdict, open == 5s ? Verdict::pass : Verdict::fail);
    EXPECT_EQ(judgement.checks.back(), "V2");
    EXPECT_EQ(std::ranges::count(judgement.checks, "V1"), 1);
  }
}

TEST(Liveness, is_switched_like_the_other_checks_and_absent_without_its_block) {
  Scenario scenario = healing_at(50s, 20s);
  scenario.faults = {fault("down", Outage{}, 10s)};
  scenario.monitor.circuit_breaker.consecutive_threshold = 5;
  scenario.monitor.circuit_breaker.open = 60s;
  for (const std::string word : {"none", "V2", "V1"}) {
    Judge judge{scenario, {.checks = {word}}};
    const Judgement judgement = judge.judge(run(scenario, {.observers = {&judge}}));
    EXPECT_EQ(judgement.verdict, word == "V1" ? Verdict::fail : Verdict::nothing_claimed) << word;
  }
  scenario.liveness.reset();
  Judge judge{scenario, {.checks = {"V1"}}};
  EXPECT_TRUE(judge.judge(run(scenario, {.observers = {&judge}})).checks.empty());
}

}  // namespace
}  // namespace windtunnel::sim::check_liveness_test
