#pragma once
// Verifies a circuit breaker of another program, which speaks the breaker protocol: by histories that are drawn, or by
// a recorded one.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runs/problem.h"

namespace windtunnel::runs {

struct VerifyRequest {
  std::vector<std::string> command;
  std::string config;  // a file of settings; empty: the list
  std::string replay;  // a recorded history; empty: histories are drawn
  std::uint64_t cases = 100;
  std::uint64_t seed = 1;
  std::string timeout = "5s";    // for one answer
  std::string time_max = "10m";  // for all of them
  bool keep_going = false;
  std::string out;  // a folder for the failing histories; empty: they stand in the text of the finding
};

struct VerifyJob {
  const VerifyRequest& request;
  const std::atomic<bool>* stop = nullptr;
  // Called once everything that is asked has been read, before the program is started.
  std::function<void()> starts = [] {};
  // Gets each finding as text, as soon as it is complete, and then the summary.
  std::function<void(const std::string&)> print = [](const std::string&) {};
  // Whether a line of progress is wanted now, and what gets it.
  std::function<bool()> due = [] { return false; };
  std::function<void(const std::string&)> show = [](const std::string&) {};
};

// `shows_nothing`: it supports none of the settings, or the recorded history asks nothing.
enum class VerifyVerdict : std::uint8_t { held, failed, shows_nothing };

struct VerifyDone {
  VerifyVerdict verdict = VerifyVerdict::held;
  bool stopped = false;
  std::vector<Problem> problems;  // what could not be read, asked or written; the findings before it stand
};

VerifyDone verify(const VerifyJob& job);

}  // namespace windtunnel::runs
