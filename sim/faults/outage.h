#pragma once
// The provider is down: touched calls are refused at once, or hang until their deadline.

#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

enum class OutageMode : std::uint8_t { refuse, hang };

// The settings of every fault whose calls meet a provider that is down.
struct DownSettings {
  OutageMode mode = OutageMode::refuse;
  monitor::ReplyKind error = monitor::ReplyKind::connection_error;  // of a refused call

  bool apply(FaultEffect& effect) const;
  static DownSettings draw(const FaultDraws& draws);
  void add_problems(std::vector<FaultProblem>& problems, const IsWritten& is_written) const;
};

struct Outage : FaultRules {
  static constexpr const char* kName = "outage";
  static constexpr const char* kDoc =
      "Every touched call fails: with `mode: refuse` at once, with the reply kind of `error`; with `mode: hang` it "
      "never answers and ends at its timeout. Wins over all other faults of the provider.";

  OutageMode mode = OutageMode::refuse;
  monitor::ReplyKind error = monitor::ReplyKind::connection_error;

  static constexpr Precedence kPrecedence = Precedence::outage;
  static constexpr bool kIsCertain = true;
  bool apply(const FaultedCall& /*call*/, State& /*state*/, FaultEffect& effect) const {
    return DownSettings{mode, error}.apply(effect);
  }
  [[nodiscard]] bool may_hang() const { return mode == OutageMode::hang; }
  [[nodiscard]] double fail_chance() const { return 1; }
  [[nodiscard]] std::vector<FaultProblem> problems(const IsWritten& is_written) const;
  static constexpr auto shrinks() { return std::tuple{&Outage::mode, &Outage::error}; }
  static Outage draw(const FaultDraws& draws);
  friend bool operator==(const Outage&, const Outage&) = default;
};

}  // namespace windtunnel::sim
