#include "sim/faults/streams/stream_error.h"

namespace windtunnel::sim {

bool StreamError::apply(const FaultedCall& /*call*/, State& /*state*/, FaultEffect& effect) const {
  if (effect.is_decided()) return false;
  effect.kind = FaultEffect::Kind::truncated;
  effect.broken = FaultEffect::Break::error_event;
  effect.bill_fraction = bill_fraction;
  return true;
}

StreamError StreamError::draw(const FaultDraws& draws) {
  return {.bill_fraction = draws.dice.one_of({0.0, 0.3, 1.0}, "bill fraction", draws.member)};
}

}  // namespace windtunnel::sim
