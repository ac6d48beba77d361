#include "sim/faults/streams/token_stall.h"

namespace windtunnel::sim {

bool TokenStall::apply(const FaultedCall& call, State& /*state*/, FaultEffect& effect) const {
  effect.token_factor *= call.sized(1, factor);
  return factor != 1 && effect.is_worked_on();
}

std::vector<FaultProblem> TokenStall::problems(const IsWritten& is_written) const {
  std::vector<FaultProblem> all;
  need(all, is_written, "a token_stall", {"factor"});
  return all;
}

TokenStall TokenStall::draw(const FaultDraws& draws) {
  return {.factor = draws.dice.one_of({2.0, 10.0, 100.0}, "slower tokens", draws.member)};
}

}  // namespace windtunnel::sim
