// This file is long because it works every answer out again, setting by setting, and shares no code with the breaker.

#include "sim/models/breaker_model.h"

#include <algorithm>

#include "sim/models/jitter_model.h"

namespace windtunnel::sim {

using monitor::BreakerCompare;
using monitor::BreakerOutcome;
using monitor::BreakerState;
using monitor::TripRule;
using monitor::WindowType;

namespace {

// Whether a value has reached a limit: above it, or at it where `ge` allows equality.
bool reaches(Int128 value, Int128 limit, BreakerCompare compare) {
  return compare == BreakerCompare::ge ? value >= limit : value > limit;
}

// Whether `bad` of `all` outcomes reach a rate.
bool reaches_rate(std::int64_t bad, std::int64_t all, Millionths rate, const monitor::BreakerConfig& config) {
  const BreakerCompare compare = config.failure_rate_compare;
  if (config.rate_rounding == monitor::RateRounding::none) {
    return reaches(Int128{1'000'000} * bad, Int128{rate.value} * all, compare);
  }
  // The whole number of percent p for which p - 1/2 <= 100 bad / all < p + 1/2.
  std::int64_t percent = 0;
  while (all > 0 && (2 * percent + 1) * all <= 200 * bad) ++percent;
  return reaches(Int128{10'000} * percent, rate.value, compare);
}

}  // namespace

BreakerModel::BreakerModel(const monitor::BreakerConfig& config, Instant created, BreakerQuirks quirks)
    : config_(config), quirks_(quirks), closed_since_(created), window_since_(created) {
  if (monitor::turns_by_outcomes(config.window_origin)) loose_.emplace(config, created);
  if (config.volume == monitor::Volume::attempts) quirks_.minimum_of_attempts = quirks_.rate_of_attempts = true;
}

std::optional<ModelPermit> BreakerModel::acquire(Instant now) {
  transitions_.clear();
  catch_up(now);
  if (quirks_.minimum_of_attempts || quirks_.rate_of_attempts) attempts_.push_back({.started = now, .ended = now});
  if (state_ == BreakerState::open) {
    if (!open_has_ended(now)) return std::nullopt;
    go(BreakerState::half_open, TripRule::none, now);
  }
  if (state_ == BreakerState::half_open) {
    const bool limited = config_.half_open_max_calls > 0;
    if (limited && probes_.issued - probes_.returned >= config_.half_open_max_calls) return std::nullopt;
    ++probes_.issued;
    if (!probes_.since) probes_.since = now;
  }
  return ModelPermit{epoch_, now, state_ == BreakerState::half_open};
}

bool BreakerModel::report(ModelPermit permit, BreakerOutcome outcome, Instant now, monitor::ReplyKind kind) {
  transitions_.clear();
  catch_up(now);
  const bool late = permit.epoch != epoch_;
  if (late) ++late_;
  if (late) act_on_late(permit, outcome, now);
  if (late && config_.late_results == monitor::LateResults::ignore) return true;
  const bool by_origin = config_.late_results == monitor::LateResults::origin_counts ||
                         config_.late_results == monitor::LateResults::origin_counts_stale_probe ||
                         config_.late_results == monitor::LateResults::origin_forces;
  // What lives through a close has missed nothing.
  const bool lives_on =
      config_.on_close == monitor::OnClose::keep || config_.on_close == monitor::OnClose::reset_failures;
  const bool frozen = state_ == BreakerState::open && outcome == BreakerOutcome::success &&
                      config_.late_success_in_open == monitor::LateSuccessInOpen::drop;
  if (late && by_origin) {
    if (outcome == BreakerOutcome::ignored) return true;
    if (permit.is_probe && config_.late_results == monitor::LateResults::origin_counts) return true;
    if (!frozen) remember(outcome_of(permit, outcome != BreakerOutcome::success, now, kind), now);
    if (!frozen || permit.is_probe) judge_late_by_origin(permit, outcome, now, kind);
    return true;
  }
  if ((lives_on || by_origin) && !frozen && state_ != BreakerState::closed && outcome != BreakerOutcome::ignored) {
    remember(outcome_of(permit, outcome != BreakerOutcome::success, now, kind), now);
  }
  if (state_ == BreakerState::half_open) {
    probe(permit, late, outcome, now);
  } else if (state_ == BreakerState::closed && outcome != BreakerOutcome::ignored) {
    sample(outcome_of(permit, outcome != BreakerOutcome::success, now, kind), outcome == BreakerOutcome::fatal, now);
  }
  return late;
}

bool BreakerModel::give_back(ModelPermit permit, Instant now) { return report(permit, BreakerOutcome::ignored, now); }

void BreakerModel::advance(Instant now) {
  transitions_.clear();
  catch_up(now);
  const bool ends_when_read = config_.state_view == monitor::StateView::on_read;
  if (ends_when_read && state_ == BreakerState::open && open_has_ended(now)) {
    go(BreakerState::half_open, TripRule::none, now);
  }
}

BreakerState BreakerModel::state(Instant now) const {
  const bool by_itself = config_.state_view == monitor::StateView::eager;
  if (state_ == BreakerState::open && by_itself && open_has_ended(now)) return BreakerState::half_open;
  if (const auto end = half_open_end(); end && *end <= now) {
    BreakerModel later = *this;
    later.catch_up(now);
    return later.state_;
  }
  return state_;
}

std::optional<Instant> BreakerModel::wakeup() const {
  if (state_ == BreakerState::half_open) return half_open_end();
  if (config_.state_view != monitor::StateView::eager) return std::nullopt;
  return open_end();
}

std::optional<Instant> BreakerModel::open_end() const {
  if (state_ != BreakerState::open) return std::nullopt;
  const Instant end = opened_ + open_time();
  return config_.open_compare == BreakerCompare::gt ? end + Duration{1} : end;
}

std::optional<Instant> BreakerModel::half_open_end() const {
  if (state_ != BreakerState::half_open || !config_.half_open_timeout || !probes_.since) return std::nullopt;
  return *probes_.since + *config_.half_open_timeout;
}

std::int64_t BreakerModel::window_calls(Instant now) const {
  if (state_ == BreakerState::closed && window_has_ended(now)) return 0;
  return static_cast<std::int64_t>(window(now).size());
}

std::int64_t BreakerModel::window_failures(Instant now) const {
  if (state_ == BreakerState::closed && window_has_ended(now)) return 0;
  const std::vector<Outcome> outcomes = window(now);
  return std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& o) { return o.failed; });
}

std::int64_t BreakerModel::window_slow(Instant now) const {
  if (state_ == BreakerState::closed && window_has_ended(now)) return 0;
  const std::vector<Outcome> outcomes = window(now);
  return std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& o) { return o.slow; });
}

std::optional<Instant> BreakerModel::opened_at() const {
  if (state_ == BreakerState::closed) return std::nullopt;
  return opened_;
}

// What time alone brings about.
void BreakerModel::catch_up(Instant now) {
  const bool by_itself = config_.state_view == monitor::StateView::eager;
  if (const auto end = half_open_end(); end && *end <= now) {
    ++failed_probes_in_a_row_;
    go(BreakerState::open, TripRule::half_open_timeout, *end);
  }
  if (state_ == BreakerState::open && by_itself && open_has_ended(now)) {
    go(BreakerState::half_open, TripRule::none, *open_end());
  }
  if (state_ == BreakerState::closed && window_has_ended(now)) {
    ++epoch_;
    window_since_ = now;
    outcomes_.clear();
    attempts_.clear();
    run_ = 0;
  }
}

// The failures at the end of what the consecutive rule looks at.
std::int64_t BreakerModel::run_in_scope(Instant now) const {
  if (config_.consecutive_scope == monitor::ConsecutiveScope::unbounded) return run_;
  std::int64_t failures = 0;
  const std::vector<Outcome> outcomes = window(now);
  for (auto latest = outcomes.rbegin(); latest != outcomes.rend() && latest->failed; ++latest) ++failures;
  // A close with reset_failures or none of them clears the run, whatever the window keeps.
  return std::min(failures, run_);
}

void BreakerModel::remember(const Outcome& outcome, Instant now) {
  forget(now);
  if (loose_) loose_->add(outcome, now);
  outcomes_.push_back(outcome);
  run_ = outcome.failed ? run_ + 1 : quirks_.success_keeps_run ? run_ : 0;
}

void BreakerModel::sample(const Outcome& outcome, bool fatal, Instant now) {
  remember(outcome, now);
  if (fatal) return go(BreakerState::open, TripRule::at_once, now);
  if (!outcome.failed && !outcome.slow && config_.evaluate_on == monitor::EvaluateOn::failure) return;
  TripRule rule = rule_that_trips(now);
  if (outcome.failed && is_beyond_allowed(outcome) && rule == TripRule::none) rule = TripRule::allowed_fails;
  if (rule != TripRule::none) go(BreakerState::open, rule, now);
}

TripRule BreakerModel::rule_that_trips(Instant now) const {
  if (config_.consecutive_threshold && run_in_scope(now) >= *config_.consecutive_threshold) {
    return TripRule::consecutive;
  }
  const std::int64_t calls = window_calls(now);
  const std::int64_t failures = window_failures(now);
  const std::int64_t enough = quirks_.minimum_of_attempts ? attempts(now) : calls;
  const std::int64_t all = quirks_.rate_of_attempts ? attempts(now) : calls;
  if (config_.failure_rate_threshold && enough >= config_.minimum_calls &&
      reaches_rate(failures, all, *config_.failure_rate_threshold, config_)) {
    return TripRule::rate;
  }
  if (config_.failure_count_threshold && failures >= *config_.failure_count_threshold) return TripRule::count;
  if (config_.slow_call_rate && enough >= config_.minimum_calls &&
      reaches_rate(window_slow(now), all, *config_.slow_call_rate, config_)) {
    return TripRule::slow_calls;
  }
  return TripRule::none;
}

// Those of before count as long as each came within `open` of the one before it.
bool BreakerModel::is_beyond_allowed(const Outcome& failure) {
  const auto& of_kind = config_.allowed_fails_by[index_of(failure.kind)];
  if (!of_kind && !config_.allowed_fails) return false;
  if (!allowed_.empty() && allowed_.back() + config_.open < failure.ended) allowed_.clear();
  if (static_cast<std::int64_t>(allowed_.size()) >= (of_kind ? *of_kind : *config_.allowed_fails)) return true;
  allowed_.push_back(failure.ended);
  return false;
}

std::int64_t BreakerModel::attempts(Instant now) const {
  return static_cast<std::int64_t>(window_of(attempts_, now).size());
}

void BreakerModel::probe(ModelPermit permit, bool late, BreakerOutcome outcome, Instant now) {
  if (outcome == BreakerOutcome::failure && config_.half_open_failure == monitor::HalfOpenFailure::ignore) {
    outcome = BreakerOutcome::ignored;
  } else if (outcome == BreakerOutcome::ignored && !late && quirks_.ignored_probe_succeeds) {
    outcome = BreakerOutcome::success;
  }
  if (outcome == BreakerOutcome::ignored) {
    if (!late) ++probes_.returned;
    if (probes_.issued == probes_.returned) probes_.since.reset();
    return;
  }
  const bool failed = outcome != BreakerOutcome::success;
  const Outcome latest = outcome_of(permit, failed, now, monitor::ReplyKind::server_error);
  if (latest.slow) ++probes_.slow;
  if (outcome == BreakerOutcome::fatal) return reopen(TripRule::probe_failed, now);
  if (failed) ++(late ? probes_.failed_late : probes_.failed);
  if (!failed) ++(late ? probes_.succeeded_late : probes_.succeeded);
  const std::int64_t failures = probes_.failed + probes_.failed_late;
  const std::int64_t successes = probes_.succeeded + probes_.succeeded_late;
  const std::int64_t all = failures + successes;
  if (const auto rate = config_.half_open_failure_rate) {
    // As many outcomes as there are permits are judged together, whichever calls they are of.
    if (all < config_.half_open_max_calls) return;
    if (reaches_rate(failures, all, *rate, config_)) return reopen(TripRule::probe_failed, now);
  } else {
    if (failed) return reopen(TripRule::probe_failed, now);
    if (successes < config_.half_open_success_threshold) return;
  }
  const auto slow_rate = config_.slow_call_rate;
  if (slow_rate && reaches_rate(probes_.slow, all, *slow_rate, config_)) {
    return reopen(TripRule::slow_probes, now);
  }
  close(latest, now);
}

BreakerModel::Outcome BreakerModel::outcome_of(ModelPermit permit, bool failed, Instant now,
                                               monitor::ReplyKind kind) const {
  const bool slow = config_.slow_call_rate && now - permit.at > config_.slow_call_duration;
  return {.started = permit.at, .ended = now, .failed = failed, .slow = slow, .kind = kind};
}

void BreakerModel::reopen(TripRule rule, Instant now) {
  ++failed_probes_in_a_row_;
  go(BreakerState::open, rule, now);
}

void BreakerModel::close(const Outcome& last_probe, Instant now) {
  go(BreakerState::closed, TripRule::none, now);
  if (config_.on_close != monitor::OnClose::reset_plus_probe) return;
  if (loose_) loose_->add(last_probe, now);
  outcomes_.push_back(last_probe);
  run_ = last_probe.failed ? 1 : 0;
}

void BreakerModel::go(BreakerState to, TripRule rule, Instant at) {
  const std::int64_t calls = static_cast<std::int64_t>(window(at).size());
  const std::vector<Outcome> outcomes = window(at);
  const std::int64_t failures =
      std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& o) { return o.failed; });
  ++epoch_;
  if (to == BreakerState::open) opened_ = at;
  transitions_.push_back({.at = at,
                          .from = state_,
                          .to = to,
                          .rule = rule,
                          .epoch = epoch_,
                          .consecutive_failures = run_,
                          .window_calls = calls,
                          .window_failures = failures,
                          .open_for = to == BreakerState::open ? open_time() : Duration::zero()});
  state_ = to;
  probes_ = {};
  if (to == BreakerState::open && config_.on_open == monitor::OnOpen::reset) {
    forget_outcomes(at);
    run_ = 0;
  }
  if (to == BreakerState::closed) {
    closed_since_ = window_since_ = at;
    failed_probes_in_a_row_ = 0;
    switch (config_.on_close) {
      case monitor::OnClose::keep:
        return;
      case monitor::OnClose::reset_failures:
        allowed_.clear();
        for (Outcome& outcome : outcomes_) outcome.failed = outcome.slow = false;
        if (loose_) loose_->change_each([](Outcome& outcome) { outcome.failed = outcome.slow = false; });
        break;
      case monitor::OnClose::reset:
      case monitor::OnClose::reset_plus_probe:
        forget_outcomes(at);
        break;
    }
    run_ = 0;
  }
}

void BreakerModel::forget_outcomes(Instant now) {
  outcomes_.clear();
  attempts_.clear();
  allowed_.clear();
  if (loose_) loose_->clear(now);
}

Duration BreakerModel::open_time() const {
  const Duration cap = config_.open_max.value_or(monitor::kBreakerDurationMax);
  Int128 nanoseconds = config_.open.count();
  for (std::int64_t k = 1; k < failed_probes_in_a_row_; ++k) {
    nanoseconds = nanoseconds * config_.open_backoff_multiplier.value / 1'000'000;
    if (nanoseconds >= cap.count()) break;
  }
  const Int128 wait = std::min<Int128>(nanoseconds, cap.count());
  // An even draw of all instants below the wait's `open_jitter`, by the 64 bits that belong to the opening.
  const Uint128 bits = jitter_bits(opened_);
  const Uint128 widest = static_cast<Uint128>(wait * config_.open_jitter.value / 1'000'000);
  return Duration{static_cast<std::int64_t>(wait + static_cast<Int128>(widest * bits / (Uint128{1} << 64U)))};
}

bool BreakerModel::open_has_ended(Instant now) const {
  if (quirks_.stuck_if_opened_at_zero && opened_ == Instant{}) return false;
  return reaches((now - opened_).count(), open_time().count(), config_.open_compare);
}

bool BreakerModel::window_has_ended(Instant now) const {
  return config_.window_type == WindowType::fixed && now > window_since_ + config_.window;
}

std::vector<BreakerModel::Outcome> BreakerModel::window_of(const std::vector<Outcome>& all, Instant now) const {
  if (!config_.window_type) return {};
  if (loose_) return loose_->outcomes();
  std::vector<Outcome> chosen;
  if (config_.window_type == WindowType::count) {
    const auto size = std::min(all.size(), static_cast<std::size_t>(config_.window_size));
    chosen.assign(all.end() - static_cast<std::ptrdiff_t>(size), all.end());
    return chosen;
  }
  for (const Outcome& outcome : all) {
    if (in_window(outcome, now)) chosen.push_back(outcome);
  }
  return chosen;
}

bool BreakerModel::in_window(const Outcome& outcome, Instant now) const {
  if (config_.window_type != WindowType::time) return true;
  if (config_.window_buckets == 0) return outcome.ended > now - config_.window && outcome.ended <= now;
  const Instant dated = config_.bucket_of == monitor::BucketOf::start ? outcome.started : outcome.ended;
  return bucket(dated) > bucket(now) - config_.window_buckets;
}

// The whole number k for which k x width <= elapsed < (k + 1) x width, width = window / buckets, without dividing
// nanoseconds.
std::int64_t BreakerModel::bucket(Instant when) const {
  const Instant origin = config_.window_origin == monitor::WindowOrigin::epoch ? Instant{} : closed_since_;
  const Int128 elapsed = Int128{(when - origin).count()} * config_.window_buckets;
  const Int128 width = config_.window.count();
  Int128 k = elapsed / width;
  while (k * width > elapsed) --k;
  return static_cast<std::int64_t>(k);
}

// Outcomes that no later window can hold need not be remembered; this bounds the memory of a long run and decides
// nothing.
void BreakerModel::forget(Instant now) {
  if (config_.window_type == WindowType::lifetime || config_.window_type == WindowType::fixed) return;
  if (outcomes_.size() < 1024) return;
  if (!config_.window_type) outcomes_.clear();
  if (config_.window_type == WindowType::count &&
      outcomes_.size() > 2 * static_cast<std::size_t>(config_.window_size)) {
    outcomes_.erase(outcomes_.begin(), outcomes_.end() - static_cast<std::ptrdiff_t>(config_.window_size));
  }
  if (config_.window_type == WindowType::time && outcomes_[outcomes_.size() / 2].ended <= now - config_.window) {
    std::erase_if(outcomes_, [&](const Outcome& o) { return o.ended <= now - config_.window; });
  }
}

}  // namespace windtunnel::sim
