#include "monitor/breaker/mirrored_breaker.h"

#include <algorithm>
#include <chrono>

namespace windtunnel::monitor {
namespace {

using std::chrono::milliseconds;

Instant whole(Instant now) { return std::chrono::floor<milliseconds>(now); }

BreakerAnswer ask(ForeignBreaker& original, BreakerOp op, Instant now, std::int64_t number = 0,
                  BreakerOutcome outcome = BreakerOutcome::ignored) {
  BreakerAnswer answer =
      original.ask({.op = op, .t_ms = now.time_since_epoch() / milliseconds{1}, .permit = number, .outcome = outcome});
  check(answer.error.empty(), "a foreign breaker has no objection to a right question");
  return answer;
}

// Under on_read an answer ends OPEN, which in a pipeline a call ends alone.
bool is_only_read(const Breaker& shown, BreakerState state) {
  const bool ends = state == BreakerState::half_open && shown.is_open();
  return ends && shown.config().state_view == StateView::on_read;
}

}  // namespace

MirroredBreaker::MirroredBreaker(Breaker& shown) {
  const BreakerConfig& config = shown.config_;
  check(config.open > Duration::zero() && config.open_max != Duration::zero(), "a foreign breaker can be seen open");
  shown.is_simple_ = false;
}

std::optional<Permit> MirroredBreaker::acquire(Breaker& shown, ForeignBreaker& original, Instant now) {
  shown.begin_call(now);
  now = whole(now);
  if (shown.state_ == BreakerState::closed) shown.settle_due(now);  // the next fixed window
  if (shown.probes_took_too_long(now)) sync_state(shown, original, now);
  const BreakerAnswer answer = ask(original, BreakerOp::acquire, now);
  follow(shown, answer.state, {}, now);
  if (shown.config_.volume == Volume::attempts) shown.window_.add_attempt(now);
  if (!answer.permit) return std::nullopt;
  if (shown.state_ == BreakerState::half_open) shown.issue_probe(now);
  const Permit permit{shown.epoch_, now, shown.state_ == BreakerState::half_open};
  permits_.push_back({permit, *answer.permit});
  return permit;
}

ReportResult MirroredBreaker::report(Breaker& shown, ForeignBreaker& original, Permit permit, BreakerOutcome outcome,
                                     Instant now) {
  shown.begin_call(now);
  check(permit.at <= now, "a result comes after its permit");
  now = whole(now);
  // An answer shows one arrow; the end of OPEN, or of HALF_OPEN by time, would hide behind what the result does.
  const bool may_ask = shown.config_.state_view != StateView::on_read;
  if ((shown.is_open() && may_ask) || shown.probes_took_too_long(now)) sync_state(shown, original, now);
  if (shown.state_ == BreakerState::closed) shown.settle_due(now);
  const bool late = permit.epoch != shown.epoch_;
  if (late) ++shown.late_results_;
  const BreakerConfig& config = shown.config_;
  const BreakerAnswer answer = ask(original, BreakerOp::report, now, take_number(permit), outcome);
  const bool drops = config.late_results == LateResults::ignore ||
                     (config.late_results == LateResults::origin_counts && permit.is_probe);
  const bool acts = outcome != BreakerOutcome::ignored && !(late && drops);
  const bool failed = acts && outcome != BreakerOutcome::success;
  if (acts && shown.state_ == BreakerState::closed) shown.sample_with_time(permit.at, failed, now);
  if (acts && shown.state_ != BreakerState::closed) shown.sample_unless_closed(permit, outcome, now);
  if (shown.state_ == BreakerState::half_open && !late) {
    const bool forgiven = outcome == BreakerOutcome::failure && config.half_open_failure == HalfOpenFailure::ignore;
    if (outcome == BreakerOutcome::ignored || forgiven) {
      shown.take_back_probe();
    } else {
      ++shown.probes_reported_;
    }
  }
  const bool is_neutral = outcome == BreakerOutcome::failure && config.half_open_failure == HalfOpenFailure::ignore;
  if (acts && !is_neutral && shown.state_ == BreakerState::half_open) shown.count_probe(permit, failed, now);
  if (!is_only_read(shown, answer.state)) follow(shown, answer.state, {.permit = permit, .outcome = outcome}, now);
  return {.late = late};
}

void MirroredBreaker::advance(Breaker& shown, ForeignBreaker& original, Instant now) {
  shown.begin_call(now);
  sync_state(shown, original, whole(now));
}

void MirroredBreaker::sync_state(Breaker& shown, ForeignBreaker& original, Instant now) {
  if (shown.state_ == BreakerState::closed) shown.settle_due(now);
  const BreakerState state = ask(original, BreakerOp::state, now).state;
  if (!is_only_read(shown, state)) follow(shown, state, {}, now);
}

std::optional<Instant> MirroredBreaker::wakeup(const Breaker& shown) const {
  const std::optional<Instant> end = shown.is_open() && !shown.is_lazy() ? std::optional{due_} : shown.probes_end();
  return end ? std::optional<Instant>{std::chrono::ceil<milliseconds>(*end)} : std::nullopt;
}

// Takes the arrow that the answer shows, if any. Whether the rules allow it is for the checks to judge.
void MirroredBreaker::follow(Breaker& shown, BreakerState state, Reported latest, Instant now) {
  if (state == shown.state_) return;
  switch (state) {
    case BreakerState::closed:
      return shown.close(latest.permit, latest.outcome == BreakerOutcome::failure, now);
    case BreakerState::half_open: {
      const bool was_due = shown.state_ == BreakerState::open && !shown.is_lazy() && now >= due_;
      return shown.move_to(BreakerState::half_open, TripRule::none, was_due ? due_ : now);
    }
    case BreakerState::open: {
      if (shown.probes_took_too_long(now)) return open(shown, TripRule::half_open_timeout, shown.probes_end_);
      const bool old_probe = acts_by_origin(shown.config_.late_results) && latest.permit.is_probe;
      const bool failed = latest.outcome != BreakerOutcome::success;
      const bool was_slow =
          latest.outcome != BreakerOutcome::fatal && shown.rule_of_probes(failed) == TripRule::slow_probes;
      TripRule rule = shown.state_ == BreakerState::half_open
                          ? was_slow ? TripRule::slow_probes : TripRule::probe_failed
                      : old_probe                               ? TripRule::probe_failed
                      : latest.outcome == BreakerOutcome::fatal ? TripRule::at_once
                                                                : shown.rule_fulfilled();
      if (rule == TripRule::none && shown.config_.allowed_fails) rule = TripRule::allowed_fails;
      return open(shown, rule, now);
    }
  }
}

void MirroredBreaker::open(Breaker& shown, TripRule rule, Instant at) {
  shown.open(rule, at);
  due_ = shown.open_end_;
  shown.open_end_ = Instant::max();
}

// Permits of one epoch and one instant differ in nothing that the original could distinguish, so that any of them
// fits.
std::int64_t MirroredBreaker::take_number(Permit permit) {
  const auto found = std::ranges::find(permits_, permit, &NumberedPermit::permit);
  check(found != permits_.end(), "a permit reports once");
  const std::int64_t number = found->number;
  permits_.erase(found);
  return number;
}

}  // namespace windtunnel::monitor
