#pragma once
// Watches a run and says what it was found to be: invariants, thresholds, liveness, coverage and whether every fault did
// something.
//
//   Judge judge{scenario};
//   const RunResult result = run(scenario, {.observers = judge.observers()});
//   const Judgement judgement = judge.judge(result);

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/checks/checks.h"
#include "sim/checks/coverage.h"
#include "sim/checks/liveness.h"
#include "sim/checks/thresholds.h"
#include "sim/checks/verdict.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

struct JudgeOptions {
  std::vector<std::string> checks{"all"};  // ids of the registry, "all" or "none"; every word must be one of these
  bool keep_going = false;                 // true: the run goes on after a violation, and each check may find its first
};

class Judge {
 public:
  // `scenario` must outlive this.
  explicit Judge(const Scenario& scenario, const JudgeOptions& options = {});
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  // To be given to the run; they live as long as this.
  [[nodiscard]] std::vector<Observer*> observers();
  // After the run, once.
  [[nodiscard]] Judgement judge(const RunResult& result);

 private:
  const Scenario& scenario_;
  std::unique_ptr<const Scenario> claimed_;  // with the breaker's settings that the checks hold it to, if others
  Thresholds thresholds_;
  Coverage coverage_;
  Checks checks_;
  std::optional<Liveness> liveness_;
};

}  // namespace windtunnel::sim
