#include "sim/load/script.h"

namespace windtunnel::sim {

double Script::expected_requests(const Rate& /*rate*/, Duration /*length*/, std::size_t listed) const {
  return static_cast<double>(listed);
}

// All that the file lists may come at once.
LoadPeak Script::peak(double /*per_second*/, double /*unit_seconds*/, double /*latency*/, std::size_t listed) const {
  return {.per_second = 0, .at_once = static_cast<double>(listed)};
}

std::optional<std::string> Script::problem(std::size_t listed) const {
  if (listed > 0) return std::nullopt;
  return "a script needs \"requests\"";
}

}  // namespace windtunnel::sim
