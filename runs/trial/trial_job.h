#pragma once
// Tries a gateway: starts it, sends it the workload of a scenario, serves the scenario's providers to it, judges what
// was seen from outside, and ends it.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runs/problem.h"
#include "sim/checks/findings/verdict.h"

namespace windtunnel::runs {

struct TrialRequest {
  std::string file;
  std::vector<std::string> sets;
  std::string gateway;                // the file that states how it is started and called
  std::optional<std::uint64_t> seed;  // instead of the scenario's
  bool is_virtual = false;            // virtual time in place of the real clock
  bool twice = false;                 // the same trial again, and whether all that was seen is the same
  std::string out;                    // a folder for trial.json, trial.txt, ledger.jsonl and gateway.log; empty: none
};

struct TrialJob {
  TrialRequest request;
  const std::atomic<bool>* stop = nullptr;            // set from elsewhere: it ends
  std::function<void(const std::string& text)> note;  // for people, without a line end
};

struct TrialDone {
  std::optional<Problem> problem;  // then there is no judgement
  sim::Judgement judgement;
  bool interrupted = false;
  std::string difference;  // of two trials that had to be the same; empty: none, or there was one trial
  std::string text;
  std::string json;
};

// Throws nothing.
TrialDone try_gateway(const TrialJob& job);

}  // namespace windtunnel::runs
