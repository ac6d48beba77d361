#pragma once
// Every claim of the registry that a run can show, watched while the run goes by.
//
//   Checks checks{scenario, CheckSelection{{"all"}}, false};
//   const RunResult result = run(scenario, {.observers = {&checks}});
//   checks.at_end(result);
//   checks.findings();  // what did not hold
//
// The models behind them are told what the pipeline says, never what it thinks; after every event they are compared
// with the limiters, breakers and metrics, and with what the providers truly billed. The first violation ends the run.

#include "sim/checks/invariants/breaker_checks.h"
#include "sim/checks/invariants/cache_checks.h"
#include "sim/checks/invariants/check_context.h"
#include "sim/checks/invariants/failover_checks.h"
#include "sim/checks/invariants/money_checks.h"
#include "sim/checks/invariants/routing_checks.h"
#include "sim/checks/invariants/run_checks.h"
#include "sim/checks/invariants/telemetry_checks.h"
#include "sim/checks/invariants/token_checks.h"

namespace windtunnel::sim {

class Checks final : public Observer {
 public:
  // `scenario` must outlive this. keep_going: one finding of each check instead of the first of all.
  Checks(const Scenario& scenario, const CheckSelection& selection, bool keep_going);
  Checks(const Checks&) = delete;
  Checks& operator=(const Checks&) = delete;

  // After the run, once.
  void at_end(const RunResult& result);
  [[nodiscard]] const std::vector<Finding>& findings() const { return watched_.violations.findings(); }
  [[nodiscard]] const CheckSelection& selection() const { return watched_.violations.selection(); }

  void on_begin(const monitor::Pipeline& pipeline) override { watched_.pipeline = &pipeline; }
  void on_arrival(const monitor::Request& request, Instant now) override;
  void on_granted(const monitor::Request& request, Tokens output, Instant now) override;
  void on_reserved(RequestId request, Usd amount, WallTime wall, Instant now) override;
  void on_released(RequestId request, Usd amount, Instant now) override;
  void on_permit(const monitor::PermitAsked& event) override;
  void on_cooling_skip(RequestId request, monitor::ProviderId provider, Instant now) override;
  void on_attempt_start(const monitor::AttemptStarted& event) override;
  void on_attempt_end(const monitor::AttemptEnded& event) override;
  void on_transition(monitor::ProviderId provider, const monitor::BreakerTransition& event) override;
  void on_retry_after(monitor::ProviderId provider, Instant until, Instant now) override;
  void on_budget(const monitor::BudgetEvent& event, Instant now) override;
  void on_cache_stored(const monitor::CacheStored& event) override;
  void on_cache_served(const monitor::CacheServed& event) override;
  void on_finish(const monitor::Record& record) override;
  void on_ledger(const LedgerEntry& entry) override;
  void on_fault(const FaultChanged& event) override;
  void on_fault_hit(std::size_t fault, RequestId request, Instant now) override;
  void on_event(Instant now, bool tie) override;
  [[nodiscard]] bool wants_stop() const override { return watched_.violations.wants_stop(); }

 private:
  // The request, or nullptr and a finding: nothing may happen to one that is not in flight.
  OpenRequest* known(RequestId request, Instant now, CheckId otherwise);
  void ask_first(OpenRequest& one, monitor::ProviderId provider);

  Watched watched_;
  BreakerChecks breaker_;
  FailoverChecks failover_;
  MoneyChecks money_;
  TokenChecks tokens_;
  CacheChecks cache_;
  RoutingChecks routing_;
  TelemetryChecks telemetry_;
  RunChecks run_;
};

}  // namespace windtunnel::sim
