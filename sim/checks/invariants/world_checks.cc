#include "sim/checks/invariants/world_checks.h"

#include <algorithm>

namespace windtunnel::sim {

using monitor::ReplyKind;

namespace {

bool may_be_limited_by_itself(const ProviderSpec& spec) {
  return std::ranges::any_of(spec.errors.rates, [](const auto& rate) { return rate.first == ReplyKind::rate_limited; });
}

}  // namespace

WorldChecks::WorldChecks(Watched& watched)
    : watched_(watched),
      on_(watched.violations.on(CheckId::Q)),
      queues_({watched.scenario, watched.violations}),
      timeouts_({watched.scenario, watched.violations}),
      thoughts_({watched.scenario, watched.violations}),
      throttles_({watched.scenario, watched.violations}),
      arrivals_({watched.scenario, watched.violations}),
      shares_({watched.scenario, watched.violations}),
      ordinals_(watched.scenario.workloads.size()) {}

// The driver labels each request with its workload.
std::size_t WorldChecks::workload_of(const OpenRequest& one) {
  return static_cast<std::size_t>(one.request.labels) - 1;
}

void WorldChecks::on_begin(std::uint64_t seed) {
  if (on_) thoughts_.on_begin(seed);
}

void WorldChecks::on_arrival(OpenRequest& one) {
  const std::size_t workload = workload_of(one);
  if (!on_ || workload >= ordinals_.size()) return;
  one.ordinal = ordinals_[workload]++;
  arrivals_.on_arrival(workload);
  thoughts_.on_arrival(watched_.now, one.request.id, workload);
}

void WorldChecks::on_attempt_start(OpenRequest& one) {
  hits_.clear();
  is_called_ = false;
  one.was_served = one.waited_for_place = one.asked_own_limit = one.limit_refuses = false;
  one.called_wall = watched_.wall();
}

void WorldChecks::on_fault(const FaultChanged& event) {
  throttles_.on_fault(event.fault, event.active);
  shares_.on_fault(event.fault, event.active);
}

void WorldChecks::on_placed(OpenRequest& one, const CallPlaced& event) {
  if (!on_) return;
  queues_.on_placed(event);
  if (!is_called_) on_called(one, event);
  if (event.place == CallPlaced::Place::waiting) one.waited_for_place = true;
  if (event.place == CallPlaced::Place::in_service) on_served(one, event);
}

// A call that waited is placed again, but then another call has not just been made.
void WorldChecks::on_called(OpenRequest& one, const CallPlaced& event) {
  is_called_ = true;
  one.wanted = event.wanted;
  const std::size_t provider = index_of(event.provider);
  shares_.on_call(event.at, provider, hits_);
  throttles_.on_call({.at = event.at,
                      .request = event.request,
                      .provider = provider,
                      .wall = one.called_wall,
                      .tokens = (one.request.input + one.output_max).count()},
                     hits_);
}

void WorldChecks::on_served(OpenRequest& one, const CallPlaced& event) {
  one.was_served = true;
  one.served_at = event.at;
  const std::size_t provider = index_of(event.provider);
  if (one.hit_by_fault || !throttles_.has_own_limit(provider)) return;
  one.asked_own_limit = true;
  one.limit_refuses = throttles_.own_limit_refuses({.at = event.at,
                                                    .request = event.request,
                                                    .provider = provider,
                                                    .wall = one.called_wall,
                                                    .tokens = (one.request.input + one.output_max).count()});
}

void WorldChecks::on_attempt_end(const OpenRequest& one, const monitor::AttemptEnded& event) {
  if (!on_) return;
  const std::size_t provider = index_of(event.provider);
  const ProviderSpec& spec = watched_.scenario.providers[provider];
  if (event.reply.kind == ReplyKind::timeout) {
    queues_.on_end(event.request, event.provider);
    timeouts_.on_timeout({.at = event.at,
                          .request = event.request,
                          .provider = provider,
                          .was_served = one.was_served,
                          .waited = one.waited_for_place,
                          .may_have_failed = one.hit_by_fault || !spec.errors.rates.empty() ||
                                             (one.waited_for_place && throttles_.has_own_limit(provider)),
                          .may_be_cut = one.hit_by_fault,
                          .input = one.request.input,
                          .output = std::min(one.wanted, one.output_max),
                          .billed_input = one.billed_input,
                          .billed_output = one.billed_output});
  }
  if (!one.asked_own_limit) return;
  const bool is_refused = event.reply.kind == ReplyKind::rate_limited;
  const bool is_right =
      one.limit_refuses ? is_refused && event.at == one.served_at : !is_refused || may_be_limited_by_itself(spec);
  watched_.violations.must(is_right, CheckId::Q, event.at, event.request,
                           "its call of {} tokens to provider {} ends as {}; its own limit has room for it: {}",
                           (one.request.input + one.output_max).count(), provider, event.reply.kind,
                           !one.limit_refuses);
}

void WorldChecks::on_finish(const OpenRequest& one) {
  const std::size_t workload = workload_of(one);
  if (on_ && workload < ordinals_.size()) thoughts_.on_end(watched_.now, workload, one.ordinal);
}

void WorldChecks::at_end(const RunResult& result) {
  if (!on_) return;
  arrivals_.at_end(result.ended);
  shares_.at_end(result.ended);
}

}  // namespace windtunnel::sim
