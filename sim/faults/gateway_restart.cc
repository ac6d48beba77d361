#include "sim/faults/gateway_restart.h"

namespace windtunnel::sim {

GatewayRestart GatewayRestart::draw(const FaultDraws& draws) {
  return {.state = draws.dice.one_of({GatewayState::lost, GatewayState::lost, GatewayState::kept}, "state kept",
                                     draws.member)};
}

}  // namespace windtunnel::sim
