#include "sim/checks/claims/liveness.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/rounding.h"
#include "monitor/breaker/breaker_rules.h"
#include "sim/checks/claims/recovery.h"

namespace windtunnel::sim {

Liveness::Liveness(const Scenario& scenario)
    : scenario_(scenario),
      due_(Instant{} + scenario.liveness->heal_at + scenario.liveness->recover_within),
      all_closed_(scenario.providers.size()) {
  const std::vector<monitor::BreakerConfig> settings = breakers_of(scenario);
  has_breakers_ = !scenario.breaker_command.empty() || std::ranges::any_of(settings, monitor::can_open);
  for (std::size_t i = 0; i < all_closed_.size(); ++i) {
    const double latency = healthy_latency_max(scenario, scenario.providers[i]);
    const ProviderSpec& provider = scenario.providers[i];
    const Duration timeout = provider.attempt_timeout.value_or(scenario.monitor.provider_call.timeout);
    all_closed_[i].probe = std::min(timeout, whole_nanoseconds(latency));
    if (settings[i].slow_call_rate) all_closed_[i].slow_beyond = settings[i].slow_call_duration;
    all_closed_[i].can_prolong = settings[i].late_results == monitor::LateResults::origin_forces;
  }
  groups_.push_back(all_closed_);
}

void Liveness::on(const ReplicaTurn& event) {
  group_ = event.breakers;
  if (groups_.size() <= group_) groups_.resize(group_ + 1, all_closed_);
  if (event.is_current && event.at <= due_) current_[event.replica] = event.breakers;
}

// Once the faults are healed, and late enough after its last OPEN. A call that could not end before recovery was due
// proves nothing.
bool Liveness::may_show_recovery(const FollowedBreaker& breaker, Instant now) const {
  const Instant healed = Instant{} + scenario_.liveness->heal_at;
  return breaker.state != monitor::BreakerState::closed && now > breaker.open_until && now >= healed &&
         now + breaker.probe <= due_;
}

void Liveness::on(const monitor::PermitAsked& event) {
  FollowedBreaker& breaker = followed(event.provider);
  const bool counts = may_show_recovery(breaker, event.at);
  breaker.permit_given = counts && event.admitted;
  if (counts && !event.admitted) ++breaker.asked;
}

// A permit that no call follows is given back: it asked for nothing.
void Liveness::on(const monitor::AttemptStarted& event) {
  FollowedBreaker& breaker = followed(event.provider);
  if (std::exchange(breaker.permit_given, false)) ++breaker.asked;
}

// A call of before the healing that fails now, or an ignored outcome, gives its permit back: those that were refused
// meanwhile asked for nothing.
void Liveness::on(const monitor::AttemptEnded& event) {
  FollowedBreaker& breaker = followed(event.provider);
  const bool was_slow = breaker.slow_beyond && event.latency > *breaker.slow_beyond;
  if ((event.counted == monitor::BreakerOutcome::success && !was_slow) || event.at > due_) return;
  breaker.asked = 0;
  const bool is_open = breaker.state == monitor::BreakerState::open;
  if (is_open && breaker.can_prolong && event.counted != monitor::BreakerOutcome::ignored) {
    breaker.open_until = breaker.open_for > Instant::max() - event.at ? Instant::max() : event.at + breaker.open_for;
  }
  const bool is_old = event.at - event.latency < Instant{} + scenario_.liveness->heal_at;
  const bool is_probe = event.state_before == monitor::BreakerState::half_open &&
                        event.counted != monitor::BreakerOutcome::ignored && !event.late;
  if (is_probe) (is_old ? breaker.old_failure : breaker.new_failure) = true;
}

void Liveness::on(const monitor::BreakerMoved& event) {
  const monitor::BreakerTransition& arrow = event.transition;
  if (arrow.at > due_) return;
  FollowedBreaker& breaker = followed(event.provider);
  breaker.state = arrow.to;
  if (arrow.to != monitor::BreakerState::open) breaker.old_failure = breaker.new_failure = false;
  if (arrow.to != monitor::BreakerState::half_open) breaker.asked = 0;
  if (arrow.to == monitor::BreakerState::open) {
    breaker.open_for = arrow.open_for;
    breaker.open_until = arrow.open_for > Instant::max() - arrow.at ? Instant::max() : arrow.at + arrow.open_for;
  }
}

void Liveness::on(const monitor::Record& record) {
  if (record.arrived <= due_ || is_refused(record.outcome) || record.outcome == monitor::Outcome::client_error) return;
  ++requests_;
  if (is_answered(record.outcome)) ++answered_;
}

void Liveness::judge_breakers(const std::vector<FollowedBreaker>& breakers, Finding& closed) const {
  const std::vector<monitor::BreakerConfig> settings = breakers_of(scenario_);
  for (std::size_t i = 0; i < breakers.size(); ++i) {
    const FollowedBreaker& breaker = breakers[i];
    if (breaker.state == monitor::BreakerState::closed) continue;
    const std::string& name = scenario_.providers[i].name;
    const monitor::BreakerConfig& rules = settings[i];
    const std::int64_t enough =
        rules.half_open_failure_rate ? rules.half_open_max_calls : rules.half_open_success_threshold;
    const bool still_open = breaker.open_until >= due_;
    const bool judged_late = still_open && breaker.old_failure && !breaker.new_failure &&
                             (rules.half_open_failure_rate || rules.slow_call_rate);
    if (judged_late) {
      closed.verdict = Verdict::inconclusive;
      closed.reason = fmt::format(
          "the breaker of {} was open, because a probe failed or was slow before that and the calls that it was "
          "judged with came late",
          name);
      continue;
    }
    if (still_open || breaker.asked >= enough) {
      closed.verdict = Verdict::fail;
      closed.at = due_;
      closed.reason = fmt::format("the breaker of {} was {}", name, name_of(breaker.state));
      return;
    }
    if (closed.verdict == Verdict::inconclusive) continue;
    closed.verdict = Verdict::inconclusive;
    closed.reason = fmt::format("the breaker of {} was {}, but asked only {} times since it could close", name,
                                name_of(breaker.state), breaker.asked);
  }
}

std::vector<Finding> Liveness::judge(Instant ended) const {
  std::vector<Finding> findings = judge_both(ended);
  if (!has_breakers_) findings.erase(findings.begin());
  return findings;
}

std::vector<Finding> Liveness::judge_both(Instant ended) const {
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
  for (const auto& [replica, group] : current_) {
    if (closed.verdict != Verdict::fail) judge_breakers(groups_[group], closed);
  }
  if (requests_ == 0) {
    success.verdict = Verdict::inconclusive;
    success.reason = "no request came after that";
    return {closed, success};
  }
  const double rate = static_cast<double>(answered_) / static_cast<double>(requests_);
  success.reason = fmt::format("{} of {} were answered", answered_, requests_);
  if (rate < spec.success_rate) {
    // A breaker that was not asked before may still refuse requests.
    success.verdict = closed.verdict == Verdict::inconclusive ? Verdict::inconclusive : Verdict::fail;
    success.at = due_;
  }
  return {closed, success};
}

}  // namespace windtunnel::sim
