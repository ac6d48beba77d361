#pragma once
// The request for a forecast as it was written, and the plan that comes of it and the scenario.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/logs/log_choice.h"
#include "runs/memory_limit.h"
#include "runs/problem.h"
#include "runs/scenario_source.h"
#include "sim/forecast/forecast_study.h"

namespace windtunnel::runs {

struct ForecastRequest {
  std::string file;        // empty: the scenario is fitted to a log
  reports::LogChoice log;  // without a file: none
  std::vector<std::string> sets;
  std::optional<std::uint64_t> seed;
  std::uint64_t replications = 1000;
  std::string until;  // a stop rule; empty: `replications` are made
  std::uint64_t replications_max = 10'000;
  std::uint64_t until_every = sim::kBlockSize;  // replications between two looks at the stop rule
  std::string horizon = "30d";
  std::string as_of;  // a date; empty: the scenario's start
  std::string spent;  // provider=USD,...; empty: what the log has, or nothing
  std::vector<std::string> asserts;
  std::string shard;  // i/n; empty: all of it
  bool headroom = false;
  bool plain = false;  // no control variates
  std::string rare;    // a rare event (rare_forecast.h) instead of the forecast; empty: none
  std::string plan;    // targets whose cost is asked for instead of the forecast; empty: none
  unsigned jobs = 1;
  std::uint64_t memory_max = kMemoryMax;  // bytes
};

struct ForecastPlan {
  sim::ForecastOptions options;
  std::uint64_t replications = 0;  // the most of them if there is a stop rule
  std::optional<sim::StopRule> stop;
  std::uint64_t until_every = sim::kBlockSize;
  std::uint64_t block_size = sim::kBlockSize;  // divides until_every
  sim::Shard shard;
  std::vector<std::string> assertions;         // as text, the scenario's first
  std::vector<sim::ThresholdSpec> thresholds;  // the same, read
  std::string replay;                          // without jobs, shard, output
};

struct PlannedForecast {
  std::optional<Problem> problem;  // then there is no plan
  ForecastPlan plan;
};
PlannedForecast plan_forecast(const ForecastRequest& request, const sim::Scenario& scenario);
// The request with what the scenario's log has spent in the month of the start; with --spent or --as-of it stays as it
// is.
ForecastRequest with_spent(ForecastRequest request, const LoadedScenario& loaded);

// For jobs. A duration that can be forecast; throws a ProblemError if the text is none.
Duration horizon_of(const std::string& text);

// For jobs; throws a ProblemError if an assertion has an error. Assertions of a forecast that has been read back. Tags
// must name something of the frame.
std::vector<sim::ThresholdSpec> read_assertions(const std::vector<std::string>& assertions,
                                                const std::vector<std::string>& providers,
                                                const std::vector<std::string>& variants);

}  // namespace windtunnel::runs
