#pragma once
// Makes report.html of what a run left in a folder.

#include <string>

#include "cli/exit_code.h"

namespace windtunnel::cli {

struct ReportArguments {
  std::string directory;  // with summary.json and timeline.json
  std::string output;     // empty: report.html in `directory`
};

ExitCode report(const ReportArguments& arguments);

}  // namespace windtunnel::cli
