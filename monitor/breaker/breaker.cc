#include "monitor/breaker/breaker.h"

#include <algorithm>

#include "base/stable_hash.h"

namespace windtunnel::monitor {
namespace {

// Whether so many failures are above the rate, or at it under ge.
bool is_beyond(Millionths rate, const BreakerConfig& config, WindowCounts counts) {
  std::int64_t failures = counts.failures * kMillion;
  std::int64_t limit = counts.calls * rate.value;
  if (config.rate_rounding == RateRounding::percent_int) {
    const std::int64_t percent = counts.calls == 0 ? 0 : (200 * counts.failures + counts.calls) / (2 * counts.calls);
    failures = percent * (kMillion / 100);
    limit = rate.value;
  }
  const bool ge = config.failure_rate_compare == BreakerCompare::ge;
  return failures > limit || (ge && failures == limit);
}

}  // namespace

Breaker::Breaker(const BreakerConfig& config, Instant created)
    : is_simple_(config.window_type != WindowType::fixed && config.volume == Volume::outcomes &&
                 !config.slow_call_rate),
      latest_(created),
      window_(config, created),
      config_(config) {
  check(!unsupported(config), "a breaker is built from settings it can honour");
  check(created >= Instant{}, "virtual time starts at 0 or later");
  if (config.slow_call_rate) slow_window_.emplace(config, created);
}

void Breaker::advance(Instant now) {
  begin_call(now);
  settle_due(now);
  const bool is_read = config_.state_view == StateView::on_read && state_ == BreakerState::open;
  if (is_read && open_is_over(now)) move_to(BreakerState::half_open, TripRule::none, now);
}

std::optional<Permit> Breaker::acquire_slow(Instant now) {
  settle_due(now);
  if (config_.volume == Volume::attempts) window_.add_attempt(now);
  if (state_ == BreakerState::open && open_is_over(now)) move_to(BreakerState::half_open, TripRule::none, now);
  switch (state_) {
    case BreakerState::closed:
      return Permit{epoch_, now};
    case BreakerState::open:
      return std::nullopt;
    case BreakerState::half_open:
      break;
  }
  if (config_.half_open_max_calls != 0 && probes_issued_ >= config_.half_open_max_calls) return std::nullopt;
  issue_probe(now);
  return Permit{epoch_, now, true};
}

ReportResult Breaker::report_slow(Permit permit, BreakerOutcome outcome, Instant now, ReplyKind kind) {
  settle_due(now);
  check(permit.epoch <= epoch_, "a permit is of this epoch or an earlier one");
  const bool late = permit.epoch != epoch_;
  if (late) {
    ++late_results_;
    if (config_.late_results == LateResults::ignore) return {.late = true};
    if (acts_by_origin(config_.late_results)) {
      report_by_origin(permit, outcome, now, kind);
      return {.late = true};
    }
  }
  switch (state_) {
    case BreakerState::closed:
      if (outcome == BreakerOutcome::ignored) break;
      sample_with_time(permit.at, outcome != BreakerOutcome::success, now);
      if (outcome != BreakerOutcome::success || config_.evaluate_on == EvaluateOn::any || is_slow(permit.at, now)) {
        judge(outcome, now, kind);
      }
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
  if (probes_took_too_long(now)) open(TripRule::half_open_timeout, probes_end_);
  switch (state_) {
    case BreakerState::open:
      if (open_is_over(now) && !is_lazy()) move_to(BreakerState::half_open, TripRule::none, open_end_);
      return;
    case BreakerState::closed:
      if (!window_.is_over(now)) return;
      window_.clear(now);
      if (slow_window_) slow_window_->clear(now);
      consecutive_failures_ = 0;
      ++epoch_;
      return;
    case BreakerState::half_open:
      return;
  }
}

// The state at an instant after the end of a HALF_OPEN that took too long, which no call has noticed yet.
BreakerState Breaker::state_after_timeout(Instant now) const {
  const Instant end = end_of_open(probes_end_, open_after(TripRule::half_open_timeout));
  return !is_lazy() && now >= end ? BreakerState::half_open : BreakerState::open;
}

void Breaker::judge(BreakerOutcome latest, Instant now, ReplyKind kind) {
  const TripRule rule = rule_after(latest, now, kind);
  if (rule != TripRule::none) open(rule, now);
}

TripRule Breaker::rule_after(BreakerOutcome latest, Instant now, ReplyKind kind) {
  const TripRule rule = latest == BreakerOutcome::fatal ? TripRule::at_once : rule_fulfilled();
  const bool is_failure = latest == BreakerOutcome::failure;
  if (is_failure && exceeds_allowed(kind, now) && rule == TripRule::none) return TripRule::allowed_fails;
  return rule;
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
  const WindowCounts counts = window_.counts();
  if (config_.consecutive_threshold && run_of_failures(counts) >= *config_.consecutive_threshold) {
    return TripRule::consecutive;
  }
  const std::int64_t volume = config_.volume == Volume::attempts ? counts.attempts : counts.calls;
  if (config_.failure_rate_threshold && volume >= config_.minimum_calls &&
      is_beyond(*config_.failure_rate_threshold, config_, {.calls = volume, .failures = counts.failures})) {
    return TripRule::rate;
  }
  if (config_.failure_count_threshold && counts.failures >= *config_.failure_count_threshold) return TripRule::count;
  if (config_.slow_call_rate && volume >= config_.minimum_calls &&
      is_beyond(*config_.slow_call_rate, config_, {.calls = volume, .failures = slow_window_->counts().failures})) {
    return TripRule::slow_calls;
  }
  return TripRule::none;
}

// Outcomes leave the window in the order in which they came, so that what is in it of the run is its end.
std::int64_t Breaker::run_of_failures(WindowCounts counts) const {
  if (config_.consecutive_scope == ConsecutiveScope::unbounded) return consecutive_failures_;
  return std::min(consecutive_failures_, counts.calls);
}

// A late result, judged by the state that issued its permit.
void Breaker::report_by_origin(Permit permit, BreakerOutcome outcome, Instant now, ReplyKind kind) {
  if (outcome == BreakerOutcome::ignored) return;
  if (permit.is_probe && config_.late_results == LateResults::origin_counts) return;
  const bool failed = outcome != BreakerOutcome::success;
  const bool drops = state_ == BreakerState::open && config_.late_success_in_open == LateSuccessInOpen::drop;
  if (state_ == BreakerState::closed) sample(permit.at, failed, now);
  sample_unless_closed(permit, outcome, now);
  if (!permit.is_probe) {
    if (!failed && (drops || config_.evaluate_on == EvaluateOn::failure)) return;
    const TripRule rule = rule_after(outcome, now, kind);
    if (rule != TripRule::none) open_by_origin(rule, now);
    return;
  }
  if (failed) return open_by_origin(TripRule::probe_failed, now);
  const bool forces = state_ == BreakerState::open && config_.late_results == LateResults::origin_forces;
  if (state_ != BreakerState::half_open && !forces) return;
  ++probe_successes_;
  if (probe_successes_ >= config_.half_open_success_threshold) close(permit, false, now);
}

void Breaker::open_by_origin(TripRule rule, Instant now) {
  switch (state_) {
    case BreakerState::closed:
      return open(rule, now);
    case BreakerState::half_open:
      return open(TripRule::probe_failed, now);
    case BreakerState::open:
      if (config_.late_results != LateResults::origin_forces) return;
      opened_at_ = now;
      open_end_ = end_of_open(now, open_for_);
      return;
  }
}

void Breaker::sample_unless_closed(Permit permit, BreakerOutcome outcome, Instant now) {
  const bool covers = keeps_counts(config_.on_close) || acts_by_origin(config_.late_results);
  if (state_ == BreakerState::closed || !covers || outcome == BreakerOutcome::ignored) return;
  const bool drops = state_ == BreakerState::open && config_.late_success_in_open == LateSuccessInOpen::drop;
  if (drops && outcome == BreakerOutcome::success) return;
  sample_with_time(permit.at, outcome != BreakerOutcome::success, now);
}

void Breaker::sample_with_time(Instant started, bool failed, Instant now) {
  sample(started, failed, now);
  if (slow_window_) slow_window_->add(started, now, is_slow(started, now));
}

void Breaker::issue_probe(Instant now) {
  if (++probes_issued_ > 1 || !config_.half_open_timeout) return;
  const Duration timeout = *config_.half_open_timeout;
  probes_end_ = timeout > Instant::max() - now ? Instant::max() : now + timeout;
}

void Breaker::take_back_probe() {
  if (--probes_issued_ == 0) probes_end_ = Instant::max();
}

void Breaker::decide_probe(Permit permit, BreakerOutcome outcome, bool late, Instant now) {
  check(late || permits_in_flight() > 0, "a probe reports once");
  const bool fatal = outcome == BreakerOutcome::fatal;
  const bool failed = outcome == BreakerOutcome::failure || fatal;
  const bool forgiven = failed && !fatal && config_.half_open_failure == HalfOpenFailure::ignore;
  if (outcome == BreakerOutcome::ignored || forgiven) {
    if (!late) take_back_probe();
    return;
  }
  if (!late) ++probes_reported_;
  count_probe(permit, failed, now);
  if (fatal) return open(TripRule::probe_failed, now);
  if (config_.half_open_failure_rate) {
    if (probe_failures_ + probe_successes_ < config_.half_open_max_calls) return;
  } else if (!failed && probe_successes_ < config_.half_open_success_threshold) {
    return;
  }
  const TripRule rule = rule_of_probes(failed);
  if (rule != TripRule::none) return open(rule, now);
  close(permit, failed, now);
}

void Breaker::count_probe(Permit permit, bool failed, Instant now) {
  ++(failed ? probe_failures_ : probe_successes_);
  if (is_slow(permit.at, now)) ++probes_slow_;
}

TripRule Breaker::rule_of_probes(bool failed) const {
  const std::int64_t calls = probe_failures_ + probe_successes_;
  const auto& rate = config_.half_open_failure_rate;
  if (rate ? is_beyond(*rate, config_, {.calls = calls, .failures = probe_failures_}) : failed) {
    return TripRule::probe_failed;
  }
  const auto& slow_rate = config_.slow_call_rate;
  if (slow_rate && is_beyond(*slow_rate, config_, {.calls = calls, .failures = probes_slow_})) {
    return TripRule::slow_probes;
  }
  return TripRule::none;
}

void Breaker::open(TripRule rule, Instant now) {
  open_for_ = open_after(rule);
  if (is_reopening(rule)) ++reopenings_;
  opened_at_ = now;
  open_end_ = end_of_open(now, open_for_);
  move_to(BreakerState::open, rule, now);
  if (config_.on_open == OnOpen::keep) return;
  window_.forget(now);
  if (slow_window_) slow_window_->forget(now);
  consecutive_failures_ = fails_ = 0;
}

void Breaker::close(Permit probe, bool failed, Instant now) {
  move_to(BreakerState::closed, TripRule::none, now);
  opened_at_.reset();
  reopenings_ = 0;
  window_.close(config_.on_close, now);
  if (slow_window_) slow_window_->close(config_.on_close, now);
  if (config_.on_close == OnClose::keep) return;
  consecutive_failures_ = 0;
  fails_ = 0;
  if (config_.on_close == OnClose::reset_plus_probe) sample_with_time(probe.at, failed, now);
}

void Breaker::move_to(BreakerState state, TripRule rule, Instant at) {
  const WindowCounts counts = window_.counts(at);
  transitions_[transitions_made_++] = {
      .at = at,
      .from = state_,
      .to = state,
      .rule = rule,
      .epoch = ++epoch_,
      .consecutive_failures = consecutive_failures_,
      .window_calls = counts.calls,
      .window_failures = counts.failures,
      .open_for = state == BreakerState::open ? with_jitter(open_for_, at) : Duration::zero()};
  state_ = state;
  probes_issued_ = probes_reported_ = probe_successes_ = probe_failures_ = probes_slow_ = 0;
  probes_end_ = Instant::max();
}

Duration Breaker::open_after(TripRule rule) const {
  if (is_reopening(rule) && reopenings_ > 0) return longer(open_for_);
  return std::min(config_.open, config_.open_max.value_or(kBreakerDurationMax));
}

Duration Breaker::with_jitter(Duration open_for, Instant opened) const {
  if (config_.open_jitter.value == 0) return open_for;
  constexpr std::uint64_t kSalt = stable_hash("breaker/open_jitter");
  const auto share = stable_hash(static_cast<std::uint64_t>(opened.time_since_epoch().count()), kSalt);
  const Int128 most = Int128{open_for.count()} * config_.open_jitter.value / kMillion;
  return open_for +
         Duration{static_cast<std::int64_t>((static_cast<Uint128>(share) * static_cast<Uint128>(most)) >> 64)};
}

Instant Breaker::end_of_open(Instant opened, Duration open_for) const {
  const Duration wait = with_jitter(open_for, opened) + Duration{config_.open_compare == BreakerCompare::gt ? 1 : 0};
  return wait > Instant::max() - opened ? Instant::max() : opened + wait;
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
