#include "sim/faults/streams/stream_stall.h"

namespace windtunnel::sim {

bool StreamStall::apply(const FaultedCall& /*call*/, State& /*state*/, FaultEffect& effect) const {
  if (effect.is_decided()) return false;
  effect.kind = FaultEffect::Kind::stalled;
  effect.bill_fraction = bill_fraction;
  return true;
}

StreamStall StreamStall::draw(const FaultDraws& draws) {
  return {.bill_fraction = draws.dice.one_of({0.0, 0.3, 1.0}, "bill fraction", draws.member)};
}

}  // namespace windtunnel::sim
