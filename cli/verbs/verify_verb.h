#pragma once
// Verifies a circuit breaker of another program, which speaks the breaker protocol.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/exit_code.h"

namespace windtunnel::cli {

struct VerifyArguments {
  std::vector<std::string> command;
  std::string config;  // a file of settings; empty: the list
  std::string replay;  // a recorded history; empty: histories are drawn
  std::uint64_t cases = 100;
  std::uint64_t seed = 1;
  std::string timeout = "5s";  // for one answer
  bool keep_going = false;
  std::string out;  // a folder for the failing histories; empty: they are printed
};

// 0 when everything held; 10 when something did not; 13 when the command supports none of the settings; 4 when it dies,
// hangs, floods or speaks nonsense, or a file cannot be read or written; 3 when a file of settings or a recorded
// history has errors; 130 after SIGINT or SIGTERM.
ExitCode verify(const VerifyArguments& arguments);

}  // namespace windtunnel::cli
