#pragma once
// A breaker as its rules are written, cheap enough to follow a real one through a whole run: running counts where
// BreakerModel works every answer out anew. The two are compared with each other by a property.
//
// Same calls as BreakerModel. The arrows that the rules take are kept until somebody takes them off.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "monitor/breaker_config.h"
#include "monitor/units.h"
#include "sim/models/breaker_model.h"

namespace windtunnel::sim {

class BreakerFollower {
 public:
  explicit BreakerFollower(const monitor::BreakerConfig& config, monitor::Instant created = monitor::Instant{});

  std::optional<ModelPermit> acquire(monitor::Instant now);
  // Whether the result is late.
  bool report(ModelPermit permit, monitor::BreakerOutcome outcome, monitor::Instant now);
  void advance(monitor::Instant now);

  // As of the latest call.
  [[nodiscard]] monitor::BreakerState state() const { return state_; }
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  [[nodiscard]] std::int64_t run() const { return run_; }
  [[nodiscard]] std::int64_t late_results() const { return late_; }
  [[nodiscard]] std::int64_t probes_out() const { return issued_ - returned_ - succeeded_; }
  // When OPEN ends. Only while OPEN.
  [[nodiscard]] monitor::Instant open_end() const;

  struct Counts {
    std::int64_t calls = 0;
    std::int64_t failures = 0;
  };
  // In the window at `now`, which is not before the latest call.
  [[nodiscard]] Counts counts(monitor::Instant now);

  // The oldest arrow that nobody has taken off yet.
  [[nodiscard]] const monitor::BreakerTransition* expected() const {
    return arrows_taken_ == arrows_.size() ? nullptr : &arrows_[arrows_taken_];
  }
  void take_off() {
    if (++arrows_taken_ == arrows_.size()) arrows_.clear(), arrows_taken_ = 0;
  }

 private:
  struct Sample {
    monitor::Instant started;
    monitor::Instant ended;
    bool failed = false;
  };

  void catch_up(monitor::Instant now);
  void count(const Sample& sample, monitor::Instant now);
  void remember(const Sample& sample, monitor::Instant now);
  void leave(monitor::Instant now);
  [[nodiscard]] std::int64_t bucket(monitor::Instant when) const;
  [[nodiscard]] monitor::TripRule rule_that_trips(monitor::Instant now);
  void probe(ModelPermit permit, bool late, monitor::BreakerOutcome outcome, monitor::Instant now);
  void go(monitor::BreakerState to, monitor::TripRule rule, monitor::Instant at);

  monitor::BreakerConfig config_;
  bool keeps_samples_;  // count and time windows: they lose old ones
  monitor::BreakerState state_ = monitor::BreakerState::closed;
  monitor::Instant closed_since_;
  monitor::Instant window_since_;
  monitor::Instant opened_{};
  monitor::Duration open_for_{0};
  std::uint64_t epoch_ = 0;
  std::int64_t reopened_ = 0;  // in a row
  std::int64_t issued_ = 0;    // probes of this HALF_OPEN
  std::int64_t returned_ = 0;
  std::int64_t succeeded_ = 0;
  std::int64_t succeeded_late_ = 0;
  std::int64_t run_ = 0;
  std::int64_t late_ = 0;
  Counts counts_;               // of the samples, or of the fixed or lifetime window
  std::vector<Sample> samples_;    // in the order in which they ended; those before samples_first_ have left
  std::size_t samples_first_ = 0;
  std::vector<monitor::BreakerTransition> arrows_;
  std::size_t arrows_taken_ = 0;
};

}  // namespace windtunnel::sim
