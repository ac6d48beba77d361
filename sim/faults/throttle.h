#pragma once
// The provider admits fewer requests or tokens a minute than it did: beyond them it answers 429 with a Retry-After.

#include "sim/faults/rate_window.h"
#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

struct Throttle : FaultRules {
  static constexpr const char* kName = "throttle";
  static constexpr const char* kDoc =
      "The provider answers rate_limited (429) beyond `requests_per_minute` or `tokens_per_minute`, with "
      "`retry_after` or the time to the end of the minute as its Retry-After.";

  RateLimit limit;

  struct State {
    std::vector<RateWindow> windows;  // by provider
  };
  static constexpr Precedence kPrecedence = Precedence::throttle;
  bool apply(const FaultedCall& call, State& state, FaultEffect& effect) const;
  [[nodiscard]] std::vector<FaultProblem> problems(const IsWritten& is_written) const;
  static Throttle draw(const FaultDraws& draws);
  friend bool operator==(const Throttle&, const Throttle&) = default;
};

}  // namespace windtunnel::sim
