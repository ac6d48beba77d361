#pragma once
// Judges a run: invariants, thresholds, liveness, coverage and whether every fault did something. It is the run's only
// observer of these, and hands each event to those that need it.
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
#include "sim/checks/replica_checks.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

struct JudgeOptions {
  std::vector<std::string> checks{"all"};  // ids of the registry, "all" or "none"; every word must be one of these
  bool keep_going = false;                 // true: the run goes on after a violation, and each check may find its first
  bool from_outside = false;  // of a run without a pipeline to look into: liveness is of requests, no check
};

// What the claims need of a run besides its events.
struct RunFacts {
  Instant ended{};
  std::uint64_t arrivals = 0;
  std::uint64_t in_flight = 0;  // of those, at the end: they have shown nothing yet
  bool stopped = false;
  std::vector<FaultCount> faults;  // in file order
};

class Judge final {
 public:
  // `scenario` must outlive this.
  explicit Judge(const Scenario& scenario, const JudgeOptions& options = {});
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  // After the run, once.
  [[nodiscard]] Judgement judge(const RunResult& result);
  // The claims alone.
  [[nodiscard]] Judgement judge(const RunFacts& facts);

  // Hands an event to each of the parts that need it. The checks come last, because a call that ends a function costs
  // no frame of its own.
  template <class Each>
    requires kIsAlternative<Each, Event>
  void on(const Each& event) {
    deliver(thresholds_, event);
    deliver(coverage_, event);
    if (liveness_) deliver(*liveness_, event);
    if (replicas_) [[unlikely]]
      deliver(*replicas_, event);
    if (checks_on_) deliver(checks_, event);
  }
  [[nodiscard]] bool wants_stop() const { return checks_.wants_stop() || (replicas_ && replicas_->wants_stop()); }

 private:
  const Scenario& scenario_;
  std::unique_ptr<const Scenario> claimed_;  // with the breaker's settings that the checks hold it to, if others
  Thresholds thresholds_;
  Coverage coverage_;
  Checks checks_;
  std::optional<ReplicaChecks> replicas_;
  bool from_outside_;
  bool checks_on_;  // any of them is
  std::optional<Liveness> liveness_;
};

}  // namespace windtunnel::sim
