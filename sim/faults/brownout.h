#pragma once
// The provider serves fewer calls at once. It touches no call by itself: calls wait in the provider's queue.

#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

struct Brownout : FaultRules {
  static constexpr const char* kName = "brownout";
  static constexpr const char* kDoc =
      "The provider serves at most `concurrency` calls at once; the others wait in its queue, and beyond the queue "
      "they are overloaded. A ramp of its size takes the places one after the other, and gives them back so.";

  std::int64_t concurrency = 1;

  static constexpr bool kTouchesCalls = false;
  static constexpr bool kHasSize = true;  // of what is lost of the provider's own concurrency
  [[nodiscard]] std::optional<std::int64_t> capacity() const { return concurrency; }
  [[nodiscard]] std::vector<FaultProblem> problems(const IsWritten& is_written) const;
  static Brownout draw(const FaultDraws& draws);
  friend bool operator==(const Brownout&, const Brownout&) = default;
};

}  // namespace windtunnel::sim
