#pragma once
// The file of a gateway as it was read once: the settings of all requests that begin until it is read again.

#include <optional>
#include <string>
#include <vector>

#include "monitor/config.h"
#include "runs/gateway/live_counts.h"
#include "runs/problem.h"
#include "sim/world/scenario.h"
#include "wire/gateway/upstream.h"

namespace windtunnel::runs {

struct GatewayRevision {
  // Throws ProblemError as upstreams_of() does.
  explicit GatewayRevision(sim::Scenario read);

  sim::Scenario scenario;
  std::vector<monitor::ProviderConfig> providers;
  std::vector<std::string> provider_names;
  std::vector<wire::Upstream> upstreams;
  LiveCounts counts;  // of its requests
};

// Why `next`, read from `file`, cannot follow `now` without a restart: each key that differs and belongs to a socket,
// to a file that is open, or to the start alone. Nothing: it can. `listens_elsewhere`: the address is not that of the
// file.
[[nodiscard]] std::optional<Problem> problem_with_change(const std::string& file, const sim::Scenario& now,
                                                         const sim::Scenario& next, bool listens_elsewhere);

}  // namespace windtunnel::runs
