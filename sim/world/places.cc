#include "sim/world/places.h"

#include <algorithm>

namespace windtunnel::sim {

bool acts_on(const FaultSpec& fault, const ProviderSpec& provider) {
  return fault.providers.empty() || std::ranges::find(fault.providers, provider.name) != fault.providers.end();
}

bool has_places(const Scenario& scenario, const ProviderSpec& provider) {
  if (provider.concurrency) return true;
  return std::ranges::any_of(scenario.faults, [&](const FaultSpec& fault) {
    return acts_on(fault, provider) && capacity_of(fault.settings).has_value();
  });
}

}  // namespace windtunnel::sim
