#pragma once
// The stream ends cleanly before the answer does.

#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

struct EarlyEnd : FaultRules {
  static constexpr const char* kName = "early_end";
  static constexpr const char* kDoc =
      "Touched calls end in the middle of the answer as if it were whole, without the event that ends a stream. "
      "`bill_fraction` of the output is billed, and the caller does not learn how much that is.";

  double bill_fraction = 0.5;

  static constexpr Precedence kPrecedence = Precedence::truncated;
  static constexpr bool kIsCertain = true;
  bool apply(const FaultedCall& call, State& state, FaultEffect& effect) const;
  [[nodiscard]] double fail_chance() const { return 1; }
  static constexpr auto shrinks() { return std::tuple{&EarlyEnd::bill_fraction}; }
  static EarlyEnd draw(const FaultDraws& draws);
  friend bool operator==(const EarlyEnd&, const EarlyEnd&) = default;
};

}  // namespace windtunnel::sim
