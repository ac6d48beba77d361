#include "sim/world/places.h"

#include <algorithm>

namespace windtunnel::sim {

bool has_places(const Scenario& scenario, const ProviderSpec& provider) {
  if (provider.concurrency) return true;
  return std::ranges::any_of(scenario.faults, [&](const FaultSpec& fault) {
    const bool is_named =
        fault.providers.empty() || std::ranges::find(fault.providers, provider.name) != fault.providers.end();
    return is_named && capacity_of(fault.settings).has_value();
  });
}

}  // namespace windtunnel::sim
