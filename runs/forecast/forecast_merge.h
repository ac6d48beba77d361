#pragma once
// Puts the parts of a sharded forecast together: the same report, byte for byte, as from one process.

#include <string>
#include <vector>

#include "runs/forecast/forecast_job.h"

namespace windtunnel::runs {

struct MergeRequest {
  std::vector<std::string> files;
  std::vector<std::string> asserts;  // besides those of the parts
};

ForecastDone merge_parts(const MergeRequest& request, const std::string& version);

}  // namespace windtunnel::runs
