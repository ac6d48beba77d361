#pragma once
// A gateway under trial, as its file or a scenario states it: how it is started, when it is ready, how it is called and
// what it is configured to do. Plain values.

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

// Written into {directory}.
struct GatewayFile {
  std::string name;
  std::string text;
  std::string from;  // the file that the text was read from, as it was named; empty: it was written in place
  friend bool operator==(const GatewayFile&, const GatewayFile&) = default;
};

struct GatewayReady {
  std::string path = "/";  // answered with a status below 500; empty: the port accepts a connection
  Duration within = std::chrono::seconds{30};
  friend bool operator==(const GatewayReady&, const GatewayReady&) = default;
};

// One of several programs, each with a port of its own. They start in file order, each once the one before is ready.
struct GatewayProgram {
  std::string name;  // that {url:NAME} and {host:NAME} take it by
  std::vector<std::string> command;
  NamedTexts environment;
  bool inherits_environment = true;  // false: it has those variables and no others
  GatewayReady ready;
  // It sends the requests of the external workloads: it starts with the scenario's time, is not asked whether it is
  // ready, and the trial ends when it has.
  bool drives = false;
  friend bool operator==(const GatewayProgram&, const GatewayProgram&) = default;
};

// How each request of the workload is sent.
struct GatewayRequest {
  GatewayApi api = GatewayApi::openai_chat;
  std::string path;   // empty: that of the interface
  std::string model;  // empty: that of the first provider
  bool stream = false;
  NamedTexts headers;
  Duration timeout = std::chrono::seconds{60};  // the caller's patience
  // The text is exactly as long as its tokens and depends on the content alone; the tag stands in `user`.
  bool exact_text = false;
  friend bool operator==(const GatewayRequest&, const GatewayRequest&) = default;
};

// The time that passes in a trial.
enum class GatewayClock : std::uint8_t { virtual_time, real };

// In a header, {request}, {user}, {user_key}, {provider}, {route}, {feature_version}, {prompt_version} and {expects}
// are those of the request; a header that comes to nothing is left out.
// In command, environment, files, headers and url, {port} is a free port for the program, {url:NAME} the address of a
// provider or of another program, {host:NAME} the same without its scheme, {directory} the folder that it works in,
// {here} the one that we were started in, {windtunnel} this program, {file} the scenario as a file of {directory} whose
// providers' endpoints are the trial's, without load and faults.
struct GatewaySpec {
  std::vector<std::string> command;  // empty: `programs`, or it runs already, at `url`
  std::string url;
  NamedTexts environment;
  bool inherits_environment = true;  // false: it has those variables and no others
  std::vector<GatewayFile> files;
  GatewayReady ready;
  // Instead of command, environment and ready; requests go to the last one that does not drive.
  std::vector<GatewayProgram> programs;
  GatewayRequest request;
  GatewayClock clock = GatewayClock::virtual_time;
  // What it is configured to do, as JSON by the scenario's key (monitor, routes, limits): it stands for the scenario's
  // own blocks in the checks and in the prediction.
  NamedTexts declares;
  friend bool operator==(const GatewaySpec&, const GatewaySpec&) = default;

  // Those to start, in order.
  [[nodiscard]] std::vector<GatewayProgram> all_programs() const {
    if (command.empty()) return programs;
    return {{.name = "gateway",
             .command = command,
             .environment = environment,
             .inherits_environment = inherits_environment,
             .ready = ready}};
  }
};

}  // namespace windtunnel::sim
