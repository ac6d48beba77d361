#pragma once
// The breaker as its rules are written, for judging the real one. It keeps the list of outcomes and works every answer
// out from it again; it is slow, and shares with the breaker only the names of the settings.
//
// Same calls as monitor::Breaker. An observer that saw when and in which epoch a permit was issued can rebuild it.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "monitor/breaker/breaker_config.h"
#include "sim/models/loose_window_model.h"

namespace windtunnel::sim {

// A permit as the model remembers it: when it was issued, and in which epoch.
struct ModelPermit {
  std::uint64_t epoch = 0;
  Instant at{};
  bool is_probe = false;
};

// Ways in which breakers are known to deviate that no setting expresses. All off: the rules as they are written.
struct BreakerQuirks {
  bool success_keeps_run = false;          // a success does not end the run of failures
  bool stuck_if_opened_at_zero = false;    // OPEN that began at Instant{} never ends
  bool late_failure_extends_open = false;  // a late failure in OPEN restarts the open time
  bool late_success_closes_open = false;   // a late success closes it from OPEN
  bool late_failure_fails_probe = false;   // a late failure opens it from HALF_OPEN while a probe is out
  bool late_failure_reopens = false;       // a late failure opens it from HALF_OPEN
  bool late_success_is_probe = false;      // a late success in HALF_OPEN is a probe's
  bool late_failure_counts = false;        // CLOSED counts a late failure
  bool late_success_counts = false;        // CLOSED counts a late success
  bool ignored_probe_succeeds = false;     // an ignored outcome of a probe is a success
  bool minimum_of_attempts = false;        // minimum_calls is of the acquires in the window, admitted or not
  bool rate_of_attempts = false;           // the failure rate is of those acquires
  friend bool operator==(const BreakerQuirks&, const BreakerQuirks&) = default;
};

class BreakerModel {
 public:
  explicit BreakerModel(const monitor::BreakerConfig& config, Instant created = Instant{}, BreakerQuirks quirks = {});

  std::optional<ModelPermit> acquire(Instant now);
  // Whether the result is late.
  bool report(ModelPermit permit, monitor::BreakerOutcome outcome, Instant now,
              monitor::ReplyKind kind = monitor::ReplyKind::server_error);
  bool give_back(ModelPermit permit, Instant now);
  void advance(Instant now);

  [[nodiscard]] monitor::BreakerState state(Instant now) const;
  [[nodiscard]] std::optional<Instant> wakeup() const;
  [[nodiscard]] std::optional<Instant> open_end() const;
  // When HALF_OPEN ends because its probes do not decide. Nothing if it does not.
  [[nodiscard]] std::optional<Instant> half_open_end() const;
  // The arrows taken by the latest call, oldest first.
  [[nodiscard]] const std::vector<monitor::BreakerTransition>& transitions() const { return transitions_; }

  [[nodiscard]] std::int64_t consecutive_failures() const { return run_; }
  [[nodiscard]] std::int64_t window_calls(Instant now) const;
  [[nodiscard]] std::int64_t window_failures(Instant now) const;
  [[nodiscard]] std::int64_t window_slow(Instant now) const;
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  [[nodiscard]] std::optional<Instant> opened_at() const;
  [[nodiscard]] std::int64_t late_results() const { return late_; }
  [[nodiscard]] std::int64_t permits_in_flight() const {
    return probes_.issued - probes_.returned - probes_.succeeded - probes_.failed;
  }

 private:
  struct Outcome {
    Instant started;
    Instant ended;
    bool failed = false;
    bool slow = false;
    monitor::ReplyKind kind = monitor::ReplyKind::server_error;
  };
  struct Probes {
    std::int64_t issued = 0;
    std::int64_t returned = 0;  // ignored, so that another may take the place
    std::int64_t succeeded = 0;
    std::int64_t succeeded_late = 0;
    std::int64_t failed = 0;  // where the failure rate of them all decides
    std::int64_t failed_late = 0;
    std::int64_t slow = 0;         // of those that succeeded or failed
    std::optional<Instant> since;  // the first permit after the begin, or after all had been returned
  };

  [[nodiscard]] bool in_window(const Outcome& outcome, Instant now) const;
  [[nodiscard]] std::vector<Outcome> window(Instant now) const { return window_of(outcomes_, now); }
  [[nodiscard]] std::vector<Outcome> window_of(const std::vector<Outcome>& all, Instant now) const;
  [[nodiscard]] std::int64_t bucket(Instant when) const;
  [[nodiscard]] bool window_has_ended(Instant now) const;
  [[nodiscard]] monitor::TripRule rule_that_trips(Instant now) const;
  [[nodiscard]] std::int64_t run_in_scope(Instant now) const;
  // Whether this failure is one too many for allowed_fails; one that is not is remembered.
  bool is_beyond_allowed(const Outcome& failure);
  [[nodiscard]] Duration open_time() const;
  [[nodiscard]] bool open_has_ended(Instant now) const;
  void catch_up(Instant now);
  void remember(const Outcome& outcome, Instant now);
  void sample(const Outcome& outcome, bool fatal, Instant now);
  void act_on_late(ModelPermit permit, monitor::BreakerOutcome outcome, Instant now);
  void judge_late_by_origin(ModelPermit permit, monitor::BreakerOutcome outcome, Instant now, monitor::ReplyKind kind);
  void open_late(monitor::TripRule rule, Instant now);
  [[nodiscard]] std::int64_t attempts(Instant now) const;
  void probe(ModelPermit permit, bool late, monitor::BreakerOutcome outcome, Instant now);
  [[nodiscard]] Outcome outcome_of(ModelPermit permit, bool failed, Instant now, monitor::ReplyKind kind) const;
  void reopen(monitor::TripRule rule, Instant now);
  void close(const Outcome& last_probe, Instant now);
  void go(monitor::BreakerState to, monitor::TripRule rule, Instant at);
  void forget(Instant now);
  void forget_outcomes(Instant now);

  monitor::BreakerConfig config_;
  BreakerQuirks quirks_;
  monitor::BreakerState state_ = monitor::BreakerState::closed;
  Instant closed_since_;  // creation, or the last close
  Instant window_since_;  // where the fixed window began
  Instant opened_;
  std::uint64_t epoch_ = 0;
  std::int64_t failed_probes_in_a_row_ = 0;
  Probes probes_;  // of this HALF_OPEN
  std::int64_t run_ = 0;
  std::int64_t late_ = 0;
  std::vector<Outcome> outcomes_;  // in the order in which they came
  std::optional<LooseWindowModel<Outcome>> loose_;
  std::vector<Instant> allowed_;   // failures that allowed_fails allowed
  std::vector<Outcome> attempts_;  // acquires, for the quirks that are about them
  std::vector<monitor::BreakerTransition> transitions_;
};

}  // namespace windtunnel::sim
