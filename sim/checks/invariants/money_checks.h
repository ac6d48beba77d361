#pragma once
// C1-C9 and C11: money is reserved before it is spent, settled once, charged where it belongs, and every bill is
// exact. A bill that comes late takes the place of what its call was settled for, once, in the windows of its
// admission.
//
// Where a scenario steps the wall clock, C1 holds in true time too: a true month stays within its limit but for what
// was admitted while the clock stood in another month.

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "sim/checks/invariants/check_context.h"
#include "sim/models/budget_model.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

class MoneyChecks {
 public:
  explicit MoneyChecks(CheckContext& context);

  // `spent` of the month before the run.
  void on_begin(Usd spent);
  void on_granted(const OpenRequest& open_request);
  void on_reserved(OpenRequest& open_request, Usd amount, WallTime wall);
  void on_released(OpenRequest& open_request, Usd amount);
  void on_attempt_start(OpenRequest& open_request, const monitor::AttemptStarted& event);
  void on_attempt_end(OpenRequest& open_request, const monitor::AttemptEnded& event);
  void on_usage_learned(const monitor::UsageLearned& event);
  void on_budget(const monitor::BudgetEvent& event);
  void on_finish(const OpenRequest& open_request, const monitor::Record& record);
  void on_event();
  void at_end(const RunResult& result);

 private:
  void on_alert(BudgetModel::Window& window, const monitor::BudgetEvent& event);
  void on_opened(BudgetModel::Window& window, const monitor::BudgetEvent& event, Usd carried);
  void must_have_carried_in() {
    if (carried_in_) [[unlikely]]
      compare_carried_in();
  }
  void compare_carried_in();
  void tell_alerts_due(BudgetModel::Window& window);
  void charge(std::uint32_t slot, const OpenRequest& open_request, const monitor::AttemptEnded& event);
  void keep_unbilled(const OpenRequest& open_request, const monitor::AttemptEnded& event);
  void keeps_limit(std::uint32_t slot, RequestId request);
  void add_in_true_time(const OpenRequest& open_request, Usd amount) {
    if (open_request.true_place.month != nullptr) [[unlikely]]
      hold_in_true_time(open_request, amount);
  }
  void hold_in_true_time(const OpenRequest& open_request, Usd amount);
  void refused(const OpenRequest& open_request);
  [[nodiscard]] const Tariff& tariff_of(std::size_t provider) const;

  // A call that ended without its usage, where a provider may report it later.
  struct Unbilled {
    std::uint32_t month = 0;
    std::uint32_t day = 0;
    Usd settled;
    Usd billed;
    TrueSpend::Place true_place;
  };

  CheckContext& context_;
  BudgetModel budget_;
  bool keeps_unbilled_ = false;
  std::map<std::pair<RequestId, std::uint8_t>, Unbilled> unbilled_;
  UsdSum settled_total_;
  UsdSum reserved_total_;
  std::int64_t alerts_due_ = 0;
  bool touched_ = false;
  std::optional<Usd> carried_in_;  // and the limiter has not been looked at since
  RequestId last_{};
};

}  // namespace windtunnel::sim
