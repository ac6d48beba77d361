#pragma once
// An answer comes without its usage: the caller never learns what it is billed.

#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

struct UsageMissing : FaultRules {
  static constexpr const char* kName = "usage_missing";
  static constexpr const char* kDoc =
      "Touched calls that are answered come without their usage. They are billed as ever, and the gateway settles what "
      "it has reserved for them (`unknown_usage`).";

  static constexpr bool kSpoilsReply = false;
  bool apply(const FaultedCall& call, State& state, FaultEffect& effect) const;
  static UsageMissing draw(const FaultDraws& /*draws*/) { return {}; }
  friend bool operator==(const UsageMissing&, const UsageMissing&) = default;
};

}  // namespace windtunnel::sim
