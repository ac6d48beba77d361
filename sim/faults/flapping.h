#pragma once
// A periodic outage: the provider is down for `down`, up for `up`, and so on. It begins with a time down.

#include "sim/faults/outage.h"

namespace windtunnel::sim {

struct Flapping : FaultRules {
  static constexpr const char* kName = "flapping";
  static constexpr const char* kDoc =
      "An outage that comes and goes: the provider is well for `up`, down for `down`, and so on.";

  OutageMode mode = OutageMode::refuse;
  monitor::ReplyKind error = monitor::ReplyKind::connection_error;
  Law up = Law::fixed(0);    // nanoseconds
  Law down = Law::fixed(0);  // nanoseconds

  static constexpr Precedence kPrecedence = Precedence::outage;
  bool apply(const FaultedCall& /*call*/, State& /*state*/, FaultEffect& effect) const {
    return DownSettings{mode, error}.apply(effect);
  }
  [[nodiscard]] bool acts_in_phase(std::uint64_t number) const { return number % 2 == 0; }
  std::optional<Law> stay(const FaultPhase& phase, State& /*state*/) const { return phase.acts ? down : up; }
  [[nodiscard]] bool may_hang() const { return mode == OutageMode::hang; }
  [[nodiscard]] double fail_chance() const { return 1; }
  [[nodiscard]] std::vector<FaultProblem> problems(const IsWritten& is_written) const;
  static constexpr auto shrinks() { return std::tuple{&Flapping::mode, &Flapping::error}; }
  static Flapping draw(const FaultDraws& draws);
  friend bool operator==(const Flapping&, const Flapping&) = default;
};

// What a fault with these times up and down lacks.
void add_phase_problems(std::vector<FaultProblem>& problems, const IsWritten& is_written, std::string_view fault,
                        const Law& up, const Law& down);
// A time up or down that a swarm draws by this name.
[[nodiscard]] Duration draw_phase(const FaultDraws& draws, std::string_view name);

}  // namespace windtunnel::sim
