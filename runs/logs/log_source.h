#pragma once
// Fits a scenario to a log. What the log does not price is priced by a list, and a model without a price is a problem
// that names the nearest one, never a price of 0.

#include <optional>
#include <string>
#include <vector>

#include "reports/logs/log_choice.h"
#include "runs/problem.h"
#include "runs/scenario_source.h"

namespace windtunnel::runs {

// A scenario that is fitted to a log of requests, with `sets` applied to it. A log that cannot be fitted is no data.
LoadedScenario load_fitted(const reports::LogChoice& log, const std::vector<std::string>& sets, unsigned threads);

// A scenario that is fitted to a log, as the text of a file, and the figures of the fit for people.
struct FittedScenario {
  std::string figures;
  std::string text;
  std::optional<Problem> problem;  // the log cannot be read or fitted; internal: the fit is no valid scenario
};
FittedScenario fit_scenario(const reports::LogChoice& log, const std::string& file);

// The flags that name the log on a command line.
[[nodiscard]] std::string log_flags(const reports::LogChoice& log);

}  // namespace windtunnel::runs
