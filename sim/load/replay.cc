#include "sim/load/replay.h"

#include <algorithm>

#include "base/rounding.h"

namespace windtunnel::sim {

Duration TraceReplay::played_at(Duration at) const {
  return time_scale == 1 ? at : whole_nanoseconds(static_cast<double>(at.count()) * time_scale);
}

double TraceReplay::expected_requests(const Rate& /*rate*/, Duration /*length*/, std::size_t listed) const {
  return static_cast<double>(listed) * rate_scale;
}

// All that the trace holds may come at once.
LoadPeak TraceReplay::peak(double /*per_second*/, double /*unit_seconds*/, double /*latency*/,
                           std::size_t listed) const {
  return {.per_second = 0, .at_once = static_cast<double>(listed) * std::max(1.0, rate_scale)};
}

std::optional<std::string> TraceReplay::problem(std::size_t /*listed*/) const {
  if (!trace.empty()) return std::nullopt;
  return "a replay needs a \"trace\"";
}

}  // namespace windtunnel::sim
