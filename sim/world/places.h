#pragma once
// How many calls a provider serves at once: by its own limit, and by what a brownout leaves of it.

#include <cstdint>
#include <optional>

#include "sim/world/faults.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// Whether the fault names the provider, or all.
[[nodiscard]] bool acts_on(const FaultSpec& fault, const ProviderSpec& provider);

// Whether the number of calls that it serves at once is ever limited.
[[nodiscard]] bool has_places(const Scenario& scenario, const ProviderSpec& provider);

// One more call can be in service: fewer are than the provider's own limit, and than a brownout leaves.
[[nodiscard]] inline bool has_place(const ProviderSpec& spec, const Faults& faults, monitor::ProviderId provider,
                                    std::int64_t in_service, Instant now) {
  if (spec.concurrency && in_service >= *spec.concurrency) return false;
  if (!faults.acts_on(provider)) return true;
  const auto left = faults.capacity(provider, spec.concurrency, now);
  return !left || in_service < *left;
}

// A provider without a limit of its own lets every call wait while a brownout lasts.
[[nodiscard]] inline std::optional<std::int64_t> queue_limit_of(const ProviderSpec& spec) {
  if (!spec.concurrency) return std::nullopt;
  return spec.queue;
}

}  // namespace windtunnel::sim
