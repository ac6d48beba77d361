#pragma once
// Something good still happens: once every fault is healed, the breakers close and requests succeed again, within the
// time that the scenario allows. A breaker that is stuck passes every safety check; only this one finds it.
//
// A breaker closes by being asked. One that was not asked since it could let a probe through has shown nothing: then
// the run is inconclusive. So it is of one that judges its probes together and opened again because one of them failed
// or was slow before the healing, so late that it could not close any more: the calls that were missing came late.
// Requests that our own limiters refuse or whose client is at fault do not count for recovery and do not count. Of
// replicas every one must recover; a process that was restarted is no more asked. Where no breaker can open, only the
// success of requests is claimed.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sim/checks/findings/verdict.h"
#include "sim/world/run_events.h"

namespace windtunnel::sim {

class Liveness final {
 public:
  // `scenario` must have a liveness block and outlive this.
  explicit Liveness(const Scenario& scenario);

  void on(const ReplicaTurn& event);
  void on(const monitor::PermitAsked& event);
  void on(const monitor::AttemptStarted& event);
  void on(const monitor::AttemptEnded& event);
  void on(const monitor::BreakerMoved& event);
  void on(const monitor::Record& record);

  // After the run. `ended`: the instant of its last event.
  [[nodiscard]] std::vector<Finding> judge(Instant ended) const;

 private:
  // One breaker, as it stood when recovery was due.
  struct FollowedBreaker {
    monitor::BreakerState state = monitor::BreakerState::closed;
    Instant open_until{};                                // of its last OPEN
    Duration open_for{0};                                // likewise
    bool can_prolong = false;                            // a late failure starts the open time again
    std::optional<Duration> slow_beyond = std::nullopt;  // calls that take longer can reopen it
    Duration probe{0};                                   // the longest that a probe takes when all is well
    std::int64_t asked = 0;     // since it could let a probe through, or since one that was no success
    bool permit_given = false;  // and not yet followed by a call
    // Whether a probe of before the healing failed or was slow in this HALF_OPEN, or in the one before this OPEN; and
    // one of after it.
    bool old_failure = false;
    bool new_failure = false;
  };

  [[nodiscard]] bool may_show_recovery(const FollowedBreaker& breaker, Instant now) const;
  [[nodiscard]] FollowedBreaker& followed(monitor::ProviderId provider) { return groups_[group_][index_of(provider)]; }
  // That breakers close, and that requests succeed.
  [[nodiscard]] std::vector<Finding> judge_both(Instant ended) const;
  void judge_breakers(const std::vector<FollowedBreaker>& breakers, Finding& closed) const;

  const Scenario& scenario_;
  bool has_breakers_ = false;  // one of them can open
  Instant due_;                // everything has recovered by now
  // Of replicas: those of each group of processes that share them at once, and the group of each replica's process.
  std::vector<std::vector<FollowedBreaker>> groups_;
  std::vector<FollowedBreaker> all_closed_;
  std::map<std::uint32_t, std::uint32_t> current_{{0, 0}};
  std::size_t group_ = 0;
  std::int64_t requests_ = 0;  // that arrived after it was due and count
  std::int64_t answered_ = 0;
};

}  // namespace windtunnel::sim
