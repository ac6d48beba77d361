#pragma once
// Configurations of gateways and clients that point at the providers that `serve` offers.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/world/scenario.h"

namespace windtunnel::runs {

inline constexpr const char* kGateways[] = {"envoy", "litellm", "nginx", "openai-sdk", "portkey"};

// The text of the configuration for a gateway of kGateways; nothing: it is none of them. `urls` are those of the
// providers, in file order: the first is called first, the others take over in that order.
[[nodiscard]] std::optional<std::string> gateway_config(std::string_view gateway, const sim::Scenario& scenario,
                                                        const std::vector<std::string>& urls);

}  // namespace windtunnel::runs
