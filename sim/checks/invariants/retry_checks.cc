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

RetryChecks::RetryChecks(CheckContext& context) : context_(context) {
  for (const ProviderSpec& provider : context.scenario.providers) {
    models_.push_back(retry_model_of(provider.backoff.value_or(context.config().provider_call.retry)));
  }
}

bool RetryChecks::may_retry(ReplyKind kind) const {
  if (kind == ReplyKind::rate_limited) return context_.config().provider_call.rate_limited_retries;
  return is_mended_by_time(kind);
}

void RetryChecks::make_due(OpenRequest& open_request, const monitor::AttemptEnded& event,
                           std::optional<Instant> cooling) {
  const monitor::ProviderCallConfig& config = context_.config().provider_call;
  const int calls_here = open_request.attempts_at[index_of(event.provider)];
  const Instant retry_at =
      event.at + models_[index_of(event.provider)].pause(calls_here, event.request, open_request.attempts);
  const bool in_time = !config.deadline || retry_at < open_request.arrived + *config.deadline;
  const bool is_free = !cooling || retry_at >= *cooling;
  open_request.due = {.open = true,
                      .retry = may_retry(event.reply.kind) && !open_request.saw_break &&
                               calls_here < context_.scenario.providers[index_of(event.provider)].max_attempts.value_or(
                                                config.retry.max_attempts) &&
                               in_time && is_free,
                      .failed_at = event.at,
                      .retry_at = retry_at,
                      .cooling = cooling};
}

// The provider that failed has its turn again.
void RetryChecks::returns(const OpenRequest& open_request) {
  const DueStep& due = open_request.due;
  const std::size_t provider = index_of(open_request.provider);
  if (context_.now < due.retry_at)
    context_.violations.report(CheckId::F11, context_.now, open_request.request.id,
                               "provider {} has its turn again {} ns after it failed; the back-off is {} ns", provider,
                               (context_.now - due.failed_at).count(), (due.retry_at - due.failed_at).count());
  if (due.retry) {
    if (context_.now != due.retry_at)
      context_.violations.report(CheckId::F14, context_.now, open_request.request.id,
                                 "the pause before call {} to provider {} lasts {} ns instead of {}",
                                 open_request.attempts_at[provider] + 1, provider,
                                 (context_.now - due.failed_at).count(), (due.retry_at - due.failed_at).count());
    return;
  }
  // The provider's own Retry-After may be waited for only where no other candidate can be called meanwhile.
  const std::uint64_t others = everybody_of(context_.providers()) & ~(std::uint64_t{1} << provider);
  const bool is_alone = (others & ~(open_request.called_mask | open_request.refused_mask)) == 0;
  const bool is_asked_for = context_.now == due.retry_at || (is_alone && context_.now == due.cooling);
  if (!is_asked_for)
    context_.violations.report(
        CheckId::F10, context_.now, open_request.request.id,
        "provider {} has its turn again after {} ns; its back-off is over at {} ns, its Retry-After at "
        "{} ns, and others could be called: {}",
        provider, (context_.now - due.failed_at).count(), instant_ns(due.retry_at),
        instant_ns(due.cooling.value_or(due.failed_at)), !is_alone);
}

// Another provider has its turn, or the request ends.
void RetryChecks::moves_on(const OpenRequest& open_request, std::optional<monitor::ProviderId> provider) {
  const DueStep& due = open_request.due;
  const int next = provider ? static_cast<int>(index_of(*provider)) : -1;
  if (due.retry)
    context_.violations.report(
        CheckId::F14, context_.now, open_request.request.id,
        "provider {} failed with {} at {} ns and is not tried again; call {} of {} was due at {} ns",
        index_of(open_request.provider), open_request.last_kind, instant_ns(due.failed_at),
        open_request.attempts_at[index_of(open_request.provider)] + 1,
        context_.config().provider_call.retry.max_attempts, instant_ns(due.retry_at));
  if (context_.now != due.failed_at)
    context_.violations.report(CheckId::F10, context_.now, open_request.request.id,
                               "provider {} failed at {} ns and the next step, provider {}, comes {} ns later",
                               index_of(open_request.provider), instant_ns(due.failed_at), next,
                               (context_.now - due.failed_at).count());
}

}  // namespace windtunnel::sim
