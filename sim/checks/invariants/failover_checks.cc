#include "sim/checks/invariants/failover_checks.h"

#include <algorithm>

#include "sim/checks/invariants/route_words.h"
#include "sim/models/retry_after_model.h"

namespace windtunnel::sim {

using monitor::Outcome;
using monitor::ReplyKind;

namespace {

std::uint64_t bit_of(monitor::ProviderId provider) { return std::uint64_t{1} << index_of(provider); }

// The latest reply says that the request is wrong, and no other provider's failure comes before that.
bool is_wrong_request(const OpenRequest& open_request) {
  return open_request.attempts > 0 && is_fault_of_request(open_request.last_kind) &&
         (open_request.retriable_mask & ~bit_of(open_request.provider)) == 0;
}

const char* words_of(monitor::RetryAfter::Form form) {
  return form == monitor::RetryAfter::Form::date ? "as a date" : "in seconds";
}

}  // namespace

bool FailoverChecks::is_cooling(monitor::ProviderId provider) const {
  const auto& until = cooling_until_[index_of(provider)];
  return until && context_.now < *until;
}

void FailoverChecks::on_cooling_skip(OpenRequest& open_request, monitor::ProviderId provider) {
  must_have_obeyed();
  if (!is_cooling(provider))
    context_.violations.report(CheckId::F4, context_.now, open_request.request.id,
                               "provider {} was passed over without a Retry-After in force", index_of(provider));
  open_request.refused_mask = open_request.refused_mask | bit_of(provider);
}

// A limit on calls passed it over; whether it had to is L6.
void FailoverChecks::on_limited(OpenRequest& open_request, monitor::ProviderId target) {
  must_have_obeyed();
  open_request.refused_mask = open_request.refused_mask | bit_of(target);
}

void FailoverChecks::on_permit(OpenRequest& open_request, const monitor::PermitAsked& event) {
  must_have_obeyed();
  if (open_request.permit_pending)
    context_.violations.report(CheckId::F2, event.at, open_request.request.id,
                               "after provider {} was not paid for, provider {} was asked",
                               index_of(open_request.permit_provider), index_of(event.provider));
  if (open_request.is_left)
    context_.violations.report(CheckId::F7, event.at, open_request.request.id,
                               "provider {} was asked after its caller has gone", index_of(event.provider));
  if (!context_.has_routes() && is_wrong_request(open_request))
    context_.violations.report(CheckId::F6, event.at, open_request.request.id,
                               "provider {} was asked after a client_error", index_of(event.provider));
  if (!event.admitted) open_request.refused_mask = open_request.refused_mask | bit_of(event.provider);
}

void FailoverChecks::on_attempt_start(OpenRequest& open_request, const monitor::AttemptStarted& event) {
  Violations& all = context_.violations;
  const std::size_t provider = index_of(event.provider);
  const auto& config = context_.config().provider_call;
  const bool same = open_request.attempts > 0 && open_request.provider == event.provider;
  const std::int32_t attempts_max =
      context_.scenario.providers[provider].max_attempts.value_or(config.retry.max_attempts);
  const bool within = open_request.attempts_at[provider] < attempts_max &&
                      (same || (open_request.called_mask & bit_of(event.provider)) == 0);
  if (event.ordinal != open_request.attempts || (!context_.has_routes() && !within))
    all.report(CheckId::F1, event.at, event.request, "attempt {} is call {} to provider {}, of {} allowed in one visit",
               static_cast<int>(event.ordinal), open_request.attempts_at[provider] + 1, provider, attempts_max);
  if (open_request.attempts != 0 && open_request.saw_break)
    all.report(CheckId::F5, event.at, event.request, "provider {} is called after its caller saw a stream break off",
               provider);
  if (!open_request.granted)
    all.report(CheckId::F2, event.at, event.request, "provider {} is called for a request that was refused", provider);
  if (is_cooling(event.provider))
    all.report(CheckId::F3, event.at, event.request, "provider {} is called {} ns before its Retry-After has passed",
               provider, instant_ns(cooling_until_[provider].value_or(event.at)) - instant_ns(event.at));
  const bool may_retry = is_mended_by_time(open_request.last_kind) &&
                         (open_request.last_kind != ReplyKind::rate_limited || config.rate_limited_retries);
  if (same && !may_retry && !context_.has_routes())
    all.report(CheckId::F6, event.at, event.request, "provider {} is called again after {}", provider,
               open_request.last_kind);
  if (open_request.calling)
    all.report(CheckId::F7, event.at, event.request, "provider {} is called while a call is outstanding", provider);
  if (open_request.is_left)
    all.report(CheckId::F7, event.at, event.request, "provider {} is called after its caller has gone", provider);
  const Duration timeout = attempt_timeout_of(context_.scenario, open_request.route, event.provider);
  Instant due = timeout == monitor::kNoTimeout ? Instant::max() : event.at + timeout;
  if (const auto ends = route_ends(context_.scenario, open_request)) due = std::min(due, *ends);
  if (config.deadline) due = std::min(due, open_request.arrived + *config.deadline);
  // Nested routes may end sooner.
  const bool is_nested = is_nested_route(context_.scenario, open_request.route);
  if ((!is_nested && event.deadline != due) || (config.deadline && event.at >= open_request.arrived + *config.deadline))
    all.report(CheckId::F7, event.at, event.request, "the call's deadline is {} ns instead of {} ns",
               instant_ns(event.deadline), instant_ns(due));
  if (!is_nested) times_stream(open_request, event);
}

// What a streamed call is held to, by the words of the scenario.
inline void FailoverChecks::times_stream(const OpenRequest& open_request, const monitor::AttemptStarted& event) {
  std::optional<Duration> first;
  std::optional<Duration> idle;
  if (open_request.request.stream) {
    const auto time_of = [&](auto of_route, auto of_deployment, auto of_all) {
      return stream_time_of(context_.scenario, open_request.route, event.provider, of_route, of_deployment, of_all);
    };
    first = time_of(&monitor::RouteConfig::first_token_timeout, &ProviderSpec::first_token_timeout,
                    &monitor::ProviderCallConfig::first_token_timeout);
    idle = time_of(&monitor::RouteConfig::idle_timeout, &ProviderSpec::idle_timeout,
                   &monitor::ProviderCallConfig::idle_timeout);
  }
  const Instant first_by = first ? event.at + *first : Instant::max();
  if (event.first_token_by != first_by || event.idle != idle.value_or(Duration::max()))
    context_.violations.report(
        CheckId::F17, event.at, event.request,
        "a call to provider {} waits for its first token until {} ns instead of {} ns, and {} ns "
        "between two",
        index_of(event.provider), instant_ns(event.first_token_by), instant_ns(first_by), event.idle.count());
}

// A caller leaves when one of its times is over, and no sooner.
inline void FailoverChecks::leaves_in_time(OpenRequest& open_request, const monitor::AttemptEnded& event) {
  const ReplyKind kind = event.reply.kind;
  const bool is_timeout = kind == ReplyKind::timeout;
  const bool breaks = kind == ReplyKind::truncated || (is_timeout && event.reply.began);
  open_request.saw_break = breaks && open_request.request.stream &&
                           context_.config().provider_call.on_broken_stream == monitor::OnBrokenStream::fail;
  Violations& all = context_.violations;
  const bool is_first_late =
      kind == ReplyKind::ok && open_request.started + event.reply.time_to_first_token > open_request.first_token_by;
  if (is_first_late)
    all.report(CheckId::F17, event.at, event.request,
               "provider {} gave its first token after {} ns, and the caller was to leave at {} ns",
               index_of(event.provider), event.reply.time_to_first_token.count(),
               instant_ns(open_request.first_token_by));
  if (!is_timeout || event.at == open_request.deadline) return;
  const bool by_first = !event.reply.began && event.at == open_request.first_token_by;
  const bool by_pause = event.reply.began && event.at >= open_request.started + open_request.idle;
  if (!by_first && (!by_pause || open_request.idle == Duration::max()))
    all.report(CheckId::F17, event.at, event.request, "a call to provider {} times out {} ns before its deadline",
               index_of(event.provider), instant_ns(open_request.deadline) - instant_ns(event.at));
}

void FailoverChecks::on_attempt_end(OpenRequest& open_request, const monitor::AttemptEnded& event) {
  if (!open_request.calling || event.provider != open_request.provider || event.ordinal + 1 != open_request.attempts ||
      event.at > open_request.deadline)
    context_.violations.report(CheckId::F7, event.at, event.request,
                               "attempt {} at provider {} ends; outstanding: {}, due at {} ns",
                               static_cast<int>(event.ordinal), index_of(event.provider), open_request.calling,
                               instant_ns(open_request.deadline));
  leaves_in_time(open_request, event);
  if (is_mended_by_time(event.reply.kind)) {
    open_request.retriable_mask = open_request.retriable_mask | bit_of(event.provider);
  }
  if (event.reply.kind == ReplyKind::ok || event.reply.retry_after.form == monitor::RetryAfter::Form::absent) return;
  const Instant until =
      event.at + wait_asked(event.reply.retry_after, context_.wall(), context_.config().provider_call.retry_after_cap);
  cooling_until_[index_of(event.provider)] = until;
  if (until == event.at) return;
  owed_ = Owed{.request = event.request,
               .provider = event.provider,
               .kind = event.reply.kind,
               .form = event.reply.retry_after.form,
               .at = event.at,
               .until = until};
}

void FailoverChecks::report_disobeyed() {
  context_.violations.report(CheckId::F12, context_.now, owed_->request,
                             "provider {} answered {} with a Retry-After of {} ns, {}, and is not left alone",
                             index_of(owed_->provider), owed_->kind, (owed_->until - owed_->at).count(),
                             words_of(owed_->form));
  owed_.reset();
}

void FailoverChecks::on_retry_after(monitor::ProviderId provider, Instant until) {
  const auto& expected = cooling_until_[index_of(provider)];
  if (owed_ && owed_->provider == provider && until <= context_.now) return report_disobeyed();
  owed_.reset();
  if (until != expected || until < context_.now ||
      until > context_.now + context_.config().provider_call.retry_after_cap)
    context_.violations.report(CheckId::F8, context_.now, std::nullopt,
                               "provider {} is left alone for {} ns instead of {} ns; the cap is {} ns",
                               index_of(provider), (until - context_.now).count(),
                               instant_ns(expected.value_or(context_.now)) - instant_ns(context_.now),
                               context_.config().provider_call.retry_after_cap.count());
}

void FailoverChecks::must_have_ended() {
  if (context_.open.find(*left_) != nullptr)
    context_.violations.report(CheckId::F7, context_.now, *left_, "its caller has gone, and it goes on");
  left_.reset();
}

void FailoverChecks::on_finish(const OpenRequest& open_request, const monitor::Record& record) {
  Violations& all = context_.violations;
  must_have_obeyed();
  if (open_request.calling)
    all.report(CheckId::F7, context_.now, open_request.request.id, "it ends while a call is outstanding");
  if (open_request.is_left) {
    if (record.outcome != Outcome::client_error)
      all.report(CheckId::F6, context_.now, open_request.request.id, "its caller has gone, and it ends as {}",
                 record.outcome);
    return;
  }
  const bool wrong_request = is_wrong_request(open_request);
  if (!wrong_request && record.outcome == Outcome::client_error && open_request.retriable_mask != 0)
    all.report(CheckId::F13, context_.now, open_request.request.id,
               "it ends as client_error after providers {:#b} had failed for the time being",
               open_request.retriable_mask);
  const bool is_client_error = record.outcome == Outcome::client_error;
  if (!(context_.has_routes() ? wrong_request || !is_client_error : wrong_request == is_client_error))
    all.report(CheckId::F6, context_.now, open_request.request.id, "its last reply was {} and it ends as {}",
               open_request.last_kind, record.outcome);
  const auto& deadline = context_.config().provider_call.deadline;
  const auto is = [&](Outcome outcome) { return record.outcome == outcome; };
  if (record.limit) {
    if (!open_request.is_limited)
      all.report(CheckId::F2, context_.now, open_request.request.id, "it ends by limit {}, which did not refuse it",
                 static_cast<int>(*record.limit));
    return;
  }
  if (is(Outcome::refused_rate) || is(Outcome::refused_tokens)) {
    if (open_request.attempts != 0 || open_request.asked_mask != 0)
      all.report(CheckId::F2, context_.now, open_request.request.id, "it was refused after {} calls",
                 static_cast<int>(open_request.attempts));
  }
  if (is(Outcome::refused_budget)) {
    if (open_request.attempts != 0 && !open_request.permit_pending)
      all.report(CheckId::F5, context_.now, open_request.request.id,
                 "no further reservation was refused after its {} calls", static_cast<int>(open_request.attempts));
  }
  if (is(Outcome::deadline_exceeded)) {
    if (!deadline || context_.now < open_request.arrived + *deadline)
      all.report(CheckId::F5, context_.now, open_request.request.id, "its deadline is not over");
  }
  if (is(Outcome::failed) || is(Outcome::stale_hit) || is(Outcome::all_providers_unavailable) ||
      is(Outcome::broken_stream))
    gave_up(open_request, record);
}

// Every provider had its turn: it was called, or it did not admit, or it was under Retry-After.
void FailoverChecks::gave_up(const OpenRequest& open_request, const monitor::Record& record) {
  if (open_request.saw_break) {
    if (record.outcome != Outcome::broken_stream)
      context_.violations.report(CheckId::F5, context_.now, open_request.request.id,
                                 "its stream broke off and it ends as {}", record.outcome);
    return;
  }
  const std::uint64_t turns = open_request.called_mask | open_request.refused_mask;
  const std::uint64_t everybody = everybody_of(context_.providers());
  if (!context_.has_routes() && turns != everybody)
    context_.violations.report(
        open_request.attempts == 0 ? CheckId::F4 : CheckId::F5, context_.now, open_request.request.id,
        "it ends as {} though only providers {:#b} of {:#b} had their turn", record.outcome, turns, everybody);
  if (record.outcome == Outcome::all_providers_unavailable && open_request.attempts != 0)
    context_.violations.report(CheckId::F4, context_.now, open_request.request.id, "a provider was called {} times",
                               static_cast<int>(open_request.attempts));
}

}  // namespace windtunnel::sim
