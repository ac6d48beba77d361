#include "monitor/breaker/breaker.h"

#include <algorithm>

namespace windtunnel::monitor {
namespace {

// Whether so many failures are above the rate, or at it under ge.
bool is_beyond(Millionths rate, BreakerCompare compare, WindowCounts counts) {
  const std::int64_t failures = counts.failures * kMillion;
  const std::int64_t limit = counts.calls * rate.value;
  const bool ge = compare == BreakerCompare::ge;
  return failures > limit || (ge && failures == limit);
}

}  // namespace

Breaker::Breaker(const BreakerConfig& config, Instant created)
    : window_stays_(config.window_type != WindowType::fixed),
      latest_(created),
      window_(config, created),
      config_(config) {
  check(!unsupported(config), "a breaker is built from settings it can honour");
  check(created >= Instant{}, "virtual time starts at 0 or later");
}

void Breaker::advance(Instant now) {
  begin_call(now);
  settle_due(now);
}

std::optional<Permit> Breaker::acquire_slow(Instant now) {
  settle_due(now);
  switch (state_) {
    case BreakerState::closed:
      return Permit{epoch_, now};
    case BreakerState::open:
      return std::nullopt;
    case BreakerState::half_open:
      break;
  }
  if (config_.half_open_max_calls != 0 && probes_issued_ >= config_.half_open_max_calls) return std::nullopt;
  ++probes_issued_;
  return Permit{epoch_, now};
}

ReportResult Breaker::report_slow(Permit permit, BreakerOutcome outcome, Instant now, ReplyKind kind) {
  settle_due(now);
  check(permit.epoch <= epoch_, "a permit is of this epoch or an earlier one");
  const bool late = permit.epoch != epoch_;
  if (late) {
    ++late_results_;
    if (config_.late_results == LateResults::ignore) return {.late = true};
  }
  switch (state_) {
    case BreakerState::closed:
      count(permit.at, outcome, now, kind);
      break;
    case BreakerState::open:
      sample_unless_closed(permit, outcome, now);
      break;
    case BreakerState::half_open:
      sample_unless_closed(permit, outcome, now);
      decide_probe(permit, outcome, late, now);
      break;
  }
  return {.late = late};
}

void Breaker::settle_due(Instant now) {
  switch (state_) {
    case BreakerState::open:
      if (open_is_over(now)) move_to(BreakerState::half_open, TripRule::none, open_end_);
      return;
    case BreakerState::closed:
      if (!window_.is_over(now)) return;
      window_.clear(now);
      consecutive_failures_ = 0;
      ++epoch_;
      return;
    case BreakerState::half_open:
      return;
  }
}

void Breaker::judge(BreakerOutcome latest, Instant now, ReplyKind kind) {
  TripRule rule = latest == BreakerOutcome::fatal ? TripRule::at_once : rule_fulfilled();
  const bool is_failure = latest == BreakerOutcome::failure;
  if (is_failure && exceeds_allowed(kind, now) && rule == TripRule::none) rule = TripRule::allowed_fails;
  if (rule != TripRule::none) open(rule, now);
}

bool Breaker::exceeds_allowed(ReplyKind kind, Instant now) {
  const auto& own = config_.allowed_fails_by[index_of(kind)];
  const auto& allowed = own ? own : config_.allowed_fails;
  if (!allowed) return false;
  if (now - failed_at_ > config_.open) fails_ = 0;
  if (fails_ >= *allowed) return true;
  ++fails_;
  failed_at_ = now;
  return false;
}

TripRule Breaker::rule_fulfilled() const {
  if (config_.consecutive_threshold && consecutive_failures_ >= *config_.consecutive_threshold) {
    return TripRule::consecutive;
  }
  const WindowCounts counts = window_.counts();
  if (config_.failure_rate_threshold && counts.calls >= config_.minimum_calls &&
      is_beyond(*config_.failure_rate_threshold, config_.failure_rate_compare, counts)) {
    return TripRule::rate;
  }
  if (config_.failure_count_threshold && counts.failures >= *config_.failure_count_threshold) return TripRule::count;
  return TripRule::none;
}

void Breaker::sample_unless_closed(Permit permit, BreakerOutcome outcome, Instant now) {
  if (!keeps_counts(config_.on_close) || outcome == BreakerOutcome::ignored) return;
  const bool drops = state_ == BreakerState::open && config_.late_success_in_open == LateSuccessInOpen::drop;
  if (drops && outcome == BreakerOutcome::success) return;
  sample(permit.at, outcome != BreakerOutcome::success, now);
}

void Breaker::decide_probe(Permit permit, BreakerOutcome outcome, bool late, Instant now) {
  check(late || permits_in_flight() > 0, "a probe reports once");
  const bool fatal = outcome == BreakerOutcome::fatal;
  const bool failed = outcome == BreakerOutcome::failure || fatal;
  const bool forgiven = failed && !fatal && config_.half_open_failure == HalfOpenFailure::ignore;
  if (outcome == BreakerOutcome::ignored || forgiven) {
    if (!late) --probes_issued_;
    return;
  }
  if (!late) ++probes_reported_;
  if (config_.half_open_failure_rate && !fatal) {
    judge_probes(permit, failed, now);
    return;
  }
  if (failed) {
    open(TripRule::probe_failed, now);
    return;
  }
  ++probe_successes_;
  if (probe_successes_ >= config_.half_open_success_threshold) close(permit, false, now);
}

void Breaker::judge_probes(Permit latest, bool failed, Instant now) {
  ++(failed ? probe_failures_ : probe_successes_);
  const WindowCounts counts{.calls = probe_failures_ + probe_successes_, .failures = probe_failures_};
  if (counts.calls < config_.half_open_max_calls) return;
  if (is_beyond(*config_.half_open_failure_rate, config_.failure_rate_compare, counts)) {
    open(TripRule::probe_failed, now);
  } else {
    close(latest, failed, now);
  }
}

void Breaker::open(TripRule rule, Instant now) {
  if (rule != TripRule::probe_failed || reopenings_ == 0) {
    open_for_ = std::min(config_.open, config_.open_max.value_or(kBreakerDurationMax));
  } else {
    open_for_ = longer(open_for_);
  }
  if (rule == TripRule::probe_failed) ++reopenings_;
  opened_at_ = now;
  open_end_ = end_of_open();
  move_to(BreakerState::open, rule, now);
}

void Breaker::close(Permit probe, bool failed, Instant now) {
  move_to(BreakerState::closed, TripRule::none, now);
  opened_at_.reset();
  reopenings_ = 0;
  if (config_.on_close == OnClose::keep) {
    window_.rebase(now);
    return;
  }
  if (config_.on_close == OnClose::reset_failures) {
    consecutive_failures_ = 0;
    fails_ = 0;
    window_.forget_failures();
    window_.rebase(now);
    return;
  }
  consecutive_failures_ = 0;
  fails_ = 0;
  window_.clear(now);
  if (config_.on_close == OnClose::reset_plus_probe) sample(probe.at, failed, now);
}

void Breaker::move_to(BreakerState state, TripRule rule, Instant at) {
  const WindowCounts counts = window_.counts(at);
  transitions_[transitions_made_++] = {.at = at,
                                       .from = state_,
                                       .to = state,
                                       .rule = rule,
                                       .epoch = ++epoch_,
                                       .consecutive_failures = consecutive_failures_,
                                       .window_calls = counts.calls,
                                       .window_failures = counts.failures,
                                       .open_for = state == BreakerState::open ? open_for_ : Duration::zero()};
  state_ = state;
  probes_issued_ = probes_reported_ = probe_successes_ = probe_failures_ = 0;
}

Instant Breaker::end_of_open() const {
  const Duration wait = open_for_ + Duration{config_.open_compare == BreakerCompare::gt ? 1 : 0};
  return wait > Instant::max() - *opened_at_ ? Instant::max() : *opened_at_ + wait;
}

Duration Breaker::longer(Duration open_for) const {
  const Int128 product = Int128{open_for.count()} * config_.open_backoff_multiplier.value / kMillion;
  const std::int64_t cap = config_.open_max.value_or(kBreakerDurationMax).count();
  return Duration{product > cap ? cap : static_cast<std::int64_t>(product)};
}

WindowCounts Breaker::window_counts(Instant now) const {
  check(now >= latest_, "a breaker's time never goes backwards");
  // The next fixed window is empty, whether or not anybody has started it.
  if (state_ == BreakerState::closed && window_.is_over(now)) return {};
  return window_.counts(now);
}

}  // namespace windtunnel::monitor
