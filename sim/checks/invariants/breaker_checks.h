#pragma once
// B1-B12: every breaker follows its rules, arrow for arrow and permit for permit.
//
// A follower per provider receives the same calls and results; whatever the breaker reports or holds otherwise is a
// finding, under the claim that the latest event was about.

#include <chrono>
#include <cstdint>
#include <vector>

#include "sim/checks/invariants/check_context.h"
#include "sim/models/breaker_follower.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

class BreakerChecks {
 public:
  explicit BreakerChecks(CheckContext& context);

  void on_permit(OpenRequest& open_request, const monitor::PermitAsked& event);
  void on_attempt_start(OpenRequest& open_request, const monitor::AttemptStarted& event);
  void on_attempt_end(OpenRequest& open_request, const monitor::AttemptEnded& event);
  void on_transition(monitor::ProviderId provider, const monitor::BreakerTransition& event);
  void on_finish(OpenRequest& open_request);
  void on_event();
  void at_end(const RunResult& result);

 private:
  enum class Last : std::uint8_t { nothing, admitted, refused, success, failure, ignored, late };
  struct One {
    BreakerFollower follower;
    monitor::BreakerState reported = monitor::BreakerState::closed;
    std::uint64_t reported_epoch = 0;
    Instant reported_at{};
    bool probe_failed = false;  // the latest arrow is that of a failed probe
    bool owes_call = false;     // the latest arrow began HALF_OPEN for a call that is yet to come
    Last last = Last::nothing;
    RequestId request{};  // of the latest event
    bool success_since_close = false;
    bool closed_last = false;  // the latest arrow closed it, and nothing came after
    std::int64_t calls = 0;
    std::int64_t failures = 0;
  };

  // The time on the breakers' clock: another program's has whole milliseconds.
  [[nodiscard]] Instant breaker_time(Instant now) const {
    return foreign_ ? std::chrono::floor<std::chrono::milliseconds>(now) : now;
  }
  void must_have_woken();
  [[nodiscard]] CheckId claim_of_missing(const monitor::BreakerTransition& arrow) const;
  [[nodiscard]] CheckId claim_of_surprise(const One& entry, const monitor::BreakerTransition& arrow) const;
  void compare(One& entry, const monitor::BreakerTransition& event, const monitor::BreakerTransition& expected);
  void not_ahead(const One& entry, std::size_t provider, Instant now);
  void reconcile(std::size_t provider);
  [[nodiscard]] CheckId claim_of_last(const One& entry) const;
  [[nodiscard]] monitor::BreakerOutcome outcome_of(std::size_t provider, monitor::ReplyKind kind) const;

  CheckContext& context_;
  bool foreign_;                                 // the breakers are another program's
  std::vector<monitor::BreakerConfig> configs_;  // by provider, as entries_
  std::vector<One> entries_;
  std::uint64_t touched_ = 0;  // providers of this event, by bit
  std::int64_t permits_pending_ = 0;
};

}  // namespace windtunnel::sim
