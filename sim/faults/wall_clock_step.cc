#include "sim/faults/wall_clock_step.h"

namespace windtunnel::sim {

std::vector<FaultProblem> WallClockStep::problems(const IsWritten& is_written) const {
  std::vector<FaultProblem> all;
  need(all, is_written, "a wall_clock_step", {"offset"});
  return all;
}

WallClockStep WallClockStep::draw(const FaultDraws& draws) {
  using std::chrono::seconds;
  return {.offset = draws.dice.one_of<Duration>(
              {seconds{-90'000}, seconds{-61}, seconds{-1}, seconds{30}, seconds{90'000}, seconds{2'700'000}}, "offset",
              draws.member)};
}

}  // namespace windtunnel::sim
