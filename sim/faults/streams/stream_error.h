#pragma once
// The stream ends with an error event after a part of the answer.

#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

struct StreamError : FaultRules {
  static constexpr const char* kName = "stream_error";
  static constexpr const char* kDoc =
      "Touched calls end with an error event in the middle of the stream, after `bill_fraction` of the output, which "
      "is "
      "billed; the caller does not learn how much that is. A whole body breaks off.";

  double bill_fraction = 0.5;

  static constexpr Precedence kPrecedence = Precedence::truncated;
  static constexpr bool kIsCertain = true;
  bool apply(const FaultedCall& call, State& state, FaultEffect& effect) const;
  [[nodiscard]] double fail_chance() const { return 1; }
  static constexpr auto shrinks() { return std::tuple{&StreamError::bill_fraction}; }
  static StreamError draw(const FaultDraws& draws);
  friend bool operator==(const StreamError&, const StreamError&) = default;
};

}  // namespace windtunnel::sim
