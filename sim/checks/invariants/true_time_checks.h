#pragma once
// C10 and L5: budgets and rates in true time, which no step of the wall clock moves.
//
// A true month or day has spent what was settled for the requests that were admitted in it while the wall clock stood
// in it too. What was admitted while the clock stood elsewhere is charged elsewhere, because a limiter has no other
// calendar. A true minute keeps the phase of the scenario's start.

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/checks/invariants/check_context.h"

namespace windtunnel::sim {

class TrueTimeChecks {
 public:
  explicit TrueTimeChecks(CheckContext& context);

  // `spent` of the month before the run.
  void on_begin(Usd spent);
  void on_reserved(OpenRequest& open_request);
  void on_attempt_end(const OpenRequest& open_request, const monitor::AttemptEnded& event);
  void on_arrival(OpenRequest& open_request);
  // The rate limiter let it through.
  void on_passed(OpenRequest& open_request);
  void on_finish(OpenRequest& open_request, const monitor::Record& record);

 private:
  static constexpr std::uint32_t kElsewhere = UINT32_MAX;
  struct Account {
    std::int64_t period = 0;  // the month or the day, counted from 1970
    UsdSum spent;
  };

  [[nodiscard]] WallTime true_time() const { return context_.scenario.start + context_.now.time_since_epoch(); }
  std::uint32_t place_of(std::vector<Account>& accounts, std::int64_t period, std::int64_t shown);
  void charge(const std::vector<Account>& accounts, std::uint32_t place, std::optional<Usd> limit, const char* period,
              RequestId request) const;

  CheckContext& context_;
  std::vector<Account> months_;
  std::vector<Account> days_;
  bool follows_money_;  // the wall clock is stepped, and there is a limit that it could lift
  bool is_limited_;
  std::int64_t minute_ = INT64_MIN;  // the true minute
  std::int64_t requests_ = 0;        // that were admitted in it
  std::int64_t tokens_ = 0;
};

}  // namespace windtunnel::sim
