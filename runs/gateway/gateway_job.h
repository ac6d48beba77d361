#pragma once
// Serves real traffic by the pipeline of a scenario file until it is stopped.
//
//   const GatewayDone done = serve_gateway({.request = {.file = "gateway.json"}, .stop = &stop, .print = ...});

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runs/problem.h"

namespace windtunnel::runs {

struct GatewayRequest {
  std::string file;
  std::vector<std::string> sets;
  std::string listen;  // instead of the file's server.listen; empty: that
  // The gateway is tried: its clock begins with the scenario's calendar, its draws take the names that callers state,
  // and every decision is written to this file. Empty: it is not.
  std::string trial;
  bool json = false;  // of the ready line and of the last words
};

struct GatewayJob {
  GatewayRequest request;
  const std::atomic<bool>* stop = nullptr;  // set from elsewhere: it answers what is open, and ends
  // Counted up from elsewhere: the file is read again, and new requests follow it unless it is refused. May be null.
  const std::atomic<std::uint64_t>* reloads = nullptr;
  // Gets what stdout is to show, with its line ends; false: it cannot be shown, and the job ends.
  std::function<bool(const std::string& text)> print;
  std::function<void(const std::string& text)> note;  // for people, without a line end
};

struct GatewayDone {
  std::optional<Problem> problem;
};

// Throws nothing.
GatewayDone serve_gateway(const GatewayJob& job);

}  // namespace windtunnel::runs
