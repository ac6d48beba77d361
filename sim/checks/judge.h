#pragma once
// Watches a run and says what it was found to be: thresholds, liveness, coverage and whether every fault did something.
//
//   Judge judge{scenario};
//   const RunResult result = run(scenario, {.observers = judge.observers()});
//   const Judgement judgement = judge.judge(result);

#include <optional>
#include <vector>

#include "sim/checks/coverage.h"
#include "sim/checks/liveness.h"
#include "sim/checks/thresholds.h"
#include "sim/checks/verdict.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

class Judge {
 public:
  // `scenario` must outlive this.
  explicit Judge(const Scenario& scenario);

  // To be given to the run; they live as long as this.
  [[nodiscard]] std::vector<Observer*> observers();
  // After the run, once.
  [[nodiscard]] Judgement judge(const RunResult& result);

 private:
  const Scenario& scenario_;
  Thresholds thresholds_;
  Coverage coverage_;
  std::optional<Liveness> liveness_;
};

}  // namespace windtunnel::sim
