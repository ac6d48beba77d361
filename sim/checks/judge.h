#pragma once
// Watches a run and says what it was found to be: invariants, thresholds, liveness, coverage and whether every fault
// did something. Of its parts it tells each what concerns it, and is the only one whom the run tells.
//
//   Judge judge{scenario};
//   const RunResult result = run(scenario, {.observers = {&judge}});
//   const Judgement judgement = judge.judge(result);

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/checks/claims/coverage.h"
#include "sim/checks/claims/liveness.h"
#include "sim/checks/claims/thresholds.h"
#include "sim/checks/findings/verdict.h"
#include "sim/checks/invariants/checks.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

struct JudgeOptions {
  std::vector<std::string> checks{"all"};  // ids of the registry, "all" or "none"; every word must be one of these
  bool keep_going = false;                 // true: the run goes on after a violation, and each check may find its first
};

class Judge final : public Observer {
 public:
  // `scenario` must outlive this.
  explicit Judge(const Scenario& scenario, const JudgeOptions& options = {});
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  // After the run, once.
  [[nodiscard]] Judgement judge(const RunResult& result);

  void on_begin(const monitor::Pipeline& pipeline) override;
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
  void on_cache_edge(RequestId request, Instant now) override;
  void on_finish(const monitor::Record& record) override;
  void on_ledger(const LedgerEntry& entry) override;
  void on_fault(const FaultChanged& event) override;
  void on_fault_hit(std::size_t fault, RequestId request, Instant now) override;
  void on_event(Instant now, bool tie) override;
  [[nodiscard]] bool wants_stop() const override { return checks_.wants_stop(); }

 private:
  const Scenario& scenario_;
  std::unique_ptr<const Scenario> claimed_;  // with the breaker's settings that the checks hold it to, if others
  Thresholds thresholds_;
  Coverage coverage_;
  Checks checks_;
  bool watches_;  // any check is on
  std::optional<Liveness> liveness_;
};

}  // namespace windtunnel::sim
