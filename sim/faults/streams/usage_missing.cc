#include "sim/faults/streams/usage_missing.h"

namespace windtunnel::sim {

bool UsageMissing::apply(const FaultedCall& /*call*/, State& /*state*/, FaultEffect& effect) const {
  effect.has_usage = false;
  return !effect.is_decided();
}

}  // namespace windtunnel::sim
