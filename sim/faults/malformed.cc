#include "sim/faults/malformed.h"

namespace windtunnel::sim {

bool Malformed::apply(const FaultedCall& /*call*/, State& /*state*/, FaultEffect& effect) const {
  if (effect.is_decided()) return false;
  effect.kind = FaultEffect::Kind::malformed;
  return true;
}

}  // namespace windtunnel::sim
