#pragma once
// An answer comes without its usage, which the caller learns later.

#include <chrono>

#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

struct UsageLate : FaultRules {
  static constexpr const char* kName = "usage_late";
  static constexpr const char* kDoc =
      "The usage of touched calls that are answered comes `delay` after the answer. Until then the gateway holds what "
      "it "
      "has reserved for them (`unknown_usage`); then their bill takes its place.";

  Duration delay = std::chrono::minutes{1};  // after the answer; > 0

  static constexpr bool kSpoilsReply = false;
  static constexpr bool kDelaysUsage = true;
  bool apply(const FaultedCall& call, State& state, FaultEffect& effect) const;
  static constexpr auto shrinks() { return std::tuple{&UsageLate::delay}; }
  static UsageLate draw(const FaultDraws& draws);
  friend bool operator==(const UsageLate&, const UsageLate&) = default;
};

}  // namespace windtunnel::sim
