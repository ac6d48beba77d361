#include "sim/faults/brownout.h"

namespace windtunnel::sim {

std::vector<FaultProblem> Brownout::problems(const IsWritten& is_written) const {
  std::vector<FaultProblem> all;
  need(all, is_written, "a brownout", {"concurrency"});
  return all;
}

Brownout Brownout::draw(const FaultDraws& draws) {
  return {.concurrency = draws.dice.between({1, 4}, "brownout", draws.member)};
}

}  // namespace windtunnel::sim
