#pragma once
// A planted bug: a world that runs by one set of rules while the checks are told another, or a liar between the run and
// the checks who changes, drops or invents what the pipeline says.

#include <functional>
#include <string>
#include <vector>

#include "sim/checks/invariants/checks.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim {

// Passes on all it is told. Each lie may change its event, and says how often it is to be passed on.
class Liar final : public Observer {
 public:
  explicit Liar(Checks& checks) : checks_(checks) {}

  std::function<int(monitor::Request&)> arrival;
  std::function<int()> granted;
  std::function<int(Usd&)> released;
  std::function<int(monitor::PermitAsked&)> permit;
  std::function<int(monitor::AttemptStarted&)> attempt_start;
  std::function<int(monitor::AttemptEnded&)> attempt_end;
  std::function<void(const monitor::AttemptEnded&, Checks&)> after_attempt_end;
  std::function<int(monitor::BreakerTransition&)> transition;
  std::function<int()> retry_after;
  std::function<int(monitor::BudgetEvent&)> budget;
  std::function<int(monitor::CacheStored&)> stored;
  std::function<int(monitor::Record&)> finish;
  std::function<int(LedgerEntry&)> ledger;
  std::function<int()> fault;
  const monitor::Pipeline* other_pipeline = nullptr;

  void on_begin(const monitor::Pipeline& p) override {
    checks_.on_begin(other_pipeline == nullptr ? p : *other_pipeline);
  }
  void on_arrival(const monitor::Request& said, Instant now) override {
    monitor::Request told = said;
    for (int i = arrival ? arrival(told) : 1; i > 0; --i) checks_.on_arrival(told, now);
  }
  void on_granted(const monitor::Request& request, Tokens output, Instant now) override {
    for (int i = granted ? granted() : 1; i > 0; --i) checks_.on_granted(request, output, now);
  }
  void on_reserved(RequestId id, Usd amount, WallTime wall, Instant now) override {
    checks_.on_reserved(id, amount, wall, now);
  }
  void on_released(RequestId id, Usd said, Instant now) override {
    for (int i = released ? released(said) : 1; i > 0; --i) checks_.on_released(id, said, now);
  }
  void on_permit(const monitor::PermitAsked& said) override {
    monitor::PermitAsked told = said;
    for (int i = permit ? permit(told) : 1; i > 0; --i) checks_.on_permit(told);
  }
  void on_cooling_skip(RequestId id, monitor::ProviderId p, Instant now) override {
    checks_.on_cooling_skip(id, p, now);
  }
  void on_attempt_start(const monitor::AttemptStarted& said) override {
    monitor::AttemptStarted told = said;
    for (int i = attempt_start ? attempt_start(told) : 1; i > 0; --i) checks_.on_attempt_start(told);
  }
  void on_attempt_end(const monitor::AttemptEnded& said) override {
    monitor::AttemptEnded told = said;
    for (int i = attempt_end ? attempt_end(told) : 1; i > 0; --i) checks_.on_attempt_end(told);
    if (after_attempt_end) after_attempt_end(told, checks_);
  }
  void on_transition(monitor::ProviderId p, const monitor::BreakerTransition& said) override {
    monitor::BreakerTransition told = said;
    for (int i = transition ? transition(told) : 1; i > 0; --i) checks_.on_transition(p, told);
  }
  void on_retry_after(monitor::ProviderId p, Instant until, Instant now) override {
    for (int i = retry_after ? retry_after() : 1; i > 0; --i) checks_.on_retry_after(p, until, now);
  }
  void on_budget(const monitor::BudgetEvent& said, Instant now) override {
    monitor::BudgetEvent told = said;
    for (int i = budget ? budget(told) : 1; i > 0; --i) checks_.on_budget(told, now);
  }
  void on_cache_stored(const monitor::CacheStored& said) override {
    monitor::CacheStored told = said;
    for (int i = stored ? stored(told) : 1; i > 0; --i) checks_.on_cache_stored(told);
  }
  void on_cache_served(const monitor::CacheServed& said) override { checks_.on_cache_served(said); }
  void on_finish(const monitor::Record& said) override {
    monitor::Record told = said;
    for (int i = finish ? finish(told) : 1; i > 0; --i) checks_.on_finish(told);
  }
  void on_ledger(const LedgerEntry& said) override {
    LedgerEntry told = said;
    for (int i = ledger ? ledger(told) : 1; i > 0; --i) checks_.on_ledger(told);
  }
  void on_fault(const FaultChanged& event) override {
    for (int i = fault ? fault() : 1; i > 0; --i) checks_.on_fault(event);
  }
  void on_fault_hit(std::size_t which, RequestId id, Instant now) override { checks_.on_fault_hit(which, id, now); }
  void on_event(Instant now, bool tie) override { checks_.on_event(now, tie); }
  [[nodiscard]] bool wants_stop() const override { return checks_.wants_stop(); }

 private:
  Checks& checks_;
};

struct Plant {
  std::string id;  // of the check that must find it
  std::string bug;
  std::function<void(Scenario&)> world = {};  // what both know
  std::function<void(Scenario&)> told = {};   // what only the checks believe
  std::function<void(Liar&)> lie = {};
  std::vector<std::string> checks{"all"};
};

namespace check_planted_calls_test {
std::vector<Plant> plants_of_calls();
}

}  // namespace windtunnel::sim
