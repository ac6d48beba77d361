#pragma once
// Makes a forecast, or one part of it, by a maker of replications. With a folder, a forecast that was stopped or killed
// goes on from where it was.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reports/files/write_lock.h"
#include "reports/forecast/forecast_summary.h"
#include "runs/forecast/forecast_plan.h"
#include "runs/forecast/forecast_progress.h"
#include "runs/problem.h"
#include "sim/forecast/forecast_study.h"

namespace windtunnel::runs {

// The references must outlive the job.
struct ForecastJob {
  const sim::Scenario& scenario;
  const ForecastPlan& plan;
  const sim::ForecastWorld& world;
  sim::ReplicationMaker& maker;
  std::string out;        // of a shard the file of its part, else a folder; empty: no files
  bool headroom = false;  // search it too
  std::string version;    // of the program, for the reports
  // Gets notes for people, each a whole line.
  std::function<void(const std::string&)> note = [](const std::string&) {};
  std::function<void()> ended = [] {};  // called once the replications are made, before they are judged
  ProgressLine progress = {};
};

struct ForecastDone {
  std::optional<Problem> problem;  // then there is no forecast
  sim::Forecast forecast;
  std::optional<reports::ForecastStop> stop;
  std::optional<sim::Headroom> headroom;
  std::vector<std::string> notes;
  std::vector<std::string> causes;  // by outcome
  std::string replay;
  std::string version;
  std::optional<Duration> wall;
  bool whole = true;                        // false: it was interrupted, and this is what was made until then
  std::optional<reports::FolderLock> lock;  // of the folder, so that the results can be written there
  std::string checkpoint;                   // the file that the same job goes on from; empty: none

  [[nodiscard]] reports::ForecastSummary summary() const;
};

// The whole forecast. Its checkpoint is removed by remove_checkpoint() once the results are written.
ForecastDone make_forecast(const ForecastJob& job);
void remove_checkpoint(const ForecastDone& done);

// The part of the plan's shard, as the file `out`.
struct PartDone {
  std::optional<Problem> problem;
  bool whole = true;  // false: it was interrupted; the same job goes on from `out`.partial
};
PartDone make_part(const ForecastJob& job);

}  // namespace windtunnel::runs
