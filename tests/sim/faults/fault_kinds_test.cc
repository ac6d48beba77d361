// What each kind of fault does to the calls that it touches.

#include <gtest/gtest.h>

#include <map>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::fault_kinds_test {
namespace {

using namespace std::chrono_literals;
using monitor::Record;
using monitor::ReplyKind;

// Ten calls a second for 100 s at one provider that takes 1 s; the fault acts from 20 s to 50 s: 300 calls.
constexpr Duration kFrom = 20s;
constexpr Duration kTo = 50s;

Scenario healthy() { return world(100s, workload("chat", per_second(10)), provider("alpha", Law::fixed(1e9))); }
FaultSpec acting(Fault settings) { return fault("f", std::move(settings), kFrom, kTo - kFrom); }
Scenario with(const FaultSpec& fault_spec) {
  Scenario scenario = healthy();
  scenario.faults = {fault_spec};
  return scenario;
}

Duration first_latency(const Record& record) { return record.attempts()[0].latency; }

// Calls outside the window are untouched, and all those inside end so.
void expect_all_inside(const KeptRun& kept, ReplyKind kind) {
  EXPECT_EQ(kept.count(kind), 300);
  EXPECT_EQ(kept.count(kind, kFrom, kTo), 300);
  EXPECT_EQ(kept.count(ReplyKind::ok), 700);
  EXPECT_EQ(kept.result.faults[0].touched, 300);
  EXPECT_EQ(kept.result.faults[0].affected, 300);
  EXPECT_EQ(kept.result.faults[0].phases, 1);
  EXPECT_EQ(kept.hits.size(), 300U);
  ASSERT_EQ(kept.changes.size(), 2U);
  EXPECT_EQ(kept.changes[0].at, Instant{} + kFrom);
  EXPECT_TRUE(kept.changes[0].active);
  EXPECT_EQ(kept.changes[1].at, Instant{} + kTo);
  EXPECT_FALSE(kept.changes[1].active);
}

// --- Outage ----------------------------------------------------------------------------------------------------------

TEST(Outage, refuses_at_once_from_its_first_instant_to_before_its_last) {
  const KeptRun kept{with(acting(Outage{}))};
  expect_all_inside(kept, ReplyKind::connection_error);
  for (const Record& record : kept.records) {
    const Duration at = record.arrived.time_since_epoch();
    const bool refused = at >= kFrom && at < kTo;
    EXPECT_EQ(first_latency(record), refused ? 0s : 1s);
    EXPECT_EQ(record.confirmed_cost(), refused ? Usd{} : Usd::from_picos(9'000'000'000));
  }
}

TEST(Outage, refuses_with_its_own_error) {
  FaultSpec outage = acting(Outage{.error = ReplyKind::auth_or_quota});
  expect_all_inside(KeptRun{with(outage)}, ReplyKind::auth_or_quota);
}

TEST(Outage, that_hangs_keeps_its_calls_to_their_deadline) {
  FaultSpec outage = acting(Outage{.mode = OutageMode::hang});
  Scenario scenario = with(outage);
  scenario.monitor.provider_call.timeout = 7s;
  const KeptRun kept{scenario};
  expect_all_inside(kept, ReplyKind::timeout);
  for (const Record& record : kept.records) {
    if (record.attempts()[0].kind == ReplyKind::timeout) {
      EXPECT_EQ(first_latency(record), 7s);
    }
  }
  EXPECT_EQ(kept.result.ledger[0].billed, Usd::from_picos(9'000'000'000) * 700) << "no provider worked on those calls";
}

TEST(Outage, leaves_calls_alone_that_started_before_it) {
  Scenario scenario = with(acting(Outage{}));
  scenario.providers[0].time_to_first_token = Law::fixed(15e9);
  EXPECT_EQ(KeptRun{scenario}.count(ReplyKind::ok, 0s, kFrom), 200);
}

TEST(Outage, strikes_only_the_providers_it_names) {
  Scenario scenario = with(acting(Outage{}));
  scenario.providers.push_back(provider("beta"));
  scenario.faults[0].providers = {"beta"};
  EXPECT_EQ(KeptRun{scenario}.count(ReplyKind::ok), 1000);
  scenario.faults[0].providers = {"alpha"};
  const KeptRun failed_over{scenario};
  EXPECT_EQ(failed_over.count(ReplyKind::connection_error), 300);
  EXPECT_EQ(failed_over.result.ledger[1].calls, 300);
  scenario.faults[0].providers = {};
  EXPECT_EQ(KeptRun{scenario}.result.pipeline.metrics().all().count(monitor::Outcome::failed), 300);
}

// --- Which calls -----------------------------------------------------------------------------------------------------

TEST(Fraction, of_the_calls_is_touched) {
  Scenario scenario = world(10'000s, workload("chat", per_second(2)));
  FaultSpec outage = fault("f", Outage{});
  outage.fraction = 0.3;
  scenario.faults = {outage};
  const KeptRun kept{scenario};
  const auto refused = static_cast<double>(kept.count(ReplyKind::connection_error));
  expect_value("share", refused / 20'000, 0.3, binomial_se(0.3, 20'000), {0.0, 0.7, 1.0});
  EXPECT_EQ(kept.result.faults[0].touched, static_cast<std::int64_t>(refused));
  EXPECT_EQ(kept.result.faults[0].affected, static_cast<std::int64_t>(refused));
}

TEST(Fraction, is_drawn_again_for_each_attempt) {
  Scenario scenario = world(2000s, workload("chat", per_second(10)));
  FaultSpec outage = fault("f", Outage{});
  outage.fraction = 0.5;
  scenario.faults = {outage};
  scenario.monitor.provider_call.retry = {
      .max_attempts = 2, .base = 1ms, .multiplier = {1'000'000}, .cap = 1ms, .jitter = monitor::Jitter::none};
  const double failed = static_cast<double>(run(scenario).pipeline.metrics().all().count(monitor::Outcome::failed));
  expect_value("both attempts", failed / 20'000, 0.25, binomial_se(0.25, 20'000), {0.5});
}

TEST(Ramp, lets_the_fraction_grow_in_a_straight_line) {
  Scenario scenario = world(2000s, workload("chat", per_second(50)));
  FaultSpec outage = fault("f", Outage{}, 500s, 1000s);
  outage.fraction = 0.8;
  outage.ramp = 500s;
  scenario.faults = {outage};
  const KeptRun kept{scenario};
  for (int tenth = 0; tenth < 10; ++tenth) {
    const auto hit =
        static_cast<double>(kept.count(ReplyKind::connection_error, 500s + tenth * 50s, 550s + tenth * 50s));
    const double share = 0.8 * (tenth + 0.5) / 10;
    expect_value("share", hit / 2500, share, binomial_se(share, 2500));
  }
  const auto full = static_cast<double>(kept.count(ReplyKind::connection_error, 1000s, 1500s));
  expect_value("after the ramp", full / 25'000, 0.8, binomial_se(0.8, 25'000), {0.4, 1.0});
  EXPECT_EQ(kept.count(ReplyKind::connection_error, 1500s), 0);
}

// --- Errors and slowness ---------------------------------------------------------------------------------------------

TEST(ErrorBurst, fails_at_its_rate_with_its_mix_of_errors) {
  Scenario scenario = world(5000s, workload("chat", per_second(4)), provider("alpha", Law::fixed(1e9)));
  FaultSpec burst =
      fault("f", ErrorBurst{.rate = 0.4, .errors = {{ReplyKind::server_error, 3}, {ReplyKind::overloaded, 1}}});
  scenario.faults = {burst};
  const KeptRun kept{scenario};
  const auto share = [&](ReplyKind kind) { return static_cast<double>(kept.count(kind)) / 20'000; };
  expect_value("server_error", share(ReplyKind::server_error), 0.3, binomial_se(0.3, 20'000), {0.2, 0.1, 0.4});
  expect_value("overloaded", share(ReplyKind::overloaded), 0.1, binomial_se(0.1, 20'000), {0.2, 0.3});
  EXPECT_EQ(kept.result.faults[0].touched, 20'000);
  EXPECT_EQ(kept.result.faults[0].affected, 20'000 - kept.count(ReplyKind::ok));
  for (const Record& record : kept.records)
    EXPECT_EQ(first_latency(record), 1s) << "an error takes a first token's time";
}

TEST(ErrorBurst, of_a_fraction_of_the_calls_fails_fraction_times_rate) {
  Scenario scenario = world(5000s, workload("chat", per_second(4)));
  FaultSpec burst = fault("f", ErrorBurst{.rate = 0.5});
  burst.fraction = 0.5;
  scenario.faults = {burst};
  const auto failed = static_cast<double>(KeptRun{scenario}.count(ReplyKind::server_error));
  // Drawn by the same number the two would be one: all that are touched would fail.
  expect_value("share", failed / 20'000, 0.25, binomial_se(0.25, 20'000), {0.5, 0.0});
}

TEST(LatencySpike, multiplies_both_times_and_adds_to_the_first_token) {
  FaultSpec spike = acting(LatencySpike{.factor = 3, .add = 500ms});
  Scenario scenario = with(spike);
  scenario.providers[0].time_per_output_token = Law::fixed(10e6);  // x 100 tokens
  const KeptRun kept{scenario};
  for (const Record& record : kept.records) {
    const Duration at = record.arrived.time_since_epoch();
    const bool slow = at >= kFrom && at < kTo;
    EXPECT_EQ(record.latency(), slow ? 6500ms : 2s);
    EXPECT_EQ(record.time_to_first_token, slow ? 3500ms : 1s);
    EXPECT_EQ(record.outcome, monitor::Outcome::served);
  }
  EXPECT_EQ(kept.result.faults[0].affected, 300);
}

TEST(LatencySpike, to_just_the_timeout_is_a_reply_and_beyond_it_a_timeout) {
  FaultSpec spike = acting(LatencySpike{.factor = 30});
  EXPECT_EQ(KeptRun{with(spike)}.count(ReplyKind::ok), 1000);
  std::get<LatencySpike>(spike.settings).add = 1ns;
  const KeptRun kept{with(spike)};
  expect_all_inside(kept, ReplyKind::timeout);
  EXPECT_EQ(kept.result.ledger[0].billed, Usd::from_picos(9'000'000'000) * 1000) << "the provider did the work";
}

// --- Throttle --------------------------------------------------------------------------------------------------------

// Nothing is skipped under Retry-After here, so that every call reaches the provider.
Scenario unheeding(const FaultSpec& throttle, Duration start) {
  Scenario scenario = world(300s, workload("chat", per_second(1)));
  scenario.start = WallTime{} + 24h + start;
  scenario.faults = {throttle};
  scenario.monitor.provider_call.retry_after_cap = 0s;
  return scenario;
}

TEST(Throttle, admits_exactly_its_number_in_each_utc_minute) {
  FaultSpec throttle = fault("f", Throttle{.limit = {.requests_per_minute = 7}});
  const KeptRun kept{unheeding(throttle, 30s)};
  std::map<std::int64_t, int> admitted;
  for (const Record& record : kept.records) {
    const std::int64_t minute = (record.arrived.time_since_epoch() + 30s) / 1min;
    admitted[minute] += record.attempts()[0].kind == ReplyKind::ok ? 1 : 0;
  }
  ASSERT_EQ(admitted.size(), 6U);
  for (const auto& [minute, count] : admitted) EXPECT_EQ(count, 7) << minute;
  EXPECT_EQ(kept.result.faults[0].touched, 300);
  EXPECT_EQ(kept.result.faults[0].affected, 300 - 42);
  for (const monitor::AttemptEnded& end : kept.ends) {
    if (end.reply.kind == ReplyKind::ok) continue;
    EXPECT_EQ(end.reply.kind, ReplyKind::rate_limited);
    const Duration into = (end.at.time_since_epoch() + 30s) % 1min;
    EXPECT_EQ(end.reply.retry_after.form, monitor::RetryAfter::Form::seconds);
    EXPECT_EQ(end.reply.retry_after.seconds, seconds_of(60s - into)) << "to the end of the minute";
  }
}

TEST(Throttle, counts_tokens_and_reports_its_own_retry_after) {
  // each call asks for 100 + 500
  FaultSpec throttle = fault("f", Throttle{.limit = {.tokens_per_minute = Tokens{600 * 5 + 599}, .retry_after = 13s}});
  const KeptRun kept{unheeding(throttle, 0s)};
  EXPECT_EQ(kept.count(ReplyKind::ok), 5 * 5);
  for (const monitor::AttemptEnded& end : kept.ends) {
    if (end.reply.kind != ReplyKind::ok) {
      EXPECT_EQ(end.reply.retry_after.seconds, 13);
    }
  }
}

TEST(Throttle, has_a_window_for_each_provider) {
  FaultSpec throttle = fault("f", Throttle{.limit = {.requests_per_minute = 7}});
  Scenario scenario = unheeding(throttle, 0s);
  scenario.providers.push_back(provider("beta"));
  const KeptRun kept{scenario};
  EXPECT_EQ(kept.result.pipeline.metrics().all().count(monitor::Outcome::served), 2 * 7 * 5);
}

TEST(Throttle, is_obeyed_for_its_whole_length) {
  FaultSpec throttle = fault("f", Throttle{.limit = {.requests_per_minute = 7}});
  Scenario scenario = unheeding(throttle, 0s);
  scenario.monitor.provider_call.retry_after_cap = 60s;
  const KeptRun kept{scenario};
  // Seven served, one told to wait for the next minute, the rest not sent at all.
  EXPECT_EQ(kept.result.ledger[0].calls, 8 * 5);
  EXPECT_EQ(kept.result.pipeline.metrics().all().count(monitor::Outcome::served), 7 * 5);
}

// --- Spoilt answers --------------------------------------------------------------------------------------------------

TEST(Malformed, answers_are_billed_in_full_and_worth_nothing) {
  const KeptRun kept{with(acting(Malformed{}))};
  expect_all_inside(kept, ReplyKind::malformed);
  EXPECT_EQ(kept.result.ledger[0].billed, Usd::from_picos(9'000'000'000) * 1000);
  EXPECT_EQ(kept.result.ledger[0].billed_known, kept.result.ledger[0].billed);
  EXPECT_EQ(kept.result.pipeline.metrics().all().count(monitor::Outcome::failed), 300);
}

TEST(Truncated, answers_are_billed_in_part_and_the_bill_is_unknown) {
  FaultSpec cut = acting(Truncated{.bill_fraction = 0.25});
  Scenario scenario = with(cut);
  scenario.providers[0].time_per_output_token = Law::fixed(10e6);
  const KeptRun kept{scenario};
  expect_all_inside(kept, ReplyKind::truncated);
  for (const LedgerEntry& entry : kept.ledger) {
    EXPECT_EQ(entry.input, Tokens{100});
    EXPECT_EQ(entry.output, entry.usage_known ? Tokens{100} : Tokens{25});
  }
  EXPECT_EQ(kept.result.ledger[0].billed - kept.result.ledger[0].billed_known, Usd::from_picos(4'500'000'000) * 300);
  for (const Record& record : kept.records) {
    if (record.attempts()[0].kind == ReplyKind::truncated) {
      EXPECT_EQ(first_latency(record), 1250ms);
    }
  }
}

// --- Brownout --------------------------------------------------------------------------------------------------------

// Calls at 0, 1, 2, ... ms that take 1 s each, at a provider that serves two at once.
Scenario browned_out(std::int64_t calls, Duration timeout, Duration brownout = 100s) {
  Scenario scenario = world(calls * 1ms, workload("chat", per_second(1000)), provider("alpha", Law::fixed(1e9)));
  scenario.duration = 100s;
  scenario.workloads[0].duration = calls * 1ms;
  FaultSpec shrunk = fault("f", Brownout{.concurrency = 2}, 0s, brownout);
  scenario.faults = {shrunk};
  scenario.monitor.provider_call.timeout = timeout;
  return scenario;
}

TEST(Brownout, serves_two_at_once_and_the_others_in_order_of_arrival) {
  const KeptRun kept{browned_out(6, 30s)};
  const std::vector<Duration> finished = {1000ms, 1001ms, 2000ms, 2001ms, 3000ms, 3001ms};
  ASSERT_EQ(kept.records.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(kept.records[i].outcome, monitor::Outcome::served);
    EXPECT_EQ(kept.records[i].finished, Instant{} + finished[i]) << i;
  }
  EXPECT_EQ(kept.result.faults[0].touched, 4);
  EXPECT_EQ(kept.result.faults[0].affected, 4);
}

// The deadline is that of the call: waiting is part of it.
TEST(Brownout, lets_calls_time_out_that_waited_too_long) {
  const KeptRun kept{browned_out(6, 2s)};
  ASSERT_EQ(kept.records.size(), 6U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(kept.records[i].attempts()[0].kind, ReplyKind::ok) << i;
  for (std::size_t i = 4; i < 6; ++i) {
    EXPECT_EQ(kept.records[i].attempts()[0].kind, ReplyKind::timeout) << i;
    EXPECT_EQ(first_latency(kept.records[i]), 2s) << i;
    EXPECT_EQ(kept.ledger[i].billed, Usd::from_picos(9'000'000'000)) << "it was begun at 2 s";
  }
}

TEST(Brownout, that_ends_serves_every_waiting_call) {
  const KeptRun kept{browned_out(6, 30s, 500ms)};
  for (std::size_t i = 2; i < 6; ++i) EXPECT_EQ(kept.records[i].finished, Instant{} + 1500ms) << i;
}

TEST(Brownout, waits_for_the_calls_that_were_in_service_before_it) {
  Scenario scenario = browned_out(6, 30s);
  scenario.faults[0].at = 4ms;
  const KeptRun kept{scenario};
  // Calls 0 to 3 were begun before; the fifth may start when fewer than two are left, at 1.002 s.
  EXPECT_EQ(kept.records[3].finished, Instant{} + 1003ms);
  EXPECT_EQ(kept.records[4].finished, Instant{} + 2002ms);
  EXPECT_EQ(kept.records[5].finished, Instant{} + 2003ms);
}

TEST(Brownout, never_serves_more_than_its_concurrency_under_load) {
  Scenario scenario =
      world(2000s, workload("chat", per_second(5), Arrival::poisson), provider("alpha", Law::fixed(1e9)));
  FaultSpec shrunk = fault("f", Brownout{.concurrency = 3});
  scenario.faults = {shrunk};
  scenario.providers[0].on_disconnect = Disconnect::stop;  // else no call is served once the queue is 4 s long
  scenario.monitor.provider_call.timeout = 4s;
  const KeptRun kept{scenario};
  std::vector<Instant> served;
  for (const Record& record : kept.records) {
    EXPECT_LE(first_latency(record), 4s);
    // The brownout ends with the load, and then everybody who waits is served.
    const bool during = record.finished <= Instant{} + 2000s;
    if (during && record.outcome == monitor::Outcome::served) served.push_back(record.finished);
  }
  // Each was in service for the second before its end.
  EXPECT_TRUE(std::is_sorted(served.begin(), served.end()));
  EXPECT_GT(served.size(), 1000U);
  for (std::size_t i = 3; i < served.size(); ++i) EXPECT_GE(served[i] - served[i - 3], 1s);
  EXPECT_GT(kept.count(ReplyKind::timeout), 1000);
}

}  // namespace
}  // namespace windtunnel::sim::fault_kinds_test
