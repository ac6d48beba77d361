// How the pipeline follows its plan: what a failure leads to, what it counts as, and what the list of limits admits.

#include <algorithm>
#include <utility>

#include "monitor/pipeline.h"
#include "monitor/retry.h"

namespace windtunnel::monitor {

// The target whose turn it is may not be called. One that failed before, in this turn, has failed.
std::optional<WaitUntil> Pipeline::pass_over(Flow& flow, Instant now) {
  if (flow.turn.attempts_here == 0) return move_on(flow, std::nullopt, true, now);
  return move_on(flow, flow.record.last_attempt()->kind, false, now);
}

// The plan moves on from a target that failed with `kind`, or that may not be called. Returns the wait before a retry.
std::optional<WaitUntil> Pipeline::move_on(Flow& flow, std::optional<ReplyKind> kind, bool may_retry, Instant now) {
  if (flow.record.attempt_count == kAttemptsMax) flow.turn.is_over = true;
  if (flow.turn.is_over) return std::nullopt;
  const PlanQuery query = query_of(flow, now);
  LastFailures failures;
  if (const Attempt* last = flow.record.last_attempt()) failures.last = last->kind;
  if (failures.last && is_callers_own(*failures.last)) failures.elsewhere = failed_elsewhere(flow.record);
  const Turn before = flow.turn;
  const NextStep step = plan_.after(flow.turn, *flow.record.assigned, query, kind, failures, may_retry);
  std::optional<WaitUntil> wait;
  if (step == NextStep::retry) {
    wait = retry_at(flow, now);
    if (!wait) {
      flow.turn = before;
      static_cast<void>(plan_.after(flow.turn, *flow.record.assigned, query, kind, failures, false));
    }
  }
  flow.record.failovers = static_cast<std::uint8_t>(flow.record.failovers + (flow.turn.moves - before.moves));
  if (wait) flow.awaiting = Awaiting::wakeup;
  if (observer_ && flow.turn.visited != before.visited) {
    observer_.on(RouteEntered{.at = now,
                              .request = flow.record.request.id,
                              .route = flow.turn.asked_route(),
                              .after = plan_.falls_back_after(before, failures)});
  }
  return wait;
}

// A retry that could not start in time, or would find its provider under Retry-After, is not waited for.
std::optional<WaitUntil> Pipeline::retry_at(const Flow& flow, Instant now) const {
  const Instant at = now + backoff(plan_.backoff(flow.turn), plan_.backoffs(flow.turn), flow.record.request.id,
                                   flow.record.attempt_count);
  const auto deadline = deadline_of(flow);
  if ((deadline && at >= *deadline) || at >= plan_.ends(flow.turn) || is_cooling(flow.turn.target, at)) {
    return std::nullopt;
  }
  return WaitUntil{at};
}

// What a call whose caller reads it as it comes is held to.
void Pipeline::time_stream(Flow& flow, CallProvider& step, Instant now) const {
  if (std::exchange(flow.is_broken, false)) ++flow.record.restarts;
  if (!plan_.times_streams()) return;
  const Duration first = plan_.first_token_timeout(flow.turn);
  if (first != kNoTimeout) step.first_token_by = now + first;
  step.idle = plan_.idle_timeout(flow.turn);
}

// A caller's own failure that no fallback answered is its outcome, unless another's failure is to act on.
Step Pipeline::give_up(Flow& flow, Instant now) {
  const Attempt* last = flow.record.last_attempt();
  if (last != nullptr && is_callers_own(last->kind) && !failed_elsewhere(flow.record)) {
    return finish(flow, Outcome::client_error, now);
  }
  const auto stale = cache_.find_stale(flow.cache_key, now);
  if (stale) return serve_from_cache(flow, *stale, Outcome::stale_hit, now);
  if (flow.record.attempt_count == 0 && flow.limited) return refuse_by_limit(flow, now);
  return finish(flow, flow.record.attempt_count == 0 ? Outcome::all_providers_unavailable : Outcome::failed, now);
}

// How another provider than the last one has failed in a way that time may mend. That failure is the one to act on: a
// fallback's own 400 says only that the request does not suit the fallback.
std::optional<ReplyKind> Pipeline::failed_elsewhere(const Record& record) {
  std::optional<ReplyKind> kind;
  for (const Attempt& attempt : record.attempts()) {
    if (attempt.provider != record.last_attempt()->provider && is_retriable(attempt.kind)) kind = attempt.kind;
  }
  return kind;
}

PlanQuery Pipeline::query_of(const Flow& flow, Instant now) {
  const WallTime wall = wall_at(now);
  return {.request = flow.record.request,
          .output_max = flow.grant.output,
          .now = now,
          .wall = wall,
          .tariffs = prices_.at(wall)};
}

BreakerOutcome Pipeline::counts_as(ReplyKind kind, const BreakerConfig& breaker) const {
  if (const auto& set = breaker.outcomes[index_of(kind)]) return *set;
  switch (kind) {
    case ReplyKind::ok:
      return BreakerOutcome::success;
    case ReplyKind::client_error:
    case ReplyKind::context_length:
    case ReplyKind::content_policy:
      return BreakerOutcome::ignored;
    case ReplyKind::rate_limited:
      return config_.provider_call.rate_limited_counts ? BreakerOutcome::failure : BreakerOutcome::ignored;
    case ReplyKind::timeout:
    case ReplyKind::connection_error:
    case ReplyKind::server_error:
    case ReplyKind::overloaded:
    case ReplyKind::malformed:
    case ReplyKind::truncated:
    case ReplyKind::auth_or_quota:
    case ReplyKind::not_found:
    case ReplyKind::auth:
    case ReplyKind::quota_exhausted:
      return BreakerOutcome::failure;
  }
  fail_check("a reply kind is known", __FILE__, __LINE__);
}

void Pipeline::learn_usage(const UnbilledCall& call, const Usage& usage, Instant now) {
  check(is_possible(usage), "a usage is possible");
  const Usd billed = cost(call.tariff, usage.input, usage.output, usage.kinds);
  cost_limiter_.correct(call.settled, billed, call.admitted);
  if (limits_.on()) {
    limits_.correct(call.limits, {.input = usage.input.count(), .output = usage.output.count()}, billed - call.settled,
                    now);
  }
  metrics_.on_usage_learned(call.settled, billed);
  if (observer_) {
    observer_.on(UsageLearned{.at = now,
                              .request = call.request,
                              .provider = call.provider,
                              .ordinal = call.ordinal,
                              .usage = usage,
                              .settled = call.settled,
                              .billed = billed});
  }
  deliver_budget(now);
}

// --- Limits: one on money refuses as a budget does, every other one as a rate --------------------------------------
namespace {

LimitedRequest limited(const Request& request) {
  return {.caller = request.caller, .route = request.route, .input = request.input};
}

}  // namespace

// The budget's windows follow the clock also where no request reaches them.
bool Pipeline::pass_limits(Flow& flow, Usd worst, Instant now) {
  cost_limiter_.advance(flow.admitted);
  const RouteId asked = flow.record.request.route;
  LimitedRequest request = limited(flow.record.request);
  const LimitVerdict verdict = limits_.admit(flow.limits, request, flow.grant.output, worst, now);
  flow.record.request.route = request.route;
  // Another route gives another answer.
  if (flow.record.request.route != asked) flow.cache_key = cache_.shared_key_of(flow.record.request);
  tell_limits(flow, LimitStage::admission, std::nullopt, worst, verdict, now);
  if (!verdict.is_admitted) note_refusal(flow, verdict);
  return verdict.is_admitted;
}

// Nothing: the target may be called, as far as limits say.
std::optional<OnExhausted> Pipeline::ask_limits(Flow& flow, ProviderId target, Instant now) {
  const Tariff& tariff = prices_.at(wall_at(now))[index_of(target)];
  const Usd worst = worst_case(tariff, flow.record.request, flow.grant.output);
  const LimitVerdict verdict = limits_.ask(limited(flow.record.request), target, flow.grant.output, worst, now);
  tell_limits(flow, LimitStage::target, target, worst, verdict, now);
  if (verdict.is_admitted) return std::nullopt;
  note_refusal(flow, verdict);
  return verdict.then;
}

bool Pipeline::reserve_of_limits(Flow& flow, ProviderId target, Usd worst, Instant now) {
  const LimitVerdict verdict =
      limits_.re_reserve(flow.limits, limited(flow.record.request), target, flow.grant.output, worst, now);
  tell_limits(flow, LimitStage::call, target, worst, verdict, now);
  if (!verdict.is_admitted) note_refusal(flow, verdict);
  return verdict.is_admitted;
}

void Pipeline::note_refusal(Flow& flow, const LimitVerdict& verdict) {
  flow.limited = verdict.refused_by;
  flow.limited_as = verdict.is_of_money ? Outcome::refused_budget : Outcome::refused_rate;
  flow.limited_for = verdict.retry_after;
}

Step Pipeline::refuse_by_limit(Flow& flow, Instant now) {
  flow.record.limit = flow.limited;
  flow.record.retry_after = flow.limited_for;
  return finish(flow, flow.limited_as, now);
}

void Pipeline::tell_limits(const Flow& flow, LimitStage stage, std::optional<ProviderId> target, Usd worst,
                           const LimitVerdict& verdict, Instant now) const {
  if (!observer_) return;
  observer_.on(LimitsAsked{.at = now,
                           .request = flow.record.request.id,
                           .stage = stage,
                           .target = target,
                           .output_max = flow.grant.output,
                           .worst = worst,
                           .is_admitted = verdict.is_admitted,
                           .held = verdict.held,
                           .exhausted = verdict.exhausted,
                           .refused_by = verdict.refused_by,
                           .is_passed_over = !verdict.is_admitted && verdict.then == OnExhausted::next_target,
                           .route = flow.record.request.route});
}

}  // namespace windtunnel::monitor
