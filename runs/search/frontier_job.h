#pragma once
// The boundary between settings under which a scenario's claims hold and settings under which they fail, in one setting
// or in two.
//
// An axis is `PATH=LOW..HIGH` of two numbers or two durations, as after --set: monitor.circuit_breaker.open=1s..120s.
// Points are whole runs of the scenario with the settings of that point, each with a few seeds. A point holds or fails
// where most seeds do, and is inconclusive otherwise; a seed holds only if no claim that counts is inconclusive. An
// axis whose ends differ by more than ten times is divided by equal factors, else by equal steps.
//
// In one setting, 17 points are run, and each stretch between two points that end differently is halved 6 times.
// In two, a grid of 9 x 9 points is run, and once more between four neighbours that do not all end alike: a boundary
// that runs within a cell whose corners are alike is missed, and the picture shows such a cell by its corners.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runs/memory_limit.h"
#include "runs/problem.h"
#include "runs/seed_range.h"

namespace windtunnel::runs {

struct FrontierRequest {
  std::string file;
  std::vector<std::string> sets;
  std::vector<std::string> axes;  // one or two
  std::string against;            // a metric of the scenario's thresholds, or "liveness"; empty: every claim
  SeedRange seeds{1, 3};
  unsigned jobs = 1;
  std::uint64_t memory_max = kMemoryMax;  // bytes
  std::string out;                        // a folder for frontier.txt, .json, .svg and .html; empty: none
  const std::atomic<bool>* stop = nullptr;
  std::function<void(std::uint64_t)> ran = [](std::uint64_t) {};  // runs so far
};

struct FrontierDone {
  std::optional<Problem> problem;
  std::string text;
  std::string json;
  bool undecided = false;  // no point failed, or none held
};

[[nodiscard]] FrontierDone draw_frontier(const FrontierRequest& request);

}  // namespace windtunnel::runs
