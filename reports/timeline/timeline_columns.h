#pragma once
// What each series of timeline.json, and so each column of timeline.csv, means.

#include <vector>

#include "reports/text/explanations.h"

namespace windtunnel::reports {

// In the order of the CSV file. NAME stands for the provider's name, the arm's id or the version:
// providers.NAME.opened.
std::vector<Explanation> timeline_columns();

}  // namespace windtunnel::reports
