#include "sim/faults/latency_spike.h"

#include "base/rounding.h"

namespace windtunnel::sim {

bool LatencySpike::apply(const FaultedCall& call, State& /*state*/, FaultEffect& effect) const {
  effect.factor *= call.sized(1, factor);
  effect.add += call.size == 1 ? add : whole_nanoseconds(call.sized(0, static_cast<double>(add.count())));
  // One that makes nothing slower changes no call.
  const bool is_slower = factor != 1 || add > Duration{0};
  return is_slower && effect.is_worked_on();
}

std::vector<FaultProblem> LatencySpike::problems(const IsWritten& is_written) const {
  std::vector<FaultProblem> all;
  need(all, is_written, "a latency_spike", {"factor", "add"});
  return all;
}

LatencySpike LatencySpike::draw(const FaultDraws& draws) {
  const int quarters = draws.dice.one_of({1, 3, 4, 8}, "later", draws.member);
  return {.factor = draws.dice.one_of({1.0, 2.0, 5.0, 50.0}, "slower", draws.member),
          .add = on_grid(draws.timeout * quarters / 4, draws.grid)};
}

}  // namespace windtunnel::sim
