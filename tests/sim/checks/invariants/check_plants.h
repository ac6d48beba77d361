#pragma once
// A planted bug: a world that runs by one set of rules while the checks are told another, or a liar between the run and
// the checks who changes, drops or invents what the pipeline says.

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "sim/checks/invariants/checks.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim {

// Passes every event on. Each lie may change its event, and returns how often it is to be passed on.
class Liar final {
 public:
  explicit Liar(Checks& checks) : checks_(checks) {}

  std::function<void(RunBegan&)> began;
  std::function<int(CallPlaced&)> placed;
  std::function<int(monitor::Request&)> arrival;
  std::function<int()> granted;
  std::function<int(Usd&)> released;
  std::function<int(monitor::PermitAsked&)> permit;
  std::function<int(monitor::AttemptStarted&)> attempt_start;
  std::function<int(monitor::AttemptEnded&)> attempt_end;
  std::function<void(const monitor::AttemptEnded&, Checks&)> after_attempt_end;
  std::function<int(monitor::BreakerTransition&)> transition;
  std::function<int(monitor::RetryAfterSet&)> retry_after;
  std::function<int(monitor::BudgetEvent&)> budget;
  std::function<int(monitor::CacheStored&)> stored;
  std::function<int(monitor::Record&)> finish;
  std::function<int(LedgerEntry&)> ledger;
  std::function<int()> fault;
  const monitor::Pipeline* other_pipeline = nullptr;

  template <class Each>
    requires kIsAlternative<Each, Event>
  void on(const Each& event) {
    Each told = event;
    for (int i = lie(told); i > 0; --i) deliver(checks_, told);
    if constexpr (std::is_same_v<Each, monitor::AttemptEnded>) {
      if (after_attempt_end) after_attempt_end(told, checks_);
    }
  }
  [[nodiscard]] bool wants_stop() const { return checks_.wants_stop(); }

 private:
  int lie(RunBegan& event) {
    if (other_pipeline != nullptr) event.pipeline = other_pipeline;
    if (began) began(event);
    return 1;
  }
  int lie(CallPlaced& event) { return placed ? placed(event) : 1; }
  int lie(monitor::RequestArrived& event) { return arrival ? arrival(event.request) : 1; }
  int lie(monitor::TokensGranted&) { return granted ? granted() : 1; }
  int lie(monitor::MoneyReleased& event) { return released ? released(event.amount) : 1; }
  int lie(monitor::PermitAsked& event) { return permit ? permit(event) : 1; }
  int lie(monitor::AttemptStarted& event) { return attempt_start ? attempt_start(event) : 1; }
  int lie(monitor::AttemptEnded& event) { return attempt_end ? attempt_end(event) : 1; }
  int lie(monitor::BreakerMoved& event) { return transition ? transition(event.transition) : 1; }
  int lie(monitor::RetryAfterSet& event) { return retry_after ? retry_after(event) : 1; }
  int lie(monitor::BudgetChanged& event) { return budget ? budget(event.budget) : 1; }
  int lie(monitor::CacheStored& event) { return stored ? stored(event) : 1; }
  int lie(monitor::Record& record) { return finish ? finish(record) : 1; }
  int lie(LedgerEntry& event) { return ledger ? ledger(event) : 1; }
  int lie(FaultChanged&) { return fault ? fault() : 1; }
  template <class Each>
  int lie(Each&) {
    return 1;
  }

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
