#include "sim/checks/invariants/retry_checks.h"

namespace windtunnel::sim {

using monitor::ReplyKind;

namespace {

RetryModel retry_model_of(const monitor::RetryConfig& config) {
  return {.base = config.base.count(),
          .multiplier = config.multiplier.value,
          .cap = config.cap.count(),
          .jitter = config.jitter == monitor::Jitter::full};
}

}  // namespace

RetryChecks::RetryChecks(Watched& watched)
    : watched_(watched), model_(retry_model_of(watched.config().provider_call.retry)) {}

bool RetryChecks::may_retry(ReplyKind kind) const {
  if (kind == ReplyKind::rate_limited) return watched_.config().provider_call.rate_limited_retries;
  return kind != ReplyKind::ok && kind != ReplyKind::client_error && kind != ReplyKind::auth_or_quota;
}

void RetryChecks::on_attempt_end(OpenRequest& one, const monitor::AttemptEnded& event, std::optional<Instant> cooling) {
  if (event.reply.kind == ReplyKind::ok) return;
  const monitor::ProviderCallConfig& config = watched_.config().provider_call;
  const int calls_here = one.attempts_at[index_of(event.provider)];
  const Instant retry_at = event.at + model_.pause(calls_here, event.request, one.attempts);
  const bool in_time = !config.deadline || retry_at < one.arrived + *config.deadline;
  const bool is_free = !cooling || retry_at >= *cooling;
  one.due = {.open = true,
             .retry = may_retry(event.reply.kind) && calls_here < config.retry.max_attempts && in_time && is_free,
             .failed_at = event.at,
             .retry_at = retry_at,
             .cooling = cooling};
}

// The provider that failed has its turn again.
void RetryChecks::returns(const OpenRequest& one) {
  const DueStep& due = one.due;
  const std::size_t provider = index_of(one.provider);
  watched_.violations.must(watched_.now >= due.retry_at, CheckId::F11, watched_.now, one.request.id,
                           "provider {} has its turn again {} ns after it failed; the back-off is {} ns", provider,
                           (watched_.now - due.failed_at).count(), (due.retry_at - due.failed_at).count());
  if (due.retry) {
    return watched_.violations.must(watched_.now == due.retry_at, CheckId::F14, watched_.now, one.request.id,
                                    "the pause before call {} to provider {} lasts {} ns instead of {}",
                                    one.attempts_at[provider] + 1, provider, (watched_.now - due.failed_at).count(),
                                    (due.retry_at - due.failed_at).count());
  }
  // The provider's own Retry-After may be waited for only where no other candidate can be called meanwhile.
  const unsigned others = ((1U << watched_.providers()) - 1U) & ~(1U << provider);
  const bool is_alone = (others & ~(one.called_mask | one.refused_mask)) == 0;
  const bool is_asked_for = watched_.now == due.retry_at || (is_alone && watched_.now == due.cooling);
  watched_.violations.must(
      is_asked_for, CheckId::F10, watched_.now, one.request.id,
      "provider {} has its turn again after {} ns; its back-off is over at {} ns, its Retry-After at "
      "{} ns, and others could be called: {}",
      provider, (watched_.now - due.failed_at).count(), instant_ns(due.retry_at),
      instant_ns(due.cooling.value_or(due.failed_at)), !is_alone);
}

// Another provider has its turn, or the request ends.
void RetryChecks::moves_on(const OpenRequest& one, std::optional<monitor::ProviderId> provider) {
  const DueStep& due = one.due;
  const int next = provider ? static_cast<int>(index_of(*provider)) : -1;
  watched_.violations.must(!due.retry, CheckId::F14, watched_.now, one.request.id,
                           "provider {} failed with {} at {} ns and is not tried again; call {} of {} was due at {} ns",
                           index_of(one.provider), one.last_kind, instant_ns(due.failed_at),
                           one.attempts_at[index_of(one.provider)] + 1,
                           watched_.config().provider_call.retry.max_attempts, instant_ns(due.retry_at));
  watched_.violations.must(watched_.now == due.failed_at, CheckId::F10, watched_.now, one.request.id,
                           "provider {} failed at {} ns and the next step, provider {}, comes {} ns later",
                           index_of(one.provider), instant_ns(due.failed_at), next,
                           (watched_.now - due.failed_at).count());
}

}  // namespace windtunnel::sim
