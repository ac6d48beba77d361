#pragma once
// Hands a run, by the timeline.json that `run --out DIR` wrote, to other programs.

#include "cli/terminal/command_options.h"
#include "runs/export/export_job.h"

namespace windtunnel::cli {

struct ExportArguments {
  runs::ExportRequest request;
  Format format = Format::text;
};

ExitCode export_run(const ExportArguments& arguments);

}  // namespace windtunnel::cli
