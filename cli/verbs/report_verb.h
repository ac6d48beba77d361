#pragma once
// Makes report.html of what a run or a forecast left in a folder.

#include <string>

#include "cli/terminal/exit_code.h"

namespace windtunnel::cli {

struct ReportArguments {
  std::string directory;  // with summary.json and timeline.json, or with forecast.json
  std::string output;     // empty: report.html in `directory`
};

ExitCode report(const ReportArguments& arguments);

}  // namespace windtunnel::cli
