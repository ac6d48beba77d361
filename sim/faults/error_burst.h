#pragma once
// Calls fail with a chance: at one rate, or in bursts between a good and a bad state (Gilbert and Elliott).

#include <algorithm>
#include <utility>

#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

// A two-state error law in time: each state has its error rate, each stay is exponential.
struct GilbertElliott {
  double good = 0.002;
  double bad = 0.5;
  Duration mean_good = std::chrono::minutes{30};
  Duration mean_bad = std::chrono::seconds{60};
  friend bool operator==(const GilbertElliott&, const GilbertElliott&) = default;
};

struct ErrorBurst : FaultRules {
  static constexpr const char* kName = "error_burst";
  static constexpr const char* kDoc =
      "Calls fail with a chance of `rate`, with the kinds of `errors` by weight; or, with `gilbert_elliott`, in "
      "bursts: a good and a bad state, each with its error rate and mean stay.";

  double rate = 1;
  std::vector<std::pair<monitor::ReplyKind, double>> errors;  // weights; empty: server errors alone
  std::optional<GilbertElliott> gilbert_elliott;

  static constexpr bool kHasSize = true;
  struct State {
    bool is_bad = false;  // of gilbert_elliott
  };
  static constexpr Precedence kPrecedence = Precedence::error_burst;
  bool apply(const FaultedCall& call, State& state, FaultEffect& effect) const;
  std::optional<Law> stay(const FaultPhase& phase, State& state) const;
  [[nodiscard]] bool may_hang() const {
    return std::ranges::any_of(
        errors, [](const auto& error) { return error.first == monitor::ReplyKind::timeout && error.second > 0; });
  }
  [[nodiscard]] double fail_chance() const { return gilbert_elliott ? 0 : rate; }
  [[nodiscard]] bool is_uncertain() const { return gilbert_elliott.has_value(); }
  [[nodiscard]] std::vector<FaultProblem> problems(const IsWritten& is_written) const;
  static constexpr auto shrinks() {
    return std::tuple{&ErrorBurst::gilbert_elliott, &ErrorBurst::errors, &ErrorBurst::rate};
  }
  static ErrorBurst draw(const FaultDraws& draws);
  friend bool operator==(const ErrorBurst&, const ErrorBurst&) = default;

 private:
  [[nodiscard]] double rate_in(const State& state) const;
  [[nodiscard]] monitor::ReplyKind error_of(std::uint64_t bits) const;
};

}  // namespace windtunnel::sim
