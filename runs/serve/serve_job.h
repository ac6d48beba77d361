#pragma once
// Offers the providers of a scenario over HTTP until it is stopped.
//
//   const ServeDone done = serve({.request = {.file = "outage.json"}, .stop = &stop, .print = ...});

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runs/memory_limit.h"
#include "runs/problem.h"

namespace windtunnel::runs {

struct ServeRequest {
  std::string file;
  std::vector<std::string> sets;
  std::optional<std::uint64_t> seed;  // instead of the scenario's
  std::uint16_t port_base = 18'700;   // of the first provider; the others follow, then the admin port; 0: free ones
  std::string address = "127.0.0.1";
  bool start_now = false;                 // the clock of the faults, instead of at the first call
  std::string ledger;                     // a file for a line of each call; empty: none
  std::string print_config;               // for this gateway, instead of serving; empty: none
  bool json = false;                      // the line with the URLs, and the last words
  std::uint64_t memory_max = kMemoryMax;  // bytes
};

struct ServeJob {
  ServeRequest request;
  const std::atomic<bool>* stop = nullptr;  // set from elsewhere: it ends
  // Called once the providers are made, which takes long for a scenario with large tables, before they listen.
  std::function<void()> starts = [] {};
  // Gets what stdout is to show, with its line ends; false: it cannot be shown, and the job ends.
  std::function<bool(const std::string& text)> print;
  std::function<void(const std::string& text)> note;  // for people, without a line end
};

struct ServeDone {
  std::optional<Problem> problem;
};

// Throws nothing.
ServeDone serve(const ServeJob& job);

}  // namespace windtunnel::runs
