#include "sim/faults/random_outages.h"

#include "sim/faults/flapping.h"

namespace windtunnel::sim {

std::vector<FaultProblem> RandomOutages::problems(const IsWritten& is_written) const {
  std::vector<FaultProblem> all;
  add_phase_problems(all, is_written, "a fault of random_outages", up, down);
  DownSettings{mode, error}.add_problems(all, is_written);
  return all;
}

RandomOutages RandomOutages::draw(const FaultDraws& draws) {
  const auto up = static_cast<double>(draw_phase(draws, "up").count());
  const auto down = static_cast<double>(draw_phase(draws, "down").count());
  const DownSettings settings = DownSettings::draw(draws);
  const bool is_on_grid = draws.grid > Duration{0};
  return {.mode = settings.mode,
          .error = settings.error,
          .up = is_on_grid ? Law::fixed(up) : Law::exponential(up),
          .down = is_on_grid ? Law::fixed(down) : Law::weibull(0.7, down),
          .severity = draws.dice.one_of({0.3, 1.0}, "severity", draws.member)};
}

}  // namespace windtunnel::sim
