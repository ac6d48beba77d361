#pragma once
// Reads the file of a gateway that is to be tried (`trial --gateway`). Errors are those of scenario files: all at once,
// each with its place.

#include <string>

#include "sim/service/gateway_spec.h"

namespace windtunnel::scenarios {

// Throws ScenarioError and FileError.
sim::GatewaySpec read_gateway(const std::string& path);
sim::GatewaySpec read_gateway_text(const std::string& text, const std::string& name);

}  // namespace windtunnel::scenarios
