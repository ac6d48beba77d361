#pragma once
// Makes an HTML page of what a run or a forecast left in a folder.

#include <optional>
#include <string>

#include "runs/problem.h"

namespace windtunnel::runs {

// `directory` holds summary.json and timeline.json, or forecast.json. The build has a page (reports::html_bundle()).
std::optional<Problem> write_page(const std::string& directory, const std::string& output);

}  // namespace windtunnel::runs
