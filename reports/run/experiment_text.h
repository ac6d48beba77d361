#pragma once
// An A/B experiment as a section of summary.txt: the table of variants, each against the first with its intervals, and
// whether the users are divided by the weights.

#include <string>

#include "reports/run/run_summary.h"

namespace windtunnel::reports {

std::string experiment_text(const ExperimentSummary& experiment);

}  // namespace windtunnel::reports
