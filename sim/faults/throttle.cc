#include "sim/faults/throttle.h"

#include <algorithm>

namespace windtunnel::sim {

bool Throttle::apply(const FaultedCall& call, State& state, FaultEffect& effect) const {
  if (effect.is_decided()) return false;
  state.windows.resize(std::max(state.windows.size(), call.provider + 1));
  const auto wait = state.windows[call.provider].admit(limit, {call.tokens, Tokens{}}, call.true_time);
  if (!wait) return false;
  effect.kind = FaultEffect::Kind::throttle;
  effect.retry_after = *wait;
  return true;
}

std::vector<FaultProblem> Throttle::problems(const IsWritten& is_written) const {
  std::vector<FaultProblem> all;
  need(all, is_written, "a throttle", {"requests_per_minute", "tokens_per_minute"});
  return all;
}

Throttle Throttle::draw(const FaultDraws& draws) {
  using std::chrono::seconds;
  Throttle throttle;
  throttle.limit.requests_per_minute = draws.dice.one_of<std::int64_t>({0, 5, 30}, "throttle", draws.member);
  if (draws.dice.coin(40, "throttles tokens", draws.member)) {
    throttle.limit.tokens_per_minute = Tokens{draws.dice.one_of<std::int64_t>({1'000, 10'000}, "tokens", draws.member)};
    if (draws.dice.coin(50, "tokens alone", draws.member)) throttle.limit.requests_per_minute.reset();
  }
  if (draws.dice.coin(60, "retry after", draws.member)) {
    throttle.limit.retry_after = draws.dice.one_of<Duration>({seconds{1}, seconds{4}, seconds{30}, seconds{1'000'000}},
                                                             "retry after at", draws.member);
  }
  return throttle;
}

}  // namespace windtunnel::sim
