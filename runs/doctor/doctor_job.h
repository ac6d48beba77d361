#pragma once
// Runs a program in virtual time alone, and reports whether virtual time holds for it: whether it registers, which
// waits it uses, what it spins on, and how its processes end.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runs/problem.h"

namespace windtunnel::runs {

struct DoctorRequest {
  std::vector<std::string> command;
  std::string until = "1h";    // of virtual time; a program that runs longer is ended there
  std::string within = "60s";  // of real time
  std::uint64_t seed = 1;      // of the program's random bytes
  bool real_entropy = false;   // the system's random bytes
  bool json = false;
};

struct DoctorJob {
  const DoctorRequest& request;
  const std::atomic<bool>* stop = nullptr;
  std::function<void()> starts = [] {};  // before the program is started
};

struct DoctorDone {
  bool holds = false;  // every process lived in virtual time, and the clock moved for them or they were idle
  bool stopped = false;
  std::string text;  // the report: lines for people, or one line of JSON
  std::optional<Problem> problem;
};

// The program's standard output and standard error are ours, spelled out where that is no terminal (ShownOutput), and
// its standard input is empty.
DoctorDone diagnose(const DoctorJob& job);

}  // namespace windtunnel::runs
