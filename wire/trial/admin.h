#pragma once
// What the admin port shows and takes: JSON texts, without a socket.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/trial/provider_host.h"

namespace windtunnel::wire {

struct HostState {
  Instant now{};
  bool clock_started = false;
  Duration lateness_max{0};       // of what was due
  std::vector<std::string> urls;  // by provider
};
[[nodiscard]] std::string state_json(const ProviderHost& host, const HostState& state);

// {"id": "openai-down", "on": true}
struct FaultSwitch {
  std::size_t fault = 0;
  bool on = false;
  std::string problem;  // not empty: nothing else is set
};
[[nodiscard]] FaultSwitch fault_switch(const ProviderHost& host, std::string_view body);

// {"error": "..."}
[[nodiscard]] std::string error_json(std::string_view text);

}  // namespace windtunnel::wire
