#pragma once
// The provider writes slowly once it has begun: its first token comes in time, and the others do not.

#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

struct TokenStall : FaultRules {
  static constexpr const char* kName = "token_stall";
  static constexpr const char* kDoc =
      "Time per output token is multiplied by `factor`; the time to the first token is not. Calls that become slower "
      "than their timeout are timeouts, and a pause beyond an idle_timeout breaks a stream off.";

  double factor = 1;

  static constexpr bool kSpoilsReply = false;
  static constexpr bool kHasSize = true;
  bool apply(const FaultedCall& call, State& state, FaultEffect& effect) const;
  [[nodiscard]] double slowed(double latency) const { return latency * (factor > 1 ? factor : 1); }
  [[nodiscard]] std::vector<FaultProblem> problems(const IsWritten& is_written) const;
  static constexpr auto shrinks() { return std::tuple{&TokenStall::factor}; }
  static TokenStall draw(const FaultDraws& draws);
  friend bool operator==(const TokenStall&, const TokenStall&) = default;
};

}  // namespace windtunnel::sim
