#include "sim/faults/flapping.h"

namespace windtunnel::sim {

void add_phase_problems(std::vector<FaultProblem>& problems, const IsWritten& is_written, std::string_view fault,
                        const Law& up, const Law& down) {
  if (!is_written("law")) {
    need(problems, is_written, fault, {"up"});
    need(problems, is_written, fault, {"down"});
  }
  // A period of no length would repeat for ever within one instant.
  if (is_written("up") && up.mean() < 1) problems.push_back({"up", "the time up must be above 0"});
  if (is_written("down") && down.mean() < 1) problems.push_back({"down", "the time down must be above 0"});
}

Duration draw_phase(const FaultDraws& draws, std::string_view name) {
  using std::chrono::seconds;
  const Range<Duration> range{seconds{1}, seconds{30}};
  return on_grid(draws.dice.round_one(range, name, draws.member), draws.grid);
}

std::vector<FaultProblem> Flapping::problems(const IsWritten& is_written) const {
  std::vector<FaultProblem> all;
  add_phase_problems(all, is_written, "a flapping fault", up, down);
  DownSettings{mode, error}.add_problems(all, is_written);
  return all;
}

Flapping Flapping::draw(const FaultDraws& draws) {
  const DownSettings settings = DownSettings::draw(draws);
  return {.mode = settings.mode,
          .error = settings.error,
          .up = Law::fixed(static_cast<double>(draw_phase(draws, "up").count())),
          .down = Law::fixed(static_cast<double>(draw_phase(draws, "down").count()))};
}

}  // namespace windtunnel::sim
