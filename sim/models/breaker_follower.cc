#include "sim/models/breaker_follower.h"

#include <algorithm>

#include "sim/models/jitter_model.h"

namespace windtunnel::sim {

using monitor::BreakerCompare;
using monitor::BreakerOutcome;
using monitor::BreakerState;
using monitor::TripRule;
using monitor::WindowType;

BreakerFollower::BreakerFollower(const monitor::BreakerConfig& config, Instant created)
    : config_(config),
      keeps_samples_(config.window_type == WindowType::count || config.window_type == WindowType::time),
      closed_since_(created),
      window_since_(created) {
  if (!monitor::turns_by_outcomes(config.window_origin)) return;
  loose_.emplace(config, created);
  keeps_samples_ = false;
}

std::optional<ModelPermit> BreakerFollower::acquire(Instant now) {
  catch_up(now);
  if (config_.volume == monitor::Volume::attempts) attempts_.push_back(now);
  begin_half_open(now);
  switch (state_) {
    case BreakerState::closed:
      return ModelPermit{epoch_, now};
    case BreakerState::open:
      return std::nullopt;
    case BreakerState::half_open:
      break;
  }
  if (config_.half_open_max_calls != 0 && issued_ - returned_ >= config_.half_open_max_calls) return std::nullopt;
  if (issued_ == returned_) first_issued_ = now;
  ++issued_;
  return ModelPermit{.epoch = epoch_, .at = now, .is_probe = true};
}

bool BreakerFollower::report(ModelPermit permit, BreakerOutcome outcome, Instant now, monitor::ReplyKind kind) {
  catch_up(now);
  const bool late = permit.epoch != epoch_;
  if (late) {
    ++late_;
    if (config_.late_results == monitor::LateResults::ignore) return true;
  }
  const bool fatal = outcome == BreakerOutcome::fatal;
  const bool is_slow = config_.slow_call_rate && now - permit.at > config_.slow_call_duration;
  const Sample latest{permit.at, now, outcome == BreakerOutcome::failure || fatal, is_slow};
  const bool by_origin = monitor::acts_by_origin(config_.late_results);
  if (late && permit.is_probe && config_.late_results == monitor::LateResults::origin_counts) return true;
  if (late && by_origin) {
    if (outcome != BreakerOutcome::ignored) report_by_origin(latest, permit.is_probe, fatal, now, kind);
    return true;
  }
  if (state_ == BreakerState::closed) {
    if (outcome != BreakerOutcome::ignored) count(latest, fatal, now, kind);
    return late;
  }
  const bool forgets = !by_origin && (config_.on_close == monitor::OnClose::reset ||
                                      config_.on_close == monitor::OnClose::reset_plus_probe);
  const bool takes = state_ == BreakerState::half_open || latest.failed ||
                     config_.late_success_in_open == monitor::LateSuccessInOpen::count;
  if (!forgets && takes && outcome != BreakerOutcome::ignored) remember(latest, now);
  if (state_ == BreakerState::half_open) probe(latest, late, outcome, now);
  return late;
}

void BreakerFollower::report_by_origin(const Sample& latest, bool is_probe, bool fatal, Instant now,
                                       monitor::ReplyKind kind) {
  const bool forces = config_.late_results == monitor::LateResults::origin_forces;
  const bool is_open = state_ == BreakerState::open;
  const bool drops = is_open && !latest.failed && config_.late_success_in_open == monitor::LateSuccessInOpen::drop;
  if (!drops) remember(latest, now);
  if (drops && !is_probe) return;
  TripRule rule = is_probe && latest.failed ? TripRule::probe_failed : TripRule::none;
  if (!is_probe && fatal) {
    rule = TripRule::at_once;
  } else if (!is_probe && (latest.failed || config_.evaluate_on == monitor::EvaluateOn::any)) {
    rule = rule_that_trips(now);
    const bool is_too_many = latest.failed && !is_allowed(kind, now);
    if (rule == TripRule::none && is_too_many) rule = TripRule::allowed_fails;
  }
  if (rule != TripRule::none && is_open) {
    if (forces) opened_ = now;
    return;
  }
  if (rule != TripRule::none) {
    return go(BreakerState::open, state_ == BreakerState::half_open ? TripRule::probe_failed : rule, now);
  }
  if (!is_probe || state_ == BreakerState::closed || (is_open && !forces)) return;
  if (++judged_.calls < config_.half_open_success_threshold) return;
  go(BreakerState::closed, TripRule::none, now);
  if (config_.on_close == monitor::OnClose::reset_plus_probe) remember(latest, now);
}

void BreakerFollower::advance(Instant now) { catch_up(now); }

void BreakerFollower::begin_half_open(Instant now) {
  if (state_ == BreakerState::open && now >= open_end()) go(BreakerState::half_open, TripRule::none, now);
}

Instant BreakerFollower::open_end() const {
  const Duration wait = open_time() + Duration{config_.open_compare == BreakerCompare::gt ? 1 : 0};
  return wait > Instant::max() - opened_ ? Instant::max() : opened_ + wait;
}

Duration BreakerFollower::open_time() const {
  if (config_.open_jitter == Millionths{0}) return open_for_;
  const Uint128 share = jitter_bits(opened_);
  const auto most = static_cast<Uint128>(Int128{open_for_.count()} * config_.open_jitter.value / 1'000'000);
  return open_for_ + Duration{static_cast<std::int64_t>(most * share >> 64U)};
}

bool BreakerFollower::probes_are_overdue(Instant now) const {
  const bool is_due = state_ == BreakerState::half_open && config_.half_open_timeout && issued_ > returned_;
  return is_due && now - first_issued_ >= *config_.half_open_timeout;
}

// What time alone brings about.
inline void BreakerFollower::catch_up(Instant now) {
  if (probes_are_overdue(now)) {
    go(BreakerState::open, TripRule::half_open_timeout, first_issued_ + *config_.half_open_timeout);
  }
  const bool ends_by_itself = config_.state_view == monitor::StateView::eager;
  if (state_ == BreakerState::open && ends_by_itself && now >= open_end()) {
    go(BreakerState::half_open, TripRule::none, open_end());
  }
  const bool fixed = config_.window_type == WindowType::fixed;
  if (fixed && state_ == BreakerState::closed && now > window_since_ + config_.window) {
    ++epoch_;
    window_since_ = now;
    counts_ = {};
    run_ = 0;
  }
}

void BreakerFollower::forget(Instant now) {
  counts_ = {};
  attempts_.clear();
  samples_.clear();
  samples_first_ = 0;
  if (loose_) loose_->clear(now);
}

inline void BreakerFollower::count(const Sample& sample, bool fatal, Instant now, monitor::ReplyKind kind) {
  remember(sample, now);
  if (fatal) return go(BreakerState::open, TripRule::at_once, now);
  if (!sample.failed && !sample.slow && config_.evaluate_on == monitor::EvaluateOn::failure) return;
  TripRule rule = rule_that_trips(now);
  const bool is_too_many = sample.failed && !is_allowed(kind, now);
  if (rule == TripRule::none && is_too_many) rule = TripRule::allowed_fails;
  if (rule != TripRule::none) go(BreakerState::open, rule, now);
}

bool BreakerFollower::is_allowed(monitor::ReplyKind kind, Instant now) {
  const auto limit = config_.allowed_fails_by[index_of(kind)].has_value() ? config_.allowed_fails_by[index_of(kind)]
                                                                          : config_.allowed_fails;
  if (!limit) return true;
  if (now > allowed_until_) allowed_ = 0;
  if (allowed_ >= *limit) return false;
  ++allowed_;
  allowed_until_ = now + config_.open;
  return true;
}

inline void BreakerFollower::remember(const Sample& sample, Instant now) {
  run_ = sample.failed ? run_ + 1 : 0;
  if (!config_.window_type) return;
  if (loose_) return loose_->add(sample, now);
  ++counts_.calls;
  if (sample.failed) ++counts_.failures;
  if (sample.slow) ++counts_.slow;
  if (!keeps_samples_) return;
  // The room of those that have left is used again before more is asked for.
  if (samples_.size() == samples_.capacity() && samples_first_ > 0) {
    samples_.erase(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(samples_first_));
    samples_first_ = 0;
  }
  samples_.push_back(sample);
  leave(now);
}

// Lets go of the samples that no window from now on can hold.
inline void BreakerFollower::leave(Instant now) {
  const bool by_count = config_.window_type == WindowType::count;
  while (samples_first_ < samples_.size()) {
    const bool gone =
        by_count ? counts_.calls > config_.window_size : samples_[samples_first_].ended <= now - config_.window;
    if (!gone) return;
    --counts_.calls;
    if (samples_[samples_first_].failed) --counts_.failures;
    if (samples_[samples_first_].slow) --counts_.slow;
    ++samples_first_;
  }
}

BreakerFollower::Counts BreakerFollower::counts(Instant now) {
  if (loose_) return counts_of(loose_->outcomes());
  if (config_.window_type != WindowType::time) return counts_;
  leave(now);
  if (config_.window_buckets == 0) return counts_;
  Counts held;
  const std::int64_t first = bucket(now) - config_.window_buckets + 1;
  for (std::size_t i = samples_first_; i < samples_.size(); ++i) {
    const Sample& sample = samples_[i];
    if (bucket(config_.bucket_of == monitor::BucketOf::start ? sample.started : sample.ended) < first) continue;
    ++held.calls;
    if (sample.failed) ++held.failures;
    if (sample.slow) ++held.slow;
  }
  return held;
}

BreakerFollower::Counts BreakerFollower::counts_of(const std::vector<Sample>& samples) {
  Counts held{.calls = static_cast<std::int64_t>(samples.size())};
  held.failures = std::ranges::count(samples, true, &Sample::failed);
  held.slow = std::ranges::count(samples, true, &Sample::slow);
  return held;
}

// Those in the window; the others leave.
std::int64_t BreakerFollower::attempts(Instant now) {
  const std::int64_t first = bucket(now) - config_.window_buckets + 1;
  std::erase_if(attempts_, [&](Instant attempt) { return bucket(attempt) < first; });
  return static_cast<std::int64_t>(attempts_.size());
}

// The number of whole bucket widths (window / buckets) since the origin, rounded down.
std::int64_t BreakerFollower::bucket(Instant when) const {
  const Instant origin = config_.window_origin == monitor::WindowOrigin::epoch ? Instant{} : closed_since_;
  const Int128 scaled = Int128{(when - origin).count()} * config_.window_buckets;
  const Int128 width = config_.window.count();
  const Int128 whole = scaled / width;
  return static_cast<std::int64_t>(scaled < whole * width ? whole - 1 : whole);
}

TripRule BreakerFollower::rule_that_trips(Instant now) {
  const Counts held = counts(now);
  // Failures of the run that are older than the oldest outcome of the window count only in the unbounded scope.
  const bool is_bounded = config_.consecutive_scope == monitor::ConsecutiveScope::window;
  const std::int64_t run = is_bounded && held.calls < run_ ? held.calls : run_;
  if (config_.consecutive_threshold && run >= *config_.consecutive_threshold) return TripRule::consecutive;
  const std::int64_t all = config_.volume == monitor::Volume::attempts ? attempts(now) : held.calls;
  const bool enough = all >= config_.minimum_calls;
  if (config_.failure_rate_threshold && enough && too_many(held.failures, all, *config_.failure_rate_threshold)) {
    return TripRule::rate;
  }
  if (config_.failure_count_threshold && held.failures >= *config_.failure_count_threshold) return TripRule::count;
  if (config_.slow_call_rate && enough && too_many(held.slow, all, *config_.slow_call_rate))
    return TripRule::slow_calls;
  return TripRule::none;
}

bool BreakerFollower::too_many(std::int64_t bad, std::int64_t all, Millionths rate) const {
  Int128 excess = Int128{bad} * 1'000'000 - Int128{all} * rate.value;
  if (config_.rate_rounding == monitor::RateRounding::percent_int) {
    const std::int64_t whole = all == 0 ? 0 : 100 * bad / all;
    const bool goes_up = all != 0 && 2 * (100 * bad % all) >= all;
    excess = Int128{whole + (goes_up ? 1 : 0)} * 10'000 - rate.value;
  }
  return excess > 0 || (excess == 0 && config_.failure_rate_compare == BreakerCompare::ge);
}

void BreakerFollower::probe(const Sample& latest, bool late, BreakerOutcome outcome, Instant now) {
  const bool forgiven =
      outcome == BreakerOutcome::failure && config_.half_open_failure == monitor::HalfOpenFailure::ignore;
  const bool counts = outcome != BreakerOutcome::ignored && !forgiven;
  if (!late) ++reported_;
  if (!late && !counts) ++returned_;
  if (!counts) return;
  ++judged_.calls;
  if (latest.failed) ++judged_.failures;
  if (latest.slow) ++judged_.slow;
  bool reopens = latest.failed;
  if (config_.half_open_failure_rate && outcome != BreakerOutcome::fatal) {
    if (judged_.calls < config_.half_open_max_calls) return;
    reopens = too_many(judged_.failures, judged_.calls, *config_.half_open_failure_rate);
  } else if (!reopens && judged_.calls < config_.half_open_success_threshold) {
    return;
  }
  if (reopens) return go(BreakerState::open, TripRule::probe_failed, now);
  if (config_.slow_call_rate && too_many(judged_.slow, judged_.calls, *config_.slow_call_rate)) {
    return go(BreakerState::open, TripRule::slow_probes, now);
  }
  go(BreakerState::closed, TripRule::none, now);
  if (config_.on_close == monitor::OnClose::reset_plus_probe) remember(latest, now);
}

void BreakerFollower::go(BreakerState to, TripRule rule, Instant at) {
  const Counts held = counts(at);
  if (to == BreakerState::open) {
    const Duration most = config_.open_max.value_or(monitor::kBreakerDurationMax);
    const bool again =
        rule == TripRule::probe_failed || rule == TripRule::half_open_timeout || rule == TripRule::slow_probes;
    reopened_ = again ? reopened_ + 1 : 0;
    if (reopened_ <= 1) {
      open_for_ = config_.open < most ? config_.open : most;
    } else if (config_.open_backoff_multiplier.value != 1'000'000) {
      const Int128 longer = Int128{open_for_.count()} * config_.open_backoff_multiplier.value / 1'000'000;
      open_for_ = longer >= most.count() ? most : Duration{static_cast<std::int64_t>(longer)};
    }
    opened_ = at;
  }
  arrows_.push_back({.at = at,
                     .from = state_,
                     .to = to,
                     .rule = rule,
                     .epoch = ++epoch_,
                     .consecutive_failures = run_,
                     .window_calls = held.calls,
                     .window_failures = held.failures,
                     .open_for = to == BreakerState::open ? open_time() : Duration{0}});
  state_ = to;
  issued_ = returned_ = reported_ = 0;
  judged_ = {};
  if (to == BreakerState::open && config_.on_open == monitor::OnOpen::reset) {
    forget(at);
    run_ = allowed_ = 0;
  }
  if (to != BreakerState::closed) return;
  closed_since_ = window_since_ = at;
  reopened_ = 0;
  if (config_.on_close == monitor::OnClose::keep) return;
  run_ = 0;
  allowed_ = 0;
  counts_.failures = counts_.slow = 0;
  if (config_.on_close == monitor::OnClose::reset_failures) {
    for (Sample& sample : samples_) sample.failed = sample.slow = false;
    if (loose_) loose_->change_each([](Sample& sample) { sample.failed = sample.slow = false; });
    return;
  }
  forget(at);
}

}  // namespace windtunnel::sim
