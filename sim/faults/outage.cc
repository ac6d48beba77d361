#include "sim/faults/outage.h"

namespace windtunnel::sim {

bool DownSettings::apply(FaultEffect& effect) const {
  if (effect.is_decided()) return false;
  effect.kind = mode == OutageMode::hang ? FaultEffect::Kind::hang : FaultEffect::Kind::refuse;
  effect.error = error;
  return true;
}

DownSettings DownSettings::draw(const FaultDraws& draws) {
  using monitor::ReplyKind;
  DownSettings down;
  if (draws.dice.coin(50, "hangs", draws.member)) {
    down.mode = OutageMode::hang;
    return down;
  }
  down.error = draws.dice.one_of({ReplyKind::connection_error, ReplyKind::server_error, ReplyKind::overloaded,
                                  ReplyKind::auth_or_quota, ReplyKind::rate_limited},
                                 "outage error", draws.member);
  return down;
}

void DownSettings::add_problems(std::vector<FaultProblem>& problems, const IsWritten& is_written) const {
  if (mode != OutageMode::hang || !is_written("error")) return;
  problems.push_back({"error", "a call that hangs has no error of its own: it ends as a timeout"});
}

std::vector<FaultProblem> Outage::problems(const IsWritten& is_written) const {
  std::vector<FaultProblem> all;
  DownSettings{mode, error}.add_problems(all, is_written);
  return all;
}

Outage Outage::draw(const FaultDraws& draws) {
  const DownSettings down = DownSettings::draw(draws);
  return {.mode = down.mode, .error = down.error};
}

}  // namespace windtunnel::sim
