#pragma once
// Several gateways behind one scenario, and the simulation of it, in one table.

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "runs/problem.h"
#include "runs/seed_range.h"
#include "runs/trial/trial_job.h"
#include "sim/checks/findings/verdict.h"

namespace windtunnel::runs {

struct GatewayComparison {
  std::string file;
  std::vector<std::string> sets;
  std::vector<std::string> gateways;  // their files, or "simulated"
  std::optional<SeedRange> seeds;     // nothing: that of the file
  std::optional<sim::GatewayClock> clock;
  const std::atomic<bool>* stop = nullptr;
};

struct GatewayComparisonDone {
  std::optional<Problem> problem;
  std::vector<sim::Judgement> judgements;  // of the trials
  std::string text;
};

// Of several seeds a figure of the table is the median. Throws nothing.
GatewayComparisonDone compare_gateways(const GatewayComparison& comparison);

}  // namespace windtunnel::runs
