#include "sim/checks/liveness.h"

#include <fmt/format.h>

namespace windtunnel::sim {
namespace {

const char* word(monitor::BreakerState state) {
  switch (state) {
    case monitor::BreakerState::closed: return "closed";
    case monitor::BreakerState::open: return "open";
    case monitor::BreakerState::half_open: return "half_open";
  }
  monitor::fail_check("a breaker state is known", __FILE__, __LINE__);
}

}  // namespace

Liveness::Liveness(const Scenario& scenario)
    : scenario_(scenario),
      due_(Instant{} + scenario.liveness->heal_at + scenario.liveness->recover_within),
      states_(scenario.providers.size(), monitor::BreakerState::closed) {}

void Liveness::on_transition(monitor::ProviderId provider, const monitor::BreakerTransition& event) {
  if (event.at <= due_) states_[index_of(provider)] = event.to;
}

void Liveness::on_finish(const monitor::Record& record) {
  if (record.arrived <= due_ || is_refused(record.outcome)) return;
  ++requests_;
  if (is_answered(record.outcome)) ++answered_;
}

std::vector<Finding> Liveness::judge(Instant ended) const {
  const LivenessSpec& spec = *scenario_.liveness;
  const double healed = static_cast<double>(spec.heal_at.count()) / 1e9;
  const double within = static_cast<double>(spec.recover_within.count()) / 1e9;
  Finding closed{.kind = Finding::Kind::liveness, .id = "breakers close"};
  closed.claim = fmt::format("every breaker is closed {}s after all faults are healed at {}s", within, healed);
  Finding success{.kind = Finding::Kind::liveness, .id = "requests succeed"};
  success.claim = fmt::format("{}s after all faults are healed at {}s, a share of {} is answered again", within, healed,
                              spec.success_rate);
  if (const auto origin = scenario_.origins.find("/liveness"); origin != scenario_.origins.end()) {
    closed.origin = success.origin = origin->second;
  }
  if (ended < due_) {
    closed.verdict = success.verdict = Verdict::inconclusive;
    closed.reason = success.reason = "the run ended before that";
    return {closed, success};
  }
  closed.reason = "all were closed";
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (states_[i] == monitor::BreakerState::closed) continue;
    closed.verdict = Verdict::fail;
    closed.at = due_;
    closed.reason = fmt::format("the breaker of {} was {}", scenario_.providers[i].name, word(states_[i]));
    break;
  }
  if (requests_ == 0) {
    success.verdict = Verdict::inconclusive;
    success.reason = "no request came after that";
    return {closed, success};
  }
  const double rate = static_cast<double>(answered_) / static_cast<double>(requests_);
  success.reason = fmt::format("{} of {} were answered", answered_, requests_);
  if (rate < spec.success_rate) {
    success.verdict = Verdict::fail;
    success.at = due_;
  }
  return {closed, success};
}

}  // namespace windtunnel::sim
