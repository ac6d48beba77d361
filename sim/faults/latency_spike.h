#pragma once
// The provider is slow: both latencies are multiplied, then a time is added to the first token's.

#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

struct LatencySpike : FaultRules {
  static constexpr const char* kName = "latency_spike";
  static constexpr const char* kDoc =
      "Time to first token and time per output token are multiplied by `factor`, then `add` is added. Calls "
      "that become slower than their timeout are timeouts.";

  double factor = 1;
  Duration add{0};

  static constexpr bool kSpoilsReply = false;
  static constexpr bool kHasSize = true;
  bool apply(const FaultedCall& call, State& state, FaultEffect& effect) const;
  [[nodiscard]] double slowed(double latency) const { return latency * factor + static_cast<double>(add.count()); }
  [[nodiscard]] std::vector<FaultProblem> problems(const IsWritten& is_written) const;
  static LatencySpike draw(const FaultDraws& draws);
  friend bool operator==(const LatencySpike&, const LatencySpike&) = default;
};

}  // namespace windtunnel::sim
