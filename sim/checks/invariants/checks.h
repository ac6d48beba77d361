#pragma once
// Every claim of the registry that a run can show, checked during the run.
//
//   Checks checks{scenario, CheckSelection{{"all"}}, false};
//   const RunResult result = run(scenario, {.observers = {&checks}});
//   checks.at_end(result);
//   checks.findings();  // what did not hold
//
// The models behind them receive the pipeline's events and never its state; after every event they are compared
// with the limiters, breakers and metrics, and with what the providers truly billed. The first violation ends the run.

#include "sim/checks/invariants/breaker_checks.h"
#include "sim/checks/invariants/cache_checks.h"
#include "sim/checks/invariants/check_context.h"
#include "sim/checks/invariants/failover_checks.h"
#include "sim/checks/invariants/money_checks.h"
#include "sim/checks/invariants/retry_checks.h"
#include "sim/checks/invariants/route_checks.h"
#include "sim/checks/invariants/routing_checks.h"
#include "sim/checks/invariants/run_checks.h"
#include "sim/checks/invariants/telemetry_checks.h"
#include "sim/checks/invariants/token_checks.h"
#include "sim/checks/invariants/true_time_checks.h"
#include "sim/checks/invariants/world_checks.h"
#include "sim/checks/limits/limit_checks.h"

namespace windtunnel::sim {

class Checks final {
 public:
  // `scenario` must outlive this. keep_going: one finding of each check instead of the first of all.
  Checks(const Scenario& scenario, const CheckSelection& selection, bool keep_going);
  Checks(const Checks&) = delete;
  Checks& operator=(const Checks&) = delete;

  // After the run, once.
  void at_end(const RunResult& result);
  [[nodiscard]] const std::vector<Finding>& findings() const { return context_.violations.findings(); }
  [[nodiscard]] const CheckSelection& selection() const { return context_.violations.selection(); }

  void on(const RunBegan& event);
  void on(const CallPlaced& event);
  void on(const monitor::RequestArrived& event);
  void on(const monitor::TokensGranted& event);
  void on(const monitor::MoneyReserved& event);
  void on(const monitor::MoneyReleased& event);
  void on(const monitor::PermitAsked& event);
  void on(const monitor::CoolingSkipped& event);
  void on(const monitor::LimitsAsked& event);
  void on(const monitor::RouteEntered& event);
  void on(const monitor::AttemptStarted& event);
  void on(const monitor::AttemptEnded& event);
  void on(const monitor::UsageLearned& event);
  void on(const monitor::BreakerMoved& event);
  void on(const monitor::RetryAfterSet& event);
  void on(const monitor::BudgetChanged& event);
  void on(const monitor::CacheStored& event);
  void on(const monitor::CacheServed& event);
  void on(const monitor::Record& record);
  void on(const LedgerEntry& entry);
  void on(const FaultChanged& event);
  void on(const FaultHit& event);
  void on(const CallerTries& event) {
    if (event.number > 1) world_.on_further_try();
  }
  void on(const CallerLeft& event);
  void on(const ScheduledDone& event);
  void on(const ReplicaTurn& event);
  [[nodiscard]] bool wants_stop() const { return context_.violations.wants_stop(); }

 private:
  // The request, or nullptr and a finding: nothing may happen to one that is not in flight.
  OpenRequest* known(RequestId request, Instant now, CheckId otherwise);
  void ask_first(OpenRequest& open_request, monitor::ProviderId provider);

  CheckContext context_;
  BreakerChecks breaker_;
  FailoverChecks failover_;
  RetryChecks retry_;
  MoneyChecks money_;
  TokenChecks tokens_;
  TrueTimeChecks true_time_;
  CacheChecks cache_;
  RoutingChecks routing_;
  RouteChecks routes_;
  TelemetryChecks telemetry_;
  RunChecks run_;
  WorldChecks world_;
  LimitChecks limits_;
};

}  // namespace windtunnel::sim
