#pragma once
// C10 and L5: budgets and rates in true time, which no step of the wall clock moves.
//
// A true month or day has spent what was settled for the requests that were admitted in it while the wall clock stood
// in it too. What was admitted while the clock stood elsewhere is charged elsewhere, because a limiter has no other
// calendar. A true minute keeps the phase of the scenario's start.

#include <cstdint>
#include <optional>

#include "sim/checks/invariants/check_context.h"
#include "sim/models/token_limit_model.h"
#include "sim/models/true_spend.h"

namespace windtunnel::sim {

class TrueTimeChecks {
 public:
  explicit TrueTimeChecks(CheckContext& context);

  // `spent` of the month before the run.
  void on_begin(Usd spent);
  // Gives the request its place in true time, at its first reservation.
  void on_reserved(OpenRequest& open_request);
  void on_attempt_end(const OpenRequest& open_request, const monitor::AttemptEnded& event);
  void on_arrival(OpenRequest& open_request);
  // The rate limiter let it through.
  void on_passed(OpenRequest& open_request);
  void on_finish(OpenRequest& open_request, const monitor::Record& record);

 private:
  void must_spend_within(const TrueSpend::Account& account, RequestId request) const;

  CheckContext& context_;
  std::optional<TrueSpend> spend_;  // absent: the wall clock is never stepped, and C1 is the same claim
  RateModel rate_;
};

}  // namespace windtunnel::sim
