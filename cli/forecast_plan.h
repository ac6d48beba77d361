#pragma once
// What a forecast is asked for, read from its flags and its scenario.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/verbs/forecast_verb.h"
#include "sim/forecast/forecast_study.h"

namespace windtunnel::cli {

struct ForecastPlan {
  sim::ForecastOptions options;
  std::uint64_t replications = 0;  // the most of them if there is a stop rule
  std::optional<sim::StopRule> stop;
  sim::Shard shard;
  std::vector<std::string> assertions;         // as text, the scenario's first
  std::vector<sim::ThresholdSpec> thresholds;  // the same, read
  std::string replay;                          // without jobs, shard, output
};

// A duration that can be forecast, of a flag --horizon. Nothing: it has an error, which has been printed.
std::optional<Duration> horizon_of(const std::string& text);

// Nothing: a flag has an error, which has been printed.
std::optional<ForecastPlan> plan_of(const ForecastArguments& arguments, const sim::Scenario& scenario);

// The same for a forecast that has been read back. Tags must name something of the frame.
std::optional<std::vector<sim::ThresholdSpec>> read_assertions(const std::vector<std::string>& assertions,
                                                               const std::vector<std::string>& providers,
                                                               const std::vector<std::string>& variants);

}  // namespace windtunnel::cli
