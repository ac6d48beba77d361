#pragma once
// Explains words: a key of a scenario, an exit code, a fault, a metric, a column, ...

#include "cli/terminal/exit_code.h"
#include "runs/manual/explain_job.h"

namespace windtunnel::cli {

ExitCode explain(const runs::ExplainJob& arguments);

}  // namespace windtunnel::cli
