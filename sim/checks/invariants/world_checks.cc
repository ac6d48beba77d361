#include "sim/checks/invariants/world_checks.h"

#include <algorithm>

namespace windtunnel::sim {

using monitor::ReplyKind;

namespace {

bool may_be_limited_by_itself(const ProviderSpec& spec) {
  return std::ranges::any_of(spec.errors.rates, [](const auto& rate) { return rate.first == ReplyKind::rate_limited; });
}

bool exceeds_window(const OpenRequest& open_request, const ProviderSpec& spec) {
  return spec.context_window && open_request.request.input + open_request.output_max > *spec.context_window;
}

}  // namespace

WorldChecks::WorldChecks(CheckContext& context)
    : context_(context),
      on_(context.violations.on(CheckId::Q)),
      queues_({context.scenario, context.violations}),
      timeouts_({context.scenario, context.violations}),
      kinds_({context.scenario, context.violations}),
      thoughts_({context.scenario, context.violations}),
      throttles_({context.scenario, context.violations}),
      arrivals_({context.scenario, context.violations}),
      shares_({context.scenario, context.violations}),
      ordinals_(context.scenario.workloads.size()) {}

// The driver labels each request with its workload.
std::size_t WorldChecks::workload_of(const OpenRequest& open_request) {
  return static_cast<std::size_t>(open_request.request.labels) - 1;
}

void WorldChecks::on_begin(std::uint64_t seed) {
  if (on_) thoughts_.on_begin(seed);
}

void WorldChecks::on_arrival(OpenRequest& open_request) {
  const std::size_t workload = workload_of(open_request);
  if (!on_ || workload >= ordinals_.size() || std::exchange(is_further_try_, false)) return;
  open_request.ordinal = ordinals_[workload]++;
  arrivals_.on_arrival(workload);
  thoughts_.on_arrival(context_.now, open_request.request.id, workload, open_request.ordinal);
}

void WorldChecks::on_attempt_start(OpenRequest& open_request) {
  hits_.clear();
  is_called_ = false;
  open_request.was_served = open_request.waited_for_place = open_request.asked_own_limit = open_request.limit_refuses =
      false;
  open_request.called_at = context_.true_time();
}

void WorldChecks::on_fault(const FaultChanged& event) {
  throttles_.on_fault(event.fault, event.active);
  shares_.on_fault(event.fault, event.active);
}

void WorldChecks::on_placed(OpenRequest& open_request, const CallPlaced& event) {
  if (!on_) return;
  queues_.on_placed(event);
  if (!is_called_) on_called(open_request, event);
  if (event.place == CallPlaced::Place::waiting) open_request.waited_for_place = true;
  if (event.place == CallPlaced::Place::in_service) on_served(open_request, event);
}

// A call that waited is placed again, but then another call has not just been made.
inline void WorldChecks::on_called(OpenRequest& open_request, const CallPlaced& event) {
  is_called_ = true;
  open_request.wanted = event.wanted;
  open_request.wanted_kinds = event.kinds;
  const std::size_t provider = index_of(event.provider);
  shares_.on_call(event.at, provider, hits_);
  if (!throttles_.has_throttle()) return;
  throttles_.on_call({.at = event.at,
                      .request = event.request,
                      .provider = provider,
                      .true_time = open_request.called_at,
                      .tokens = (open_request.request.input + open_request.output_max).count()},
                     hits_);
}

inline void WorldChecks::on_served(OpenRequest& open_request, const CallPlaced& event) {
  open_request.was_served = true;
  open_request.served_at = event.at;
  const auto refuses = own_limit_refuses(open_request, index_of(event.provider), event.at);
  open_request.asked_own_limit = refuses.has_value();
  open_request.limit_refuses = refuses.value_or(false);
}

inline std::optional<bool> WorldChecks::own_limit_refuses(const OpenRequest& open_request, std::size_t provider,
                                                          Instant now) {
  // A call that is too long is refused before it counts in its provider's minute.
  const bool is_too_long = exceeds_window(open_request, context_.scenario.providers[provider]);
  if (open_request.hit_by_fault || is_too_long || !throttles_.has_own_limit(provider)) return std::nullopt;
  return throttles_.own_limit_refuses({.at = now,
                                       .request = open_request.request.id,
                                       .provider = provider,
                                       .true_time = context_.true_time(),
                                       .tokens = (open_request.request.input + open_request.output_max).count(),
                                       .input = open_request.request.input.count()});
}

void WorldChecks::on_attempt_end(const OpenRequest& open_request, const monitor::AttemptEnded& event) {
  if (!on_) return;
  const std::size_t provider = index_of(event.provider);
  const ProviderSpec& spec = context_.scenario.providers[provider];
  // To its provider, a caller who has gone is one who waits no longer.
  const ReplyKind kind = open_request.is_left ? ReplyKind::timeout : event.reply.kind;
  if (kind == ReplyKind::timeout) {
    queues_.on_end(event.request, event.provider);
    // Work that a caller leaves behind in the queue counts in its provider's minute from then on.
    const bool is_left_behind =
        open_request.waited_for_place && !open_request.was_served && spec.on_disconnect == Disconnect::go_on;
    if (is_left_behind) (void)own_limit_refuses(open_request, provider, event.at);
    timeouts_.on_timeout({.at = event.at,
                          .request = event.request,
                          .provider = provider,
                          .was_served = open_request.was_served,
                          .waited = open_request.waited_for_place,
                          .may_have_failed = open_request.hit_by_fault || !spec.errors.rates.empty() ||
                                             exceeds_window(open_request, spec) || open_request.limit_refuses ||
                                             (open_request.waited_for_place && throttles_.has_own_limit(provider)) ||
                                             (!open_request.was_served && !open_request.waited_for_place),
                          .may_be_cut = open_request.hit_by_fault,
                          .may_be_whole = open_request.is_left,
                          .input = open_request.request.input,
                          .output = std::min(open_request.wanted, open_request.output_max),
                          .billed_input = open_request.billed_input,
                          .billed_output = open_request.billed_output});
  }
  if (open_request.wanted_kinds.any() || open_request.billed_kinds.any()) [[unlikely]] {
    kinds_.on_end({.at = event.at,
                   .request = event.request,
                   .kind = kind,
                   .tariff = open_request.tariff,
                   .wanted = open_request.wanted_kinds,
                   .input = open_request.billed_input,
                   .output = open_request.billed_output,
                   .billed = open_request.billed_kinds});
  }
  if (open_request.is_left) return;  // it may have gone at the very instant of a refusal
  judge_window(open_request, event, spec);
  if (!open_request.asked_own_limit) return;
  const bool is_refused = event.reply.kind == ReplyKind::rate_limited;
  const bool is_right = open_request.limit_refuses ? is_refused && event.at == open_request.served_at
                                                   : !is_refused || may_be_limited_by_itself(spec);
  if (!is_right)
    context_.violations.report(CheckId::Q, event.at, event.request,
                               "its call of {} tokens to provider {} ends as {}; its own limit has room for it: {}",
                               (open_request.request.input + open_request.output_max).count(), provider,
                               event.reply.kind, !open_request.limit_refuses);
}

// A call in service is refused for its length exactly where it exceeds the window, or where the provider's own errors
// are of that kind.
inline void WorldChecks::judge_window(const OpenRequest& open_request, const monitor::AttemptEnded& event,
                                      const ProviderSpec& spec) const {
  if (!open_request.was_served || open_request.hit_by_fault) return;
  const bool is_refused = event.reply.kind == ReplyKind::context_length;
  const bool may_be_drawn =
      std::ranges::any_of(spec.errors.rates, [](const auto& rate) { return rate.first == ReplyKind::context_length; });
  const bool exceeds = exceeds_window(open_request, spec);
  if (is_refused != exceeds && (exceeds || !may_be_drawn))
    context_.violations.report(CheckId::Q, event.at, event.request,
                               "its call of {} tokens to provider {} ends as {}; it exceeds the window of context: {}",
                               (open_request.request.input + open_request.output_max).count(), index_of(event.provider),
                               event.reply.kind, exceeds);
}

void WorldChecks::on_finish(const OpenRequest& open_request) {
  const std::size_t workload = workload_of(open_request);
  if (on_ && workload < ordinals_.size()) thoughts_.on_end(context_.now, workload, open_request.ordinal);
}

void WorldChecks::at_end(const RunResult& result) {
  if (!on_) return;
  arrivals_.at_end(result.ended);
  shares_.at_end(result.ended);
}

}  // namespace windtunnel::sim
