#pragma once
// A gateway under trial, as its file states it: how it is started, when it is ready and how it is called. Plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"

namespace windtunnel::sim {

enum class GatewayApi : std::uint8_t { openai_chat, anthropic_messages };

// Texts by name, in file order.
using NamedTexts = std::vector<std::pair<std::string, std::string>>;

struct GatewayReady {
  std::string path = "/";  // answered with a status below 500
  Duration within = std::chrono::seconds{30};
  friend bool operator==(const GatewayReady&, const GatewayReady&) = default;
};

// How each request of the workload is sent.
struct GatewayRequest {
  GatewayApi api = GatewayApi::openai_chat;
  std::string path;   // empty: that of the interface
  std::string model;  // empty: that of the first provider
  bool stream = false;
  NamedTexts headers;
  Duration timeout = std::chrono::seconds{60};  // the caller's patience
  friend bool operator==(const GatewayRequest&, const GatewayRequest&) = default;
};

// In command, environment, files, headers and url, {port} is a free port for the gateway, {url:NAME} the address of a
// provider, {host:NAME} the same without its scheme, {directory} the folder that it works
// in, {here} the one that we were started in.
struct GatewaySpec {
  std::vector<std::string> command;  // empty: it runs already, at `url`
  std::string url;
  NamedTexts environment;
  NamedTexts files;  // by name, written into {directory}
  GatewayReady ready;
  GatewayRequest request;
  friend bool operator==(const GatewaySpec&, const GatewaySpec&) = default;
};

}  // namespace windtunnel::sim
