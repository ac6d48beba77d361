#include "sim/faults/error_burst.h"

#include <algorithm>

namespace windtunnel::sim {
namespace {

using monitor::ReplyKind;

constexpr std::uint32_t kErrorLane = 1;

}  // namespace

bool ErrorBurst::apply(const FaultedCall& call, State& state, FaultEffect& effect) const {
  const bool fails =
      unit(sim::draw(call.stream, call.name.ordinal, call.name.attempt).b) < call.sized(0, rate_in(state));
  if (effect.is_decided() || !fails) return false;
  effect.kind = FaultEffect::Kind::error;
  effect.error = error_of(sim::draw(call.stream, call.name.ordinal, call.name.attempt, kErrorLane).a);
  return true;
}

double ErrorBurst::rate_in(const State& state) const {
  if (!gilbert_elliott) return rate;
  return state.is_bad ? gilbert_elliott->bad : gilbert_elliott->good;
}

ReplyKind ErrorBurst::error_of(std::uint64_t bits) const {
  if (errors.empty()) return ReplyKind::server_error;
  double sum = 0;
  for (const auto& [kind, weight] : errors) sum += weight;
  double at = unit(bits) * sum;
  for (const auto& [kind, weight] : errors) {
    if (at < weight) return kind;
    at -= weight;
  }
  return errors.back().first;
}

// The first state is drawn from the stationary law, then the two take turns.
std::optional<Law> ErrorBurst::stay(const FaultPhase& phase, State& state) const {
  if (!gilbert_elliott) return std::nullopt;
  const auto bad = static_cast<double>(gilbert_elliott->mean_bad.count());
  const auto good = static_cast<double>(gilbert_elliott->mean_good.count());
  const bool first_is_bad = unit(sim::draw(phase.stream, 0, 1).a) * (good + bad) < bad;
  state.is_bad = first_is_bad == (phase.number % 2 == 0);
  return Law::exponential(state.is_bad ? bad : good);
}

std::vector<FaultProblem> ErrorBurst::problems(const IsWritten& is_written) const {
  std::vector<FaultProblem> all;
  if (gilbert_elliott && is_written("rate")) {
    all.push_back({"rate", "\"gilbert_elliott\" has rates of its own; write one of them"});
  }
  const bool has_weight = std::ranges::any_of(errors, [](const auto& error) { return error.second > 0; });
  if (is_written("errors") && !has_weight) all.push_back({"errors", "no failure has a weight"});
  return all;
}

ErrorBurst ErrorBurst::draw(const FaultDraws& draws) {
  using std::chrono::seconds;
  const Dice& dice = draws.dice;
  const std::uint64_t member = draws.member;
  ErrorBurst burst;
  burst.rate = dice.one_of({0.1, 0.4, 0.9}, "burst rate", member);
  for (std::size_t kind = 1; kind < monitor::kReplyKinds; ++kind) {
    if (dice.coin(40, "burst errors", member * 16 + kind)) burst.errors.emplace_back(static_cast<ReplyKind>(kind), 1);
  }
  if (dice.coin(30, "gilbert elliott", member)) {
    burst.rate = 1;
    burst.gilbert_elliott = GilbertElliott{.good = 0.01, .bad = 0.8, .mean_good = seconds{5}, .mean_bad = seconds{3}};
  }
  return burst;
}

}  // namespace windtunnel::sim
