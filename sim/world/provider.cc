#include "sim/world/provider.h"

// `inline` marks what is short or has one caller: the compiler is to put it there.

// This file is long because every way that a call can end stands beside its bill.

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/rounding.h"
#include "sim/kernel/samplers.h"

namespace windtunnel::sim {
namespace {

using monitor::ReplyKind;
using monitor::RetryAfter;
using monitor::Usage;

// Makes a used result a new one of this kind, billed nothing. Field by field: a whole one made elsewhere and copied
// here would be read back before its parts are through the store buffer.
void write(CallResult& result, ReplyKind kind, Instant at) {
  result.reply.kind = kind;
  result.reply.usage.reset();
  result.reply.time_to_first_token = Duration{0};
  result.reply.response_length = 0;
  result.reply.retry_after.form = RetryAfter::Form::absent;
  result.reply.began = false;
  result.at = at;
  result.usage_after = Duration{0};
  result.work_until = at;
  result.billed = {};
  result.cost = {};
}

// The provider writes an answer, whatever it is worth.
bool generates(ReplyKind kind) {
  return kind == ReplyKind::ok || kind == ReplyKind::malformed || kind == ReplyKind::truncated;
}

// At most so much that some calls still succeed. Providers with the same cv have the same factor, because what draws it
// knows no names of providers.
double error_factor_of(const ProviderSpec& spec, const Chance& chance) {
  if (spec.errors_cv == 0) return 1;
  double sum = 0;
  for (const auto& [kind, rate] : spec.errors.rates) sum += rate;
  const StreamKey stream = chance.environment().stream("error rates");
  const double factor = factor_of_mean_one(spec.errors_cv, draw(stream, 0).a);
  return sum > 0 ? std::min(factor, std::max(1.0, 1 / sum)) : factor;
}

}  // namespace

const Tariff& tariff_at(const std::vector<monitor::DatedTariff>& tariffs, WallTime wall) {
  std::size_t place = 0;
  while (place + 1 < tariffs.size() && tariffs[place + 1].from <= wall) ++place;
  return tariffs[place].tariff;
}

Provider::Provider(const ProviderSpec& spec, const std::vector<WorkloadSpec>& workloads, const Chance& chance,
                   WallTime start)
    : spec_(spec),
      latencies_ahead_(workloads.size()),
      errors_ahead_(workloads.size()),
      start_(start),
      has_limit_(limits_anything(spec.rate_limit)),
      error_factor_(error_factor_of(spec, chance)) {
  for (const WorkloadSpec& workload : workloads) {
    latency_streams_.push_back(chance.stream("latency", workload.name));
    error_streams_.push_back(chance.stream("errors", workload.name));
    usage_streams_.push_back(chance.stream("usage", workload.name));
  }
}

void Provider::serve(const Call& call, const FaultEffect& effect, CallResult& result) {
  if (effect.kind == FaultEffect::Kind::none && refuses(call, result)) return;
  work_on(call, effect, result);
}

inline bool Provider::refuses(const Call& call, CallResult& result) {
  if (!fits_window(call)) {
    fail(call, ReplyKind::context_length, call.at, result);
    return true;
  }
  if (!has_limit_) return false;
  RateWindow& window = quota_ != nullptr ? *quota_ : window_;
  const WallTime true_time = start_ + call.at.time_since_epoch();
  const auto wait = window.admit(spec_.rate_limit, {call.input, call.output_max}, true_time);
  if (!wait) return false;
  fail(call, ReplyKind::rate_limited, call.at, result);
  result.reply.retry_after = header(call, call.at, *wait);
  return true;
}

inline void Provider::work_on(const Call& call, const FaultEffect& effect, CallResult& result) {
  switch (effect.kind) {
    case FaultEffect::Kind::refuse:
      return fail(call, effect.error, call.at, result);
    case FaultEffect::Kind::hang:
      return answer(call, effect, ReplyKind::timeout, result);
    case FaultEffect::Kind::throttle:
      fail(call, ReplyKind::rate_limited, call.at, result);
      result.reply.retry_after = header(call, call.at, effect.retry_after);
      return;
    case FaultEffect::Kind::malformed:
      return answer(call, effect, ReplyKind::malformed, result);
    case FaultEffect::Kind::truncated:
      return answer(call, effect, ReplyKind::truncated, result);
    case FaultEffect::Kind::stalled:
      return stall(call, effect, result);
    case FaultEffect::Kind::error:
      return answer(call, effect, effect.error, result);
    case FaultEffect::Kind::none:
      break;
  }
  answer(call, effect, spec_.errors.rates.empty() ? ReplyKind::ok : base_kind(call.name), result);
}

// First attempts come in the order of their requests, so that theirs are made in rows.
inline Provider::Latency Provider::latency_of(const CallName& name) {
  const StreamKey stream = latency_streams_[name.workload];
  if (name.attempt != 0) {
    const Draw chosen = draw(stream, name.ordinal, name.attempt);
    return {sample(spec_.time_to_first_token, chosen.a), sample(spec_.time_per_output_token, chosen.b)};
  }
  RowAhead<LatencyRow>& ahead = latencies_ahead_[name.workload];
  const LatencyRow& row = ahead.row_of(name.ordinal, [&](std::uint64_t first, LatencyRow& made) {
    DrawRow draws;
    draw_row(stream, first, draws);
    sample_row(spec_.time_to_first_token, draws.a, made.first);
    sample_row(spec_.time_per_output_token, draws.b, made.each);
  });
  const std::size_t place = RowAhead<LatencyRow>::place_of(name.ordinal);
  return {row.first[place], row.each[place]};
}

// A call that is worked on: a full answer, a spoilt one, or a failure after the time to first token.
void Provider::answer(const Call& call, const FaultEffect& effect, ReplyKind kind, CallResult& result) {
  if (kind == ReplyKind::timeout) {
    if (!call.is_timed()) return time_out(call, {}, result);
    Call cut = call;
    cut.deadline = call.waits_until();
    return time_out(cut, {}, result);
  }
  const Latency latency = latency_of(call.name);
  const double first = latency.first * effect.factor + static_cast<double>(effect.add.count());
  const Pace pace{whole_nanoseconds(first), latency.each * effect.factor * effect.token_factor};
  if (call.is_timed()) [[unlikely]]
    return deliver(timed(call, kind, pace), effect, kind, pace, result);
  deliver(call, effect, kind, pace, result);
}

Call Provider::timed(const Call& call, ReplyKind kind, Pace pace) {
  Call cut = call;
  cut.deadline = call.waits_until();
  if (call.at + pace.to_first > cut.deadline) return cut;
  cut.deadline = call.deadline;
  const bool pauses = pace.each > static_cast<double>(call.idle.count());
  if (!generates(kind) || !pauses) return cut;
  cut.deadline = std::min(call.deadline, call.at + pace.to_first + call.idle);
  return cut;
}

inline void Provider::deliver(const Call& call, const FaultEffect& effect, ReplyKind kind, Pace pace,
                              CallResult& result) const {
  const auto [to_first, each] = pace;
  if (!generates(kind)) {
    const Instant at = call.at + to_first;
    if (at <= call.deadline) return fail(call, kind, at, result);
    const bool goes_on = spec_.on_disconnect == Disconnect::go_on;
    time_out(call, goes_on ? usage_of_failure(call) : Usage{}, result);
    if (goes_on) result.work_until = at;
    return;
  }
  const Tokens output = std::min(call.output, call.output_max);
  Usage usage{call.input, output};
  if (kind == ReplyKind::truncated) {
    usage.output = Tokens{static_cast<std::int64_t>(static_cast<double>(output.count()) * effect.bill_fraction)};
  }
  if (call.kinds.any()) [[unlikely]]
    usage.kinds = kinds_of(call, usage.output);
  const Instant at = call.at + to_first + whole_nanoseconds(static_cast<double>(usage.output.count()) * each);
  if (at > call.deadline) return leave_behind(call, usage, at, {to_first, each}, result);
  write(result, kind, at);
  result.billed = usage;
  if (kind != ReplyKind::truncated && effect.has_usage && !lacks_usage(call.name)) result.reply.usage = usage;
  // Of whole answers alone, which end their request: a further call has another tariff.
  const bool may_be_late = spec_.usage_late > 0 || effect.usage_delay > Duration{0};
  if (may_be_late && kind == ReplyKind::ok && result.reply.usage) [[unlikely]] {
    const bool is_late = spec_.usage_late > 0 && delays_usage(call.name);
    result.usage_after = std::max(effect.usage_delay, is_late ? spec_.usage_delay : Duration{0});
    if (result.usage_after > Duration{0}) result.reply.usage.reset();
  }
  result.reply.time_to_first_token = call.waited + to_first;
  result.reply.response_length = static_cast<std::uint32_t>(usage.output.count() * kCharactersPerToken);
  result.cost = price_of(call, usage);
}

inline bool Provider::lacks_usage(const CallName& name) const {
  if (spec_.usage_missing == 0) [[likely]]
    return false;
  return unit(draw(usage_streams_[name.workload], name.ordinal, name.attempt).a) < spec_.usage_missing;
}

bool Provider::delays_usage(const CallName& name) const {
  return unit(draw(usage_streams_[name.workload], name.ordinal, name.attempt).b) < spec_.usage_late;
}

bool Provider::fits_window(const Call& call) const {
  return !spec_.context_window || call.input + call.output_max <= *spec_.context_window;
}

// An answer that stops in its middle. Its caller waits for the rest; what was written is done work.
void Provider::stall(const Call& call, const FaultEffect& effect, CallResult& result) {
  const Latency latency = latency_of(call.name);
  const auto whole = static_cast<double>(std::min(call.output, call.output_max).count());
  const Tokens output{static_cast<std::int64_t>(whole * effect.bill_fraction)};
  const double each = latency.each * effect.factor * effect.token_factor;
  const Duration to_first = whole_nanoseconds(latency.first * effect.factor + static_cast<double>(effect.add.count()));
  const Instant last = call.at + to_first + whole_nanoseconds(static_cast<double>(output.count()) * each);
  result.stalled = {to_first, output, last};
  const Usage done{call.input, output, kinds_of(call, output)};
  Call waited = call;
  if (call.is_timed()) {
    waited = timed(call, ReplyKind::ok, {to_first, each});
    if (last <= waited.deadline && call.idle != Duration::max())
      waited.deadline = std::min(waited.deadline, last + call.idle);
  }
  if (last > waited.deadline) return leave_behind(waited, done, last, {to_first, each}, result);
  time_out(waited, charged(done), result);
  result.reply.began = true;
}

bool Provider::names_wait(ReplyKind kind) const {
  if (!spec_.rate_limit.retry_after) return false;
  if (kind == ReplyKind::rate_limited) return true;
  const bool is_refusal = kind == ReplyKind::overloaded || kind == ReplyKind::server_error;
  return is_refusal && spec_.rate_limit.retry_after_on == RetryAfterOn::every_refusal;
}

// The Retry-After of a reply that the caller gets at this instant. A date has whole seconds, so that it is rounded up.
RetryAfter Provider::header(const Call& call, Instant at, Duration wait) const {
  const double seconds = static_cast<double>(wait.count()) / 1e9;
  switch (spec_.rate_limit.retry_after_form) {
    case RetryAfterForm::seconds:
      return {.form = RetryAfter::Form::seconds, .seconds = seconds};
    case RetryAfterForm::date: {
      const WallTime over = call.wall + (at - call.at) + call.waited + wait;
      return {.form = RetryAfter::Form::date, .date = std::chrono::ceil<std::chrono::seconds>(over)};
    }
    case RetryAfterForm::absent:
      return {};
    case RetryAfterForm::unreadable:
      return {.form = RetryAfter::Form::unreadable};
    case RetryAfterForm::nan:
      return {.form = RetryAfter::Form::seconds, .seconds = std::numeric_limits<double>::quiet_NaN()};
    case RetryAfterForm::negative:
      return {.form = RetryAfter::Form::seconds, .seconds = -seconds};
    case RetryAfterForm::days:
      return {.form = RetryAfter::Form::seconds, .seconds = seconds * 86'400};
  }
  fail_check("a form of Retry-After is known", __FILE__, __LINE__);
}

// A failure of known usage.
void Provider::fail(const Call& call, ReplyKind kind, Instant at, CallResult& result) const {
  const Usage usage = usage_of_failure(call);
  write(result, kind, at);
  result.billed = usage;
  result.reply.usage = usage;
  // Also in a refusal that the provider's error mix or a burst is the cause of.
  if (names_wait(kind)) result.reply.retry_after = header(call, at, *spec_.rate_limit.retry_after);
  result.cost = price_of(call, usage);
}

// A model thinks before it answers, so that what is cut off is no reasoning as long as any of the answer is left.
TokenKinds Provider::kinds_of(const Call& call, Tokens output) const {
  if (!call.kinds.any()) return {};
  const Tariff& tariff = tariff_at(spec_.tariffs, call.wall);
  return {.cached_input = tariff.cached_input ? call.kinds.cached_input : Tokens{},
          .cache_write = tariff.cache_write ? call.kinds.cache_write : Tokens{},
          .reasoning = std::min(call.kinds.reasoning, output)};
}

Usage Provider::usage_of_failure(const Call& call) const {
  return {spec_.bill_on_failure == FailureBill::input ? call.input : Tokens{}, Tokens{}};
}

// What a call whose caller has gone bills of the work that is done for it.
Usage Provider::charged(const Usage& done) const {
  switch (spec_.bill_on_timeout) {
    case TimeoutBill::full:
      return done;
    case TimeoutBill::input:
      return {done.input, Tokens{}, {done.kinds.cached_input, done.kinds.cache_write, Tokens{}}};
    case TimeoutBill::none:
      return {};
  }
  fail_check("a bill on timeout is known", __FILE__, __LINE__);
}

// The caller stops waiting. What the call costs, only the provider knows.
void Provider::time_out(const Call& call, const Usage& billed, CallResult& result) const {
  write(result, ReplyKind::timeout, call.deadline);
  result.billed = billed;
  result.cost = price_of(call, billed);
}

// The caller of an answer that would be whole at `at` has gone at its deadline.
void Provider::leave_behind(const Call& call, const Usage& usage, Instant at, Pace pace, CallResult& result) const {
  const bool began = call.deadline - call.at >= pace.to_first;
  if (spec_.on_disconnect == Disconnect::go_on) {
    time_out(call, charged(usage), result);
    result.work_until = at;
    result.reply.began = began;
    return;
  }
  const auto generating = static_cast<double>((call.deadline - call.at - pace.to_first).count());
  Tokens output;
  if (generating >= 0) {
    const auto all = static_cast<double>(usage.output.count());
    output = Tokens{static_cast<std::int64_t>(generating < all * pace.each ? generating / pace.each : all)};
  }
  const TokenKinds kinds{usage.kinds.cached_input, usage.kinds.cache_write, std::min(usage.kinds.reasoning, output)};
  time_out(call, charged({usage.input, output, kinds}), result);
  result.reply.began = began;
}

CallResult Provider::overflow(const Call& call) const {
  CallResult result;
  fail(call, ReplyKind::overloaded, call.at, result);
  return result;
}

Instant Provider::wait_ends(const Call& call) const {
  const Instant leaves = call.waits_until();
  const auto longest = spec_.queue_timeout;
  return longest && *longest < leaves - call.at ? call.at + *longest : leaves;
}

Duration Provider::end_wait(Call& call, Instant at, const FaultEffect& effect, CallResult& result) {
  if (at >= call.waits_until()) return leave_waiting(call, at, effect, result);
  call.waited = at - std::exchange(call.at, at);
  result = overflow(call);
  return Duration{0};
}

Duration Provider::leave_waiting(Call& call, Instant at, const FaultEffect& effect, CallResult& result) {
  call.deadline = at;
  if (spec_.on_disconnect == Disconnect::stop) {
    time_out(call, {}, result);
    return Duration{0};
  }
  // It is as if the call began now and no deadline ended it.
  Call worked_on = call;
  worked_on.at = call.deadline;
  worked_on.deadline = Instant::max();
  worked_on.first_token_by = Instant::max();
  worked_on.idle = Duration::max();
  serve(worked_on, effect, result);
  const bool hangs = result.reply.kind == ReplyKind::timeout;
  const Duration work = hangs ? Duration{0} : result.at - worked_on.at;
  const Usage done = result.billed;
  time_out(call, generates(result.reply.kind) ? charged(done) : done, result);
  return work;
}

void Provider::abandon(const Call& call, const FaultEffect& effect, CallResult& result) {
  // A refusal has come by then.
  if (result.at > call.deadline) work_on(call, effect, result);
}

ReplyKind Provider::base_kind(const CallName& name) {
  const StreamKey stream = error_streams_[name.workload];
  std::uint64_t bits = 0;
  if (name.attempt == 0) {
    const auto make = [&](std::uint64_t first, DrawRow& made) { draw_row(stream, first, made); };
    bits = errors_ahead_[name.workload].row_of(name.ordinal, make).a[RowAhead<DrawRow>::place_of(name.ordinal)];
  } else {
    bits = draw(stream, name.ordinal, name.attempt).a;
  }
  double at = unit(bits);
  for (const auto& [kind, expected] : spec_.errors.rates) {
    const double rate = expected * error_factor_;
    if (at < rate) return kind;
    at -= rate;
  }
  return ReplyKind::ok;
}

// Kept apart from the pipeline's arithmetic on purpose: this is the oracle that its bills are compared with.
Usd Provider::price_of(const Call& call, const monitor::Usage& billed) const {
  const Tariff& tariff = tariff_at(spec_.tariffs, call.wall);
  Usd bill = tariff.input.per_token * billed.input.count() + tariff.output.per_token * billed.output.count();
  if (!billed.kinds.any()) [[likely]]
    return bill;
  // What a kind costs more or less than the tokens that it is a part of.
  const auto add = [&bill](const std::optional<Price>& own, Price plain, Tokens tokens) {
    if (own) bill += (own->per_token - plain.per_token) * tokens.count();
  };
  add(tariff.cached_input, tariff.input, billed.kinds.cached_input);
  add(tariff.cache_write, tariff.input, billed.kinds.cache_write);
  add(tariff.reasoning, tariff.output, billed.kinds.reasoning);
  return bill;
}

}  // namespace windtunnel::sim
