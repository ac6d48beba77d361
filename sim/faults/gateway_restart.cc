#include "sim/faults/gateway_restart.h"

namespace windtunnel::sim {

GatewayRestart GatewayRestart::draw(const FaultDraws& draws) {
  GatewayRestart restart;
  restart.state =
      draws.dice.one_of({GatewayState::lost, GatewayState::lost, GatewayState::kept}, "state kept", draws.member);
  restart.replica = draws.dice.one_of<std::int64_t>({0, 0, 1}, "replica restarted", draws.member);
  return restart;
}

}  // namespace windtunnel::sim
