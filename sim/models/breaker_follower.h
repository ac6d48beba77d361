#pragma once
// A breaker as its rules are written, cheap enough to follow a real one through a whole run: running counts where
// BreakerModel recomputes every answer from the whole history. The two are compared with each other by a property.
//
// Same calls as BreakerModel. The arrows that the rules take are kept until somebody takes them off.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "monitor/breaker/breaker_config.h"
#include "sim/models/breaker_model.h"
#include "sim/models/loose_window_model.h"

namespace windtunnel::sim {

class BreakerFollower {
 public:
  explicit BreakerFollower(const monitor::BreakerConfig& config, Instant created = Instant{});

  std::optional<ModelPermit> acquire(Instant now);
  // Whether the result is late.
  bool report(ModelPermit permit, monitor::BreakerOutcome outcome, Instant now,
              monitor::ReplyKind kind = monitor::ReplyKind::server_error);
  void advance(Instant now);
  // The arrow that a call after the end of OPEN takes before it acquires. Where state_view is lazy, nothing else does.
  void begin_half_open(Instant now);

  // As of the latest call.
  [[nodiscard]] monitor::BreakerState state() const { return state_; }
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  [[nodiscard]] std::int64_t run() const { return run_; }
  [[nodiscard]] std::int64_t late_results() const { return late_; }
  [[nodiscard]] std::int64_t probes_out() const { return issued_ - reported_; }
  // When OPEN ends. Only while OPEN.
  [[nodiscard]] Instant open_end() const;
  // Whether HALF_OPEN has ended by half_open_timeout, which the latest call was too early for.
  [[nodiscard]] bool probes_are_overdue(Instant now) const;

  struct Counts {
    std::int64_t calls = 0;
    std::int64_t failures = 0;
    std::int64_t slow = 0;
  };
  // In the window at `now`, which is not before the latest call.
  [[nodiscard]] Counts counts(Instant now);

  // The oldest arrow that has not been taken off.
  [[nodiscard]] const monitor::BreakerTransition* expected() const {
    return arrows_.empty() ? nullptr : &arrows_[arrows_taken_];
  }
  void take_off() {
    if (++arrows_taken_ == arrows_.size()) arrows_.clear(), arrows_taken_ = 0;
  }

 private:
  struct Sample {
    Instant started;
    Instant ended;
    bool failed = false;
    bool slow = false;
  };

  void catch_up(Instant now);
  void count(const Sample& sample, bool fatal, Instant now, monitor::ReplyKind kind);
  [[nodiscard]] bool is_allowed(monitor::ReplyKind kind, Instant now);
  void remember(const Sample& sample, Instant now);
  void leave(Instant now);
  void forget(Instant now);
  [[nodiscard]] static Counts counts_of(const std::vector<Sample>& samples);
  void report_by_origin(const Sample& latest, bool is_probe, bool fatal, Instant now, monitor::ReplyKind kind);
  // open_for_, with its jitter.
  [[nodiscard]] Duration open_time() const;
  [[nodiscard]] std::int64_t attempts(Instant now);
  [[nodiscard]] std::int64_t bucket(Instant when) const;
  [[nodiscard]] monitor::TripRule rule_that_trips(Instant now);
  [[nodiscard]] bool too_many(std::int64_t bad, std::int64_t all, Millionths rate) const;
  void probe(const Sample& latest, bool late, monitor::BreakerOutcome outcome, Instant now);
  void go(monitor::BreakerState to, monitor::TripRule rule, Instant at);

  monitor::BreakerConfig config_;
  bool keeps_samples_;  // count and time windows: they lose old ones
  monitor::BreakerState state_ = monitor::BreakerState::closed;
  Instant closed_since_;
  Instant window_since_;
  Instant opened_{};
  Duration open_for_{0};  // without jitter
  std::uint64_t epoch_ = 0;
  std::int64_t reopened_ = 0;  // in a row
  std::int64_t issued_ = 0;    // probes of this HALF_OPEN
  std::int64_t returned_ = 0;  // of those, without an outcome that counts
  std::int64_t reported_ = 0;  // of those, in any way
  Instant first_issued_{};     // of those that were not returned; meaningless without one
  Counts judged_;              // outcomes that decide in this HALF_OPEN, late ones included
  std::int64_t run_ = 0;
  std::int64_t late_ = 0;
  std::int64_t allowed_ = 0;     // failures that did not open it, by allowed_fails
  Instant allowed_until_{};      // when they are forgotten
  Counts counts_;                // of the samples, or of the fixed or lifetime window
  std::vector<Sample> samples_;  // in the order in which they ended; those before samples_first_ have left
  std::size_t samples_first_ = 0;
  std::optional<LooseWindowModel<Sample>> loose_;
  std::vector<Instant> attempts_;  // acquires, where the rate rule counts those
  std::vector<monitor::BreakerTransition> arrows_;
  std::size_t arrows_taken_ = 0;
};

}  // namespace windtunnel::sim
