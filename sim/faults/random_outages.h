#pragma once
// Outages that come at random: times up and down by laws, and a share of the calls that fails while the provider is
// down. It begins with a time up.

#include "sim/faults/outage.h"

namespace windtunnel::sim {

struct RandomOutages : FaultRules {
  static constexpr const char* kName = "random_outages";
  static constexpr const char* kDoc =
      "Outages at random: the times up and down are drawn from the laws `up` and `down` (or measured ones), "
      "and while it is down a share `severity` of the calls fails.";

  OutageMode mode = OutageMode::refuse;
  monitor::ReplyKind error = monitor::ReplyKind::connection_error;
  Law up = Law::fixed(0);    // nanoseconds
  Law down = Law::fixed(0);  // nanoseconds
  double severity = 1;       // the share of calls that fail while it is down

  static constexpr Precedence kPrecedence = Precedence::outage;
  bool apply(const FaultedCall& /*call*/, State& /*state*/, FaultEffect& effect) const {
    return DownSettings{mode, error}.apply(effect);
  }
  [[nodiscard]] double share() const { return severity; }
  [[nodiscard]] bool acts_in_phase(std::uint64_t number) const { return number % 2 == 1; }
  std::optional<Law> stay(const FaultPhase& phase, State& /*state*/) const { return phase.acts ? down : up; }
  [[nodiscard]] bool may_hang() const { return mode == OutageMode::hang; }
  [[nodiscard]] double fail_chance() const { return severity; }
  [[nodiscard]] bool is_uncertain() const { return true; }
  [[nodiscard]] std::vector<FaultProblem> problems(const IsWritten& is_written) const;
  static constexpr auto shrinks() {
    return std::tuple{&RandomOutages::mode, &RandomOutages::error, &RandomOutages::severity};
  }
  static RandomOutages draw(const FaultDraws& draws);
  friend bool operator==(const RandomOutages&, const RandomOutages&) = default;
};

}  // namespace windtunnel::sim
