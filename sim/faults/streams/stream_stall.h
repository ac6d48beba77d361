#pragma once
// The answer stops in its middle, and the connection stays open.

#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

struct StreamStall : FaultRules {
  static constexpr const char* kName = "stream_stall";
  static constexpr const char* kDoc =
      "Touched calls stop in the middle of the answer and never go on: the caller waits for the rest until its "
      "timeout. "
      "What was written until then, `bill_fraction` of the output, is billed as that of a caller that gave up.";

  double bill_fraction = 0.5;

  static constexpr Precedence kPrecedence = Precedence::truncated;
  static constexpr bool kIsCertain = true;
  bool apply(const FaultedCall& call, State& state, FaultEffect& effect) const;
  [[nodiscard]] bool may_hang() const { return true; }
  [[nodiscard]] double fail_chance() const { return 1; }
  static constexpr auto shrinks() { return std::tuple{&StreamStall::bill_fraction}; }
  static StreamStall draw(const FaultDraws& draws);
  friend bool operator==(const StreamStall&, const StreamStall&) = default;
};

}  // namespace windtunnel::sim
