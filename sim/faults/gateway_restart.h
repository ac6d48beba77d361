#pragma once
// A gateway is restarted. Its new process takes the requests that come from then on; the old one ends those under way.

#include "sim/faults/rules/fault_rules.h"

namespace windtunnel::sim {

struct GatewayRestart : FaultRules {
  static constexpr const char* kName = "gateway_restart";
  static constexpr const char* kDoc =
      "A gateway is restarted: a new process takes the requests that come, and the old one ends those under way. With "
      "`state` lost the new one knows nothing but what was spent and what the replicas share.";

  GatewayState state = GatewayState::lost;
  std::int64_t replica = 0;  // from 1; 0: all of them

  static constexpr bool kTouchesCalls = false;
  static constexpr bool kLasts = false;
  [[nodiscard]] std::optional<RestartOf> restart() const { return RestartOf{.replica = replica, .state = state}; }
  static constexpr auto shrinks() { return std::tuple{&GatewayRestart::state, &GatewayRestart::replica}; }
  static GatewayRestart draw(const FaultDraws& draws);
  friend bool operator==(const GatewayRestart&, const GatewayRestart&) = default;
};

}  // namespace windtunnel::sim
