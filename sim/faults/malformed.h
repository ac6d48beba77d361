#pragma once
// The provider answers 200 with a body that is no answer.

#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

struct Malformed : FaultRules {
  static constexpr const char* kName = "malformed";
  static constexpr const char* kDoc =
      "Touched calls answer 200 with a body that is no answer. They are billed in full and worth nothing.";

  static constexpr Precedence kPrecedence = Precedence::malformed;
  static constexpr bool kIsCertain = true;
  bool apply(const FaultedCall& call, State& state, FaultEffect& effect) const;
  [[nodiscard]] double fail_chance() const { return 1; }
  static Malformed draw(const FaultDraws& /*draws*/) { return {}; }
  friend bool operator==(const Malformed&, const Malformed&) = default;
};

}  // namespace windtunnel::sim
