// What BreakerModel does with late results: by the quirks of known breakers, and by the state in which a call began.

#include <optional>

#include "sim/models/breaker_model.h"

namespace windtunnel::sim {

using monitor::BreakerOutcome;
using monitor::BreakerState;
using monitor::TripRule;

// By its quirks alone.
void BreakerModel::act_on_late(ModelPermit permit, BreakerOutcome outcome, Instant now) {
  if (outcome == BreakerOutcome::ignored) return;
  const bool failed = outcome != BreakerOutcome::success;
  switch (state_) {
    case BreakerState::closed:
      if (failed ? quirks_.late_failure_counts : quirks_.late_success_counts)
        sample(outcome_of(permit, failed, now, monitor::ReplyKind::server_error), false, now);
      return;
    case BreakerState::open:
      if (failed && quirks_.late_failure_extends_open) opened_ = now;
      if (!failed && quirks_.late_success_closes_open) go(BreakerState::closed, TripRule::none, now);
      return;
    case BreakerState::half_open:
      if (!failed && quirks_.late_success_is_probe) probe(permit, true, outcome, now);
      const bool is_probing = quirks_.late_failure_fails_probe && permits_in_flight() > 0;
      if (failed && (is_probing || quirks_.late_failure_reopens)) reopen(TripRule::probe_failed, now);
      return;
  }
}

// A call of CLOSED counts there, and one of HALF_OPEN is a probe, whatever the state has become.
void BreakerModel::judge_late_by_origin(ModelPermit permit, BreakerOutcome outcome, Instant now,
                                        monitor::ReplyKind kind) {
  const bool failed = outcome != BreakerOutcome::success;
  if (permit.is_probe && failed) return open_late(TripRule::probe_failed, now);
  if (permit.is_probe) {
    const bool forced = config_.late_results == monitor::LateResults::origin_forces;
    const bool hears = state_ == BreakerState::half_open || (forced && state_ == BreakerState::open);
    if (hears) probes_.succeeded_late += 1;
    const bool enough = probes_.succeeded + probes_.succeeded_late >= config_.half_open_success_threshold;
    if (hears && enough) close(outcome_of(permit, false, now, kind), now);
    return;
  }
  if (outcome == BreakerOutcome::fatal) return open_late(TripRule::at_once, now);
  if (!failed && config_.evaluate_on == monitor::EvaluateOn::failure) return;
  TripRule rule = rule_that_trips(now);
  const bool is_too_many = failed && is_beyond_allowed(outcome_of(permit, true, now, kind));
  if (rule == TripRule::none && is_too_many) rule = TripRule::allowed_fails;
  if (rule != TripRule::none) open_late(rule, now);
}

void BreakerModel::open_late(TripRule rule, Instant now) {
  const bool forced = config_.late_results == monitor::LateResults::origin_forces;
  if (state_ == BreakerState::open) {
    if (forced) opened_ = now;
  } else if (state_ == BreakerState::half_open || rule == TripRule::probe_failed) {
    reopen(TripRule::probe_failed, now);
  } else {
    go(BreakerState::open, rule, now);
  }
}

}  // namespace windtunnel::sim
