#pragma once
// The last step of a run, and of a trial: its reports are written, and what its caller gets is made of them.

#include <optional>

#include "reports/run/run_summary.h"
#include "runs/run/run_files.h"
#include "runs/run/run_job.h"
#include "sim/world/determinism.h"
#include "sim/world/world.h"

namespace windtunnel::runs {

struct RunOutcome {
  const RunJob& job;
  const sim::RunResult& result;
  const sim::Judgement& judgement;
  const reports::RunSummary& summary;
  CutShort cut_short = CutShort::no;
  std::optional<sim::Divergence> divergence;
};

// Finishes `files`. What goes wrong with them is the problem of the result.
RunDone reported(const RunOutcome& outcome, RunFiles& files);

}  // namespace windtunnel::runs
