#pragma once
// Something good still happens: once every fault is healed, the breakers close and requests succeed again, within the
// time that the scenario allows. A breaker that is stuck passes every safety check; only this one finds it.

#include <cstdint>
#include <vector>

#include "sim/checks/verdict.h"
#include "sim/world/events.h"

namespace windtunnel::sim {

class Liveness final : public Observer {
 public:
  // `scenario` must have a liveness block and outlive this.
  explicit Liveness(const Scenario& scenario);

  void on_transition(monitor::ProviderId provider, const monitor::BreakerTransition& event) override;
  void on_finish(const monitor::Record& record) override;

  // After the run. `ended`: the instant of its last event.
  [[nodiscard]] std::vector<Finding> judge(Instant ended) const;

 private:
  const Scenario& scenario_;
  Instant due_;                                // everything has recovered by now
  std::vector<monitor::BreakerState> states_;  // as they stood when it was due
  std::int64_t requests_ = 0;                  // that arrived after it was due, less refusals by our own limiters
  std::int64_t answered_ = 0;
};

}  // namespace windtunnel::sim
