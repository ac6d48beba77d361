#pragma once
// The provider's stream breaks off in the middle of the answer.

#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

struct Truncated : FaultRules {
  static constexpr const char* kName = "truncated";
  static constexpr const char* kDoc =
      "Touched calls break off in the middle of the stream. `bill_fraction` of the output is billed, and the "
      "caller does not learn how much that is.";

  double bill_fraction = 1;

  static constexpr Precedence kPrecedence = Precedence::truncated;
  static constexpr bool kIsCertain = true;
  bool apply(const FaultedCall& call, State& state, FaultEffect& effect) const;
  [[nodiscard]] double fail_chance() const { return 1; }
  static constexpr auto shrinks() { return std::tuple{&Truncated::bill_fraction}; }
  static Truncated draw(const FaultDraws& draws);
  friend bool operator==(const Truncated&, const Truncated&) = default;
};

}  // namespace windtunnel::sim
