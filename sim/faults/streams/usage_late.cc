#include "sim/faults/streams/usage_late.h"

#include <algorithm>

namespace windtunnel::sim {

bool UsageLate::apply(const FaultedCall& /*call*/, State& /*state*/, FaultEffect& effect) const {
  effect.usage_delay = std::max(effect.usage_delay, delay);
  return !effect.is_decided();
}

UsageLate UsageLate::draw(const FaultDraws& draws) {
  using std::chrono::seconds;
  return {.delay = draws.dice.one_of<Duration>({seconds{1}, seconds{20}, seconds{300}}, "usage after", draws.member)};
}

}  // namespace windtunnel::sim
