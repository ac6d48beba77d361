#pragma once
// Decides whether a provider may be called. It owns no clock, starts no timer and calls nothing, because every call
// carries `now`.
//
//   closed    -- a failure fulfils a rule (consecutive, rate, count),
//                or is fatal, or too many calls are slow --------------> open
//   open      -- the open time has passed ----------------------------> half_open
//   half_open -- enough probes succeeded, or too few failed ----------> closed
//   half_open -- a probe failed, or too many did or were slow,
//                or they did not decide in time (half_open_timeout) ---> open, with a fresh deadline
//   open      -- a probe of an earlier half_open succeeds ------------> closed (late_results origin_forces alone)
//
// CLOSED admits every call, OPEN none, HALF_OPEN as many probes per epoch as the settings permit; the others are
// refused, never queued. Every arrow starts a new epoch, and a permit is of the epoch that issued it: a result that
// comes back in another epoch is late and changes nothing (setting late_results). Opening keeps the counters, closing
// clears them, and a probe's outcome is no sample; counters that live through a close (setting on_close) cover every
// outcome instead. At the instant OPEN ends the state is half_open, asked or not: a late caller finds a breaker that
// has been half_open since then (setting state_view has another way).
//
// A permit is reported or given back once; one that never comes back occupies its place in HALF_OPEN for ever (or for
// half_open_timeout), so a driver owes exactly one completion per call. All settings: breaker_config.h. The breaker is
// a value: a copy goes its own way.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/check.h"
#include "base/units.h"
#include "monitor/breaker/breaker_config.h"
#include "monitor/breaker/breaker_window.h"

namespace windtunnel::monitor {

// The right to make one call.
struct Permit {
  std::uint64_t epoch = 0;
  Instant at{};
  bool is_probe = false;  // HALF_OPEN issued it
  friend bool operator==(Permit, Permit) = default;
};

struct ReportResult {
  bool late = false;  // its permit was of an earlier epoch
};

class Breaker {
 public:
  // The settings must be ones that unsupported() has no objection to.
  explicit Breaker(const BreakerConfig& config, Instant created = Instant{});

  // CLOSED, and without a window that ends by itself, counts acquires or slow calls: what acquire() and report() do
  // depends on the call alone. Never of a mirror.
  [[nodiscard]] bool decides_at_once() const { return state_ == BreakerState::closed && is_simple_; }
  [[nodiscard]] bool is_closed() const { return state_ == BreakerState::closed; }
  // Also after the end of OPEN, until a call takes that arrow.
  [[nodiscard]] bool is_open() const { return state_ == BreakerState::open; }

  // A permit, or nothing: then the call must not be made. `now` never goes backwards, here and below.
  [[nodiscard]] std::optional<Permit> acquire(Instant now) {
    begin_call(now);
    if (decides_at_once()) [[likely]]
      return Permit{epoch_, now};
    return acquire_slow(now);
  }

  // What became of the call. The kind of its reply matters to allowed_fails_by alone.
  ReportResult report(Permit permit, BreakerOutcome outcome, Instant now, ReplyKind kind = ReplyKind::server_error) {
    begin_call(now);
    check(permit.at <= now, "a result comes after its permit");
    if (decides_at_once() && permit.epoch == epoch_) [[likely]] {
      count(permit.at, outcome, now, kind);
      return {};
    }
    return report_slow(permit, outcome, now, kind);
  }

  // The call was never made. The same as an ignored outcome.
  ReportResult give_back(Permit permit, Instant now) { return report(permit, BreakerOutcome::ignored, now); }

  // Takes the arrows that are due because time has passed: OPEN that has ended becomes HALF_OPEN, HALF_OPEN that took
  // too long becomes OPEN, a fixed window that has ended is followed by the next. acquire() and report() do it too, so
  // that, but for fixed windows and state_view on_read, calling it or not makes no difference to any later answer. It
  // is what a state query does under those two.
  void advance(Instant now);

  // The state at `now`. Changes nothing.
  [[nodiscard]] BreakerState state(Instant now) const {
    check(now >= latest_, "a breaker's time never goes backwards");
    if (probes_took_too_long(now)) [[unlikely]]
      return state_after_timeout(now);
    return state_ == BreakerState::open && !is_lazy() && open_is_over(now) ? BreakerState::half_open : state_;
  }

  // When OPEN ends, or HALF_OPEN by half_open_timeout, so that a driver can call advance() then. Nothing if neither
  // does by itself; the end of time when OPEN lasts longer than that.
  [[nodiscard]] std::optional<Instant> wakeup() const {
    if (state_ == BreakerState::closed) [[likely]]
      return std::nullopt;
    if (state_ == BreakerState::half_open) return probes_end();
    return is_lazy() ? std::nullopt : open_end();
  }
  // From when on OPEN may end, by itself or by an acquire. Nothing unless OPEN.
  [[nodiscard]] std::optional<Instant> open_end() const {
    return state_ == BreakerState::open ? std::optional{open_end_} : std::nullopt;
  }
  // When HALF_OPEN gives its probes up. Nothing unless HALF_OPEN with a permit that was issued and half_open_timeout.
  [[nodiscard]] std::optional<Instant> probes_end() const {
    return probes_end_ == Instant::max() ? std::nullopt : std::optional{probes_end_};
  }
  [[nodiscard]] bool is_lazy() const { return config_.state_view != StateView::eager; }

  // The arrows taken by the latest acquire, report, give_back or advance, oldest first, each handed out once; then
  // nothing. There are at most three: a late result with late_results current_state may come when HALF_OPEN and then
  // OPEN have ended unasked, and then decide the probe at once. Arrows not taken before the next of those calls are
  // dropped.
  [[nodiscard]] std::optional<BreakerTransition> take_transition() {
    if (transitions_taken_ == transitions_made_) [[likely]]
      return std::nullopt;
    return transitions_[transitions_taken_++];
  }

  // Statistics. Those without `now` are as of the latest call.
  [[nodiscard]] std::int64_t consecutive_failures() const { return consecutive_failures_; }
  [[nodiscard]] std::int64_t window_calls(Instant now) const { return window_counts(now).calls; }
  [[nodiscard]] std::int64_t window_failures(Instant now) const { return window_counts(now).failures; }
  [[nodiscard]] std::int64_t window_successes(Instant now) const { return window_counts(now).successes(); }
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  // When it opened last; nothing once it has closed.
  [[nodiscard]] std::optional<Instant> opened_at() const { return opened_at_; }
  [[nodiscard]] std::int64_t late_results() const { return late_results_; }
  // Probes whose outcome HALF_OPEN still awaits.
  [[nodiscard]] std::int64_t permits_in_flight() const { return probes_issued_ - probes_reported_; }
  [[nodiscard]] const BreakerConfig& config() const { return config_; }

 private:
  friend class MirroredBreaker;  // moves one as the answers of another program show

  void begin_call(Instant now) {
    check(now >= latest_, "a breaker's time never goes backwards");
    latest_ = now;
    transitions_made_ = transitions_taken_ = 0;
  }
  // Counts an outcome and judges nothing.
  void sample(Instant started, bool failed, Instant now) {
    consecutive_failures_ = failed ? consecutive_failures_ + 1 : 0;
    window_.add(started, now, failed);
  }
  // The same, where calls may be slow.
  void sample_with_time(Instant started, bool failed, Instant now);
  // Longer than slow_call_duration. False without the rule.
  [[nodiscard]] bool is_slow(Instant started, Instant now) const {
    return slow_window_ && now - started > config_.slow_call_duration;
  }
  // One outcome in CLOSED, where no call is slow.
  void count(Instant started, BreakerOutcome outcome, Instant now, ReplyKind kind) {
    if (outcome == BreakerOutcome::ignored) return;
    const bool failed = outcome != BreakerOutcome::success;
    sample(started, failed, now);
    if (failed || config_.evaluate_on == EvaluateOn::any) judge(outcome, now, kind);
  }

  std::optional<Permit> acquire_slow(Instant now);
  ReportResult report_slow(Permit permit, BreakerOutcome outcome, Instant now, ReplyKind kind);
  void settle_due(Instant now);
  void judge(BreakerOutcome latest, Instant now, ReplyKind kind);
  // The rule that this outcome of a call of CLOSED fulfils.
  [[nodiscard]] TripRule rule_after(BreakerOutcome latest, Instant now, ReplyKind kind);
  // Counts a failure in CLOSED, and whether it is one too many.
  bool exceeds_allowed(ReplyKind kind, Instant now);
  [[nodiscard]] TripRule rule_fulfilled() const;
  // As long as the consecutive rule sees it.
  [[nodiscard]] std::int64_t run_of_failures(WindowCounts counts) const;
  void report_by_origin(Permit permit, BreakerOutcome outcome, Instant now, ReplyKind kind);
  void open_by_origin(TripRule rule, Instant now);
  void sample_unless_closed(Permit permit, BreakerOutcome outcome, Instant now);
  void issue_probe(Instant now);
  // A probe came back without an outcome that counts.
  void take_back_probe();
  void decide_probe(Permit permit, BreakerOutcome outcome, bool late, Instant now);
  // The rule by which the outcomes of the probes, this one the latest, reopen it; none: they close it.
  [[nodiscard]] TripRule rule_of_probes(bool failed) const;
  // Counts an outcome that decides.
  void count_probe(Permit permit, bool failed, Instant now);
  void open(TripRule rule, Instant now);
  // After this outcome of this probe.
  void close(Permit probe, bool failed, Instant now);
  void move_to(BreakerState state, TripRule rule, Instant at);
  [[nodiscard]] bool open_is_over(Instant now) const { return now >= open_end_; }
  [[nodiscard]] bool probes_took_too_long(Instant now) const {
    return state_ == BreakerState::half_open && now >= probes_end_ && probes_end_ != Instant::max();
  }
  [[nodiscard]] BreakerState state_after_timeout(Instant now) const;
  // How long an OPEN by this rule will last without jitter, how long with it, and when one that began at `opened` ends.
  [[nodiscard]] Duration open_after(TripRule rule) const;
  [[nodiscard]] Duration with_jitter(Duration open_for, Instant opened) const;
  [[nodiscard]] Instant end_of_open(Instant opened, Duration open_for) const;
  [[nodiscard]] Duration longer(Duration open_for) const;
  [[nodiscard]] WindowCounts window_counts(Instant now) const;

  BreakerState state_ = BreakerState::closed;
  bool is_simple_;  // no window ends by itself or counts acquires, and no call is slow; false of a mirror
  std::uint8_t transitions_made_ = 0;
  std::uint8_t transitions_taken_ = 0;
  Instant latest_;
  std::uint64_t epoch_ = 0;
  std::int64_t consecutive_failures_ = 0;
  BreakerWindow window_;
  BreakerConfig config_;

  std::optional<Instant> opened_at_;     // virtual time may start at 0, so that no instant can mean "never"
  Duration open_for_{};                  // without jitter
  Instant open_end_{};                   // while OPEN: the first instant of HALF_OPEN
  std::int64_t reopenings_ = 0;          // in a row
  std::int64_t probes_issued_ = 0;       // in this HALF_OPEN epoch, less those that came back ignored
  std::int64_t probes_reported_ = 0;     // of those; late results hold no permit of this epoch
  std::int64_t probe_successes_ = 0;     // late results that act included, here and below
  std::int64_t probe_failures_ = 0;      // while half_open_failure_rate waits for more
  std::int64_t probes_slow_ = 0;         // of both
  Instant probes_end_ = Instant::max();  // while HALF_OPEN: when half_open_timeout ends it; the end of time: never
  std::int64_t late_results_ = 0;
  std::int64_t fails_ = 0;  // that allowed_fails allowed, the latest at failed_at_
  Instant failed_at_{};
  std::optional<BreakerWindow> slow_window_;  // the outcomes of window_, slow ones in place of failures
  std::array<BreakerTransition, 3> transitions_{};
};

}  // namespace windtunnel::monitor
