#pragma once
// Searches seeds for the first that breaks a claim, and shrinks what it finds to a file that a person can read. With a
// folder, a search that was stopped or killed goes on from where it was.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "reports/text/explore_report.h"
#include "runs/memory_limit.h"
#include "runs/problem.h"
#include "runs/seed_range.h"
#include "sim/world/scenario.h"

namespace windtunnel::runs {

inline constexpr SeedRange kSearchSeeds{1, 1000};  // where nothing else is asked for

struct SearchRequest {
  std::string file;
  std::vector<std::string> sets;
  std::optional<SeedRange> seeds;
  std::optional<Duration> time;  // on a real clock, instead of a last seed
  unsigned jobs = 1;
  std::uint64_t memory_max = kMemoryMax;  // bytes
  bool swarm = false;
  std::string out;  // empty: no files, and nothing to go on from
  std::vector<std::string> checks{"all"};
  std::string gateway;  // the file of a real gateway, which is searched in virtual time; empty: our own pipeline
};

struct SearchJob {
  const SearchRequest& request;
  sim::Scenario base;
  std::string version;  // of the program: another build begins again
  const std::atomic<bool>* stop = nullptr;
  // Gets notes for people, each a whole line.
  std::function<void(const std::string&)> note = [](const std::string&) {};
  // Whether a line of progress is wanted now, and what gets it.
  std::function<bool()> due = [] { return false; };
  std::function<void(const std::string&)> show = [](const std::string&) {};
  // Called once the seeds have been searched, before the failure is shrunk.
  std::function<void(std::uint64_t seeds, std::chrono::duration<double> lasted)> searched =
      [](std::uint64_t, std::chrono::duration<double>) {};
};

struct SearchDone {
  std::optional<Problem> problem;  // then nothing else is set
  sim::Exploration exploration;
  sim::Verdict verdict = sim::Verdict::pass;
  bool interrupted = false;  // before its end, and before anything failed
  std::string text;
  std::string json;
};

SearchDone search(SearchJob job);

}  // namespace windtunnel::runs
