// The breaker as the mirror of a foreign one: it asks, and what the answers show it does too.

#include <algorithm>
#include <chrono>
#include <utility>

#include "monitor/breaker/breaker.h"

namespace windtunnel::monitor {
namespace {

using std::chrono::milliseconds;

// The foreign breaker's clock has whole milliseconds.
Instant whole(Instant now) { return std::chrono::floor<milliseconds>(now); }

}  // namespace

Breaker::Breaker(const BreakerConfig& config, ForeignBreaker& foreign) : Breaker(config) {
  check(config.open > Duration::zero() && config.open_max != Duration::zero(), "a foreign breaker can be seen open");
  decides_at_once_ = false;
  foreign_ = &foreign;
  check(!foreign.reset(config), "a foreign breaker honours its settings");
}

std::optional<Permit> Breaker::acquire_foreign(Instant now) {
  now = whole(now);
  if (state_ == BreakerState::closed) settle_due(now);  // the next fixed window
  const BreakerAnswer answer = ask(BreakerOp::acquire, now);
  see(answer.state, {}, now);
  if (!answer.permit) return std::nullopt;
  if (state_ == BreakerState::half_open) ++probes_issued_;
  const Permit permit{epoch_, now};
  foreign_permits_.push_back({permit, *answer.permit});
  return permit;
}

ReportResult Breaker::report_foreign(Permit permit, BreakerOutcome outcome, Instant now) {
  now = whole(now);
  // An answer shows one arrow; the end of OPEN would hide behind what the result does.
  if (state_ == BreakerState::open) look_foreign(now);
  if (state_ == BreakerState::closed) settle_due(now);
  const bool late = permit.epoch != epoch_;
  if (late) ++late_results_;
  const BreakerAnswer answer = ask(BreakerOp::report, now, take_number(permit), outcome);
  const bool counts = outcome != BreakerOutcome::ignored && (!late || config_.late_results != LateResults::ignore);
  const bool failed = outcome == BreakerOutcome::failure;
  if (state_ == BreakerState::closed && counts) {
    consecutive_failures_ = failed ? consecutive_failures_ + 1 : 0;
    window_.add(permit.at, now, failed);
  }
  if (state_ == BreakerState::half_open && !late) {
    const bool forgiven = failed && config_.half_open_failure == HalfOpenFailure::ignore;
    if (outcome == BreakerOutcome::ignored || forgiven) --probes_issued_;
    if (outcome == BreakerOutcome::success) ++probe_successes_of_epoch_;
  }
  see(answer.state, permit, now);
  return {.late = late};
}

void Breaker::look_foreign(Instant now) {
  now = whole(now);
  if (state_ == BreakerState::closed) settle_due(now);
  see(ask(BreakerOp::state, now).state, {}, now);
}

BreakerAnswer Breaker::ask(BreakerOp op, Instant now, std::int64_t number, BreakerOutcome outcome) {
  BreakerAnswer answer =
      foreign_->ask({.op = op, .t_ms = now.time_since_epoch() / milliseconds{1}, .permit = number, .outcome = outcome});
  check(answer.error.empty(), "a foreign breaker has no objection to a right question");
  return answer;
}

// Takes the arrow that the answer shows, if any: whether the rules have it is for others to judge.
void Breaker::see(BreakerState state, Permit probe, Instant now) {
  if (state == state_) return;
  switch (state) {
    case BreakerState::closed:
      return close(probe, now);
    case BreakerState::half_open: {
      const bool was_due = state_ == BreakerState::open && open_is_over(now);
      return move_to(BreakerState::half_open, TripRule::none, was_due ? open_end() : now);
    }
    case BreakerState::open:
      return open(state_ == BreakerState::half_open ? TripRule::probe_failed : rule_fulfilled(), now);
  }
}

// Permits of one epoch and one instant differ in nothing that the foreign breaker could know, so any of them is the
// one.
std::int64_t Breaker::take_number(Permit permit) {
  const auto found = std::ranges::find(foreign_permits_, permit, &ForeignPermit::permit);
  check(found != foreign_permits_.end(), "a permit reports once");
  const std::int64_t number = found->number;
  foreign_permits_.erase(found);
  return number;
}

}  // namespace windtunnel::monitor
