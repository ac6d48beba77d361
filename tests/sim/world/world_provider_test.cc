#include <gtest/gtest.h>

#include <cmath>

#include "sim/world/provider.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::world_provider_test {
namespace {

using namespace std::chrono_literals;
using monitor::Reply;
using monitor::ReplyKind;
using Kind = FaultEffect::Kind;

// A provider alone, with time to first token 1 s and 10 ms a token, asked for 30 tokens in and 100 out: 2 s.
class Alone {
 public:
  explicit Alone(ProviderSpec spec) : spec_(std::move(spec)), provider_(spec_, workloads_, Chance{1}, WallTime{}) {}
  CallResult serve(Call call, const FaultEffect& effect = {}) {
    CallResult result;
    provider_.serve(call, effect, result);
    return result;
  }
  [[nodiscard]] const Provider& inside() const { return provider_; }
  CallResult leave_waiting(Call call) {
    CallResult result;
    EXPECT_EQ(provider_.leave_waiting(call, call.deadline, {}, result), Duration{0});
    return result;
  }

 private:
  ProviderSpec spec_;
  std::vector<WorkloadSpec> workloads_ = {workload("chat", per_second(1))};
  Provider provider_;
};

ProviderSpec two_seconds() {
  ProviderSpec spec = provider("alpha", Law::fixed(1e9));
  spec.time_per_output_token = Law::fixed(10e6);
  return spec;
}

Call call_at(Instant at, Duration timeout = 30s) {
  return {.name = {},
          .at = at,
          .deadline = at + timeout,
          .wall = WallTime{} + at.time_since_epoch(),
          .input = Tokens{30},
          .output = Tokens{100},
          .output_max = Tokens{500}};
}

Call call_within(Duration timeout) { return call_at(Instant{} + 5s, timeout); }

FaultEffect effect(Kind kind, ReplyKind error = ReplyKind::server_error) {
  FaultEffect made;
  made.kind = kind;
  made.error = error;
  return made;
}

Usd bill(std::int64_t input, std::int64_t output) { return Usd::from_picos(30'000'000 * input + 60'000'000 * output); }

// --- Latency ---------------------------------------------------------------------------------------------------------

TEST(Latency, is_first_token_plus_a_time_for_each_output_token) {
  const CallResult result = Alone{two_seconds()}.serve(call_within(30s));
  EXPECT_EQ(result.reply.kind, ReplyKind::ok);
  EXPECT_EQ(result.at, Instant{} + 5s + 2s);
  EXPECT_EQ(result.reply.time_to_first_token, 1s);
  EXPECT_EQ(result.reply.usage->input, Tokens{30});
  EXPECT_EQ(result.reply.usage->output, Tokens{100});
  EXPECT_EQ(result.reply.response_length, 400U);
  EXPECT_EQ(result.cost, bill(30, 100));
}

TEST(Latency, counts_only_tokens_within_the_callers_cap) {
  Call call = call_within(30s);
  call.output_max = Tokens{40};
  const CallResult result = Alone{two_seconds()}.serve(call);
  EXPECT_EQ(result.at, Instant{} + 5s + 1400ms);
  EXPECT_EQ(result.reply.usage->output, Tokens{40});
  EXPECT_EQ(result.cost, bill(30, 40));
}

TEST(Latency, is_multiplied_by_the_factor_and_the_addition_comes_once) {
  FaultEffect slow;
  slow.factor = 3;
  slow.add = 500ms;
  const CallResult result = Alone{two_seconds()}.serve(call_within(30s), slow);
  EXPECT_EQ(result.at, Instant{} + 5s + 3s + 500ms + 3s);
  EXPECT_EQ(result.reply.time_to_first_token, 3500ms);
}

TEST(Latency, of_a_run_has_the_mean_of_its_laws) {
  ProviderSpec spec = provider("alpha", Law::exponential(800e6));
  spec.time_per_output_token = Law::uniform(5e6, 15e6);
  WorkloadSpec load = workload("chat", per_second(10));
  load.output.law = Law::uniform(50, 150);
  const KeptRun kept{world(2000s, load, spec)};
  Sample latency;
  Sample first;
  Sample product;
  for (const monitor::Record& record : kept.records) {
    latency.add(seconds_of(record.latency()));
    first.add(seconds_of(record.time_to_first_token));
    product.add((seconds_of(record.time_to_first_token) - 0.8) *
                (seconds_of(record.latency() - record.time_to_first_token) - 1));
  }
  expect_mean("latency", latency, 0.8 + 100 * 0.010, {0.8, 1.0});
  expect_mean("time to first token", first, 0.8, {1.8});
  // Independent of the rest; drawn by the same number they would have a covariance of about 0.2 s^2.
  expect_mean("covariance", product, 0, {0.15});
}

TEST(Latency, is_never_negative_and_never_overflows) {
  ProviderSpec spec = provider("alpha", Law::fixed(-5e9));
  EXPECT_EQ(Alone{spec}.serve(call_within(30s)).at, Instant{} + 5s);
  spec.time_to_first_token = Law::fixed(1e300);
  const CallResult result = Alone{spec}.serve(call_within(30s));
  EXPECT_EQ(result.reply.kind, ReplyKind::timeout);
  EXPECT_EQ(result.at, Instant{} + 35s);
}

// --- Deadline --------------------------------------------------------------------------------------------------------

TEST(Deadline, exactly_reached_is_a_reply_and_a_nanosecond_less_a_timeout) {
  const CallResult reached = Alone{two_seconds()}.serve(call_within(2s));
  EXPECT_EQ(reached.reply.kind, ReplyKind::ok);
  EXPECT_EQ(reached.at, Instant{} + 7s);
  const CallResult missed = Alone{two_seconds()}.serve(call_within(2s - 1ns));
  EXPECT_EQ(missed.reply.kind, ReplyKind::timeout);
  EXPECT_EQ(missed.at, Instant{} + 7s - 1ns);
  EXPECT_FALSE(missed.reply.usage.has_value());
}

TEST(Deadline, binds_a_failure_too) {
  const FaultEffect failing = effect(Kind::error, ReplyKind::overloaded);
  EXPECT_EQ(Alone{two_seconds()}.serve(call_within(1s), failing).reply.kind, ReplyKind::overloaded);
  EXPECT_EQ(Alone{two_seconds()}.serve(call_within(1s - 1ns), failing).reply.kind, ReplyKind::timeout);
}

// --- Bills -----------------------------------------------------------------------------------------------------------

TEST(BillOnTimeout, is_full_or_input_or_none_and_within_the_cap) {
  const auto billed = [](TimeoutBill law, std::int64_t output_max) {
    ProviderSpec spec = two_seconds();
    spec.bill_on_timeout = law;
    Call call = call_within(1s);
    call.output_max = Tokens{output_max};
    const CallResult result = Alone{spec}.serve(call);
    EXPECT_EQ(result.reply.kind, ReplyKind::timeout);
    EXPECT_FALSE(result.reply.usage.has_value());
    return result.cost;
  };
  EXPECT_EQ(billed(TimeoutBill::full, 500), bill(30, 100));
  EXPECT_EQ(billed(TimeoutBill::full, 70), bill(30, 70));
  EXPECT_EQ(billed(TimeoutBill::input, 500), bill(30, 0));
  EXPECT_EQ(billed(TimeoutBill::none, 500), Usd{});
}

TEST(BillOnTimeout, of_a_call_that_was_never_worked_on_is_nothing) {
  ProviderSpec spec = two_seconds();
  spec.bill_on_timeout = TimeoutBill::full;
  Alone alone{spec};
  EXPECT_EQ(alone.serve(call_within(30s), effect(Kind::hang)).cost, Usd{});
  EXPECT_EQ(alone.serve(call_within(30s), effect(Kind::hang)).at, Instant{} + 35s);
  spec.on_disconnect = Disconnect::stop;
  EXPECT_EQ(Alone{spec}.leave_waiting(call_within(30s)).cost, Usd{});
}

TEST(BillOnFailure, is_none_or_input_for_every_failure_of_known_usage) {
  for (const FailureBill law : {FailureBill::none, FailureBill::input}) {
    ProviderSpec spec = two_seconds();
    spec.bill_on_failure = law;
    const Usd expected = law == FailureBill::input ? bill(30, 0) : Usd{};
    Alone alone{spec};
    const auto expect_billed = [&](const CallResult& result, ReplyKind kind, Duration after) {
      EXPECT_EQ(result.reply.kind, kind);
      EXPECT_EQ(result.cost, expected);
      ASSERT_TRUE(result.reply.usage.has_value());
      EXPECT_EQ(result.reply.usage->input, law == FailureBill::input ? Tokens{30} : Tokens{0});
      EXPECT_EQ(result.reply.usage->output, Tokens{0});
      EXPECT_EQ(result.at, Instant{} + 5s + after);
    };
    for (const ReplyKind kind : {ReplyKind::connection_error, ReplyKind::server_error, ReplyKind::overloaded,
                                 ReplyKind::rate_limited, ReplyKind::auth_or_quota, ReplyKind::client_error}) {
      expect_billed(alone.serve(call_within(30s), effect(Kind::error, kind)), kind, 1s);
    }
    expect_billed(alone.serve(call_within(30s), effect(Kind::refuse, ReplyKind::connection_error)),
                  ReplyKind::connection_error, 0s);
    expect_billed(alone.serve(call_within(30s), effect(Kind::throttle)), ReplyKind::rate_limited, 0s);
    expect_billed(alone.inside().overflow(call_within(30s)), ReplyKind::overloaded, 0s);
  }
}

TEST(SpoiltAnswers, malformed_is_billed_in_full_and_truncated_in_part_without_a_report) {
  const CallResult malformed = Alone{two_seconds()}.serve(call_within(30s), effect(Kind::malformed));
  EXPECT_EQ(malformed.reply.kind, ReplyKind::malformed);
  EXPECT_EQ(malformed.at, Instant{} + 7s);
  EXPECT_EQ(malformed.cost, bill(30, 100));
  EXPECT_TRUE(malformed.reply.usage.has_value());

  FaultEffect cut = effect(Kind::truncated);
  cut.bill_fraction = 0.25;
  const CallResult truncated = Alone{two_seconds()}.serve(call_within(30s), cut);
  EXPECT_EQ(truncated.reply.kind, ReplyKind::truncated);
  EXPECT_EQ(truncated.at, Instant{} + 5s + 1250ms);
  EXPECT_EQ(truncated.cost, bill(30, 25));
  EXPECT_FALSE(truncated.reply.usage.has_value());
}

// --- Prices ----------------------------------------------------------------------------------------------------------

TEST(DatedTariffs, change_at_their_instant) {
  const std::vector<monitor::DatedTariff> tariffs = {
      {WallTime::min(), tariff(1, 10)}, {WallTime{} + 10s, tariff(2, 20)}, {WallTime{} + 20s, tariff(3, 30)}};
  const auto input = [&](WallTime wall) { return tariff_at(tariffs, wall).input.per_token.picos(); };
  EXPECT_EQ(input(WallTime::min()), 1);
  EXPECT_EQ(input(WallTime{} + 10s - 1ns), 1);
  EXPECT_EQ(input(WallTime{} + 10s), 2);
  EXPECT_EQ(input(WallTime{} + 20s - 1ns), 2);
  EXPECT_EQ(input(WallTime{} + 20s), 3);
  EXPECT_EQ(input(WallTime::max()), 3);
}

TEST(DatedTariffs, bill_a_call_at_the_price_of_its_start_in_ledger_and_pipeline_alike) {
  ProviderSpec spec = provider("alpha", Law::fixed(500e6));
  const WallTime start = WallTime{} + 20'000 * 24h;
  spec.tariffs = {{WallTime::min(), tariff(1, 10)}, {start + 3s, tariff(5, 50)}};
  Scenario scenario = world(6s, workload("chat", per_second(1)), spec);
  scenario.workloads[0].start = 600ms;
  scenario.start = start;
  const KeptRun kept{scenario};
  ASSERT_EQ(kept.records.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    // The third call starts at 2.6 s and ends after the change.
    const Usd expected = Usd::from_picos(i <= 2 ? 1100 : 5500);
    EXPECT_EQ(kept.records[i].confirmed_cost(), expected) << i;
    EXPECT_EQ(kept.ledger[i].billed, expected) << i;
  }
}

// --- Base errors -----------------------------------------------------------------------------------------------------

TEST(BaseErrors, come_with_their_rates) {
  ProviderSpec spec = provider("alpha");
  spec.errors.rates = {{ReplyKind::server_error, 0.1}, {ReplyKind::overloaded, 0.03}, {ReplyKind::timeout, 0.02}};
  const KeptRun kept{world(20'000s, workload("chat", per_second(1)), spec)};
  const auto share = [&](ReplyKind kind) { return static_cast<double>(kept.count(kind)) / 20'000; };
  expect_value("server_error", share(ReplyKind::server_error), 0.1, binomial_se(0.1, 20'000), {0.03});
  expect_value("overloaded", share(ReplyKind::overloaded), 0.03, binomial_se(0.03, 20'000), {0.1, 0.02});
  expect_value("timeout", share(ReplyKind::timeout), 0.02, binomial_se(0.02, 20'000), {0.1});
  expect_value("ok", share(ReplyKind::ok), 0.85, binomial_se(0.85, 20'000), {0.9});
  for (const monitor::AttemptEnded& end : kept.ends)
    EXPECT_EQ(end.reply.usage.has_value(), end.reply.kind != ReplyKind::timeout);
}

// --- Rate limit ------------------------------------------------------------------------------------------------------

TEST(ProvidersRateLimit, admits_its_number_in_each_utc_minute_and_reports_when_the_next_begins) {
  ProviderSpec spec = two_seconds();
  spec.rate_limit.requests_per_minute = 2;
  Alone alone{spec};
  const auto ask = [&](Duration at) { return alone.serve(call_at(Instant{} + at)).reply; };
  EXPECT_EQ(ask(50s).kind, ReplyKind::ok);
  EXPECT_EQ(ask(51s).kind, ReplyKind::ok);
  const Reply refused = ask(52s);
  EXPECT_EQ(refused.kind, ReplyKind::rate_limited);
  EXPECT_EQ(refused.retry_after.form, monitor::RetryAfter::Form::seconds);
  EXPECT_EQ(refused.retry_after.seconds, 8);
  EXPECT_EQ(ask(60s - 1ns).kind, ReplyKind::rate_limited);
  EXPECT_EQ(ask(60s).kind, ReplyKind::ok);
  EXPECT_EQ(ask(61s).kind, ReplyKind::ok);
  EXPECT_EQ(ask(61s).retry_after.seconds, 59);
}

TEST(ProvidersRateLimit, counts_the_tokens_requested_and_nothing_that_it_refused) {
  ProviderSpec spec = two_seconds();
  spec.rate_limit.tokens_per_minute = Tokens{600};
  spec.rate_limit.retry_after = 7s;
  Alone alone{spec};
  const auto ask = [&](std::int64_t output_max) {
    Call call = call_within(30s);
    call.output_max = Tokens{output_max};
    return alone.serve(call).reply;
  };
  EXPECT_EQ(ask(470).kind, ReplyKind::ok);           // 500 with the input
  EXPECT_EQ(ask(71).kind, ReplyKind::rate_limited);  // 601
  EXPECT_EQ(ask(71).retry_after.seconds, 7);
  EXPECT_EQ(ask(70).kind, ReplyKind::ok);  // 600
  EXPECT_EQ(ask(0).kind, ReplyKind::rate_limited);
}

// Also a 429 that no limit of its own is the cause of, and that takes its time.
TEST(ProvidersRateLimit, sends_its_retry_after_with_every_429_and_with_nothing_else) {
  ProviderSpec spec = two_seconds();
  const auto error_of = [&](ReplyKind kind) {
    return Alone{spec}.serve(call_within(30s), effect(Kind::error, kind)).reply;
  };
  EXPECT_EQ(error_of(ReplyKind::rate_limited).retry_after.form, monitor::RetryAfter::Form::absent);
  spec.rate_limit.retry_after = 7s;
  EXPECT_EQ(error_of(ReplyKind::rate_limited).retry_after.seconds, 7);
  EXPECT_EQ(error_of(ReplyKind::overloaded).retry_after.form, monitor::RetryAfter::Form::absent);
}

TEST(ProvidersRateLimit, sends_its_retry_after_with_529_and_5xx_where_it_is_asked_to) {
  ProviderSpec spec = two_seconds();
  spec.rate_limit.retry_after = 7s;
  spec.rate_limit.retry_after_on = RetryAfterOn::every_refusal;
  for (std::size_t i = 1; i < monitor::kReplyKinds; ++i) {
    const auto kind = static_cast<ReplyKind>(i);
    const bool is_refusal =
        kind == ReplyKind::rate_limited || kind == ReplyKind::overloaded || kind == ReplyKind::server_error;
    const Reply reply = Alone{spec}.serve(call_within(30s), effect(Kind::error, kind)).reply;
    EXPECT_EQ(reply.retry_after.form == monitor::RetryAfter::Form::seconds, is_refusal) << name_of(kind);
  }
}

// A date counts from the instant at which the caller gets it, on the caller's calendar, rounded up to a second.
TEST(ProvidersRateLimit, writes_its_retry_after_as_a_date_where_it_is_asked_to) {
  ProviderSpec spec = two_seconds();
  spec.rate_limit.retry_after = 7s;
  spec.rate_limit.retry_after_form = RetryAfterForm::date;
  Call call = call_at(Instant{} + 100s);
  call.wall = WallTime{} + 1'000s;
  call.waited = 1s;  // for its place
  const CallResult result = Alone{spec}.serve(call, effect(Kind::error, ReplyKind::rate_limited));
  ASSERT_EQ(result.reply.retry_after.form, monitor::RetryAfter::Form::date);
  const Duration wait = result.at - call.at + call.waited + 7s;
  EXPECT_EQ(result.reply.retry_after.date, std::chrono::ceil<std::chrono::seconds>(call.wall + wait));
}

TEST(ProvidersRateLimit, writes_its_retry_after_in_the_odd_ways_of_providers) {
  using Form = monitor::RetryAfter::Form;
  ProviderSpec spec = two_seconds();
  spec.rate_limit.retry_after = 7s;
  const auto sent = [&](RetryAfterForm form) {
    spec.rate_limit.retry_after_form = form;
    return Alone{spec}.serve(call_within(30s), effect(Kind::error, ReplyKind::rate_limited)).reply.retry_after;
  };
  EXPECT_EQ(sent(RetryAfterForm::absent).form, Form::absent);
  EXPECT_EQ(sent(RetryAfterForm::unreadable).form, Form::unreadable);
  EXPECT_TRUE(std::isnan(sent(RetryAfterForm::nan).seconds));
  EXPECT_EQ(sent(RetryAfterForm::negative).seconds, -7);
  EXPECT_EQ(sent(RetryAfterForm::days).seconds, 7 * 86'400);
}

TEST(ProvidersRateLimit, handles_minutes_before_1970) {
  RateWindow window;
  RateLimit limit;
  limit.requests_per_minute = 1;
  EXPECT_FALSE(window.admit(limit, {Tokens{1}, Tokens{}}, WallTime{} - 61s).has_value());
  EXPECT_EQ(window.admit(limit, {Tokens{1}, Tokens{}}, WallTime{} - 61s), 1s);
  EXPECT_FALSE(window.admit(limit, {Tokens{1}, Tokens{}}, WallTime{} - 60s).has_value());
  EXPECT_EQ(window.admit(limit, {Tokens{1}, Tokens{}}, WallTime{} - 1ns), 1ns);
  EXPECT_FALSE(window.admit(limit, {Tokens{1}, Tokens{}}, WallTime{}).has_value());
}

// --- A caller that goes at a time that it did not know before
// ---------------------------------------------------------

// How long it stays, and the deadline that it had in mind: also one at which its call would have timed out.
constexpr std::pair<Duration, Instant> kLeftAt[] = {
    {500ms, Instant::max()}, {1500ms, Instant::max()},     {2500ms, Instant::max()},    {500ms, Instant{} + 6200ms},
    {500ms, Instant{} + 9s}, {1500ms, Instant{} + 6900ms}, {2500ms, Instant{} + 7500ms}};

TEST(Abandon, is_what_the_deadline_would_have_made_and_counts_in_no_limit_again) {
  for (const Disconnect on_disconnect : {Disconnect::stop, Disconnect::go_on}) {
    for (const auto kind : {Kind::none, Kind::hang, Kind::malformed, Kind::truncated, Kind::error}) {
      for (const auto& [patience, until] : kLeftAt) {
        ProviderSpec spec = two_seconds();
        spec.on_disconnect = on_disconnect;
        spec.bill_on_failure = FailureBill::input;
        spec.rate_limit.requests_per_minute = 2;
        const std::vector<WorkloadSpec> workloads = {workload("chat", per_second(1))};
        Provider known{spec, workloads, Chance{1}, WallTime{}};
        Provider unknown{spec, workloads, Chance{1}, WallTime{}};
        CallResult expected;
        known.serve(call_within(patience), effect(kind), expected);
        Call call = call_within(patience);
        call.deadline = until;
        CallResult result;
        unknown.serve(call, effect(kind), result);
        call.deadline = call_within(patience).deadline;
        unknown.abandon(call, effect(kind), result);
        EXPECT_EQ(result.reply.kind, expected.reply.kind);
        EXPECT_EQ(result.at, expected.at);
        EXPECT_EQ(result.work_until, expected.work_until);
        EXPECT_EQ(result.cost, expected.cost);
        EXPECT_EQ(unknown.rate_left(call.at).of(QuotaKind::requests)->left,
                  known.rate_left(call.at).of(QuotaKind::requests)->left);
      }
    }
  }
}

}  // namespace
}  // namespace windtunnel::sim::world_provider_test
