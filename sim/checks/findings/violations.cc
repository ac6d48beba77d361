#include "sim/checks/findings/violations.h"

#include <algorithm>

namespace windtunnel::sim {

bool Violations::wants(CheckId id) const {
  if (!selection_.on(id) || wants_stop()) return false;
  return std::ranges::find(findings_, entry_of(id).name, &Finding::id) == findings_.end();
}

void Violations::add(CheckId id, Instant at, std::optional<RequestId> request, std::string reason) {
  const CheckEntry& entry = entry_of(id);
  const std::string who = request ? fmt::format("request {}", number_of(*request)) : std::string{"no request"};
  findings_.push_back({.kind = Finding::Kind::invariant,
                       .id = std::string{entry.name},
                       .verdict = Verdict::fail,
                       .claim = std::string{entry.sentence},
                       .reason = fmt::format("at {} ns, {}: {}", at.time_since_epoch().count(), who, reason),
                       .at = at,
                       .request = request,
                       .origin = {}});
}

}  // namespace windtunnel::sim
