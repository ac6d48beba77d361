#pragma once
// Writes the files of a forecast into a folder: forecast.json, forecast.txt, forecast.csv and, if wanted, report.html.

#include <optional>
#include <string>
#include <vector>

#include "reports/forecast/forecast_summary.h"
#include "runs/forecast/forecast_plan.h"
#include "runs/outputs.h"
#include "runs/problem.h"

namespace windtunnel::runs {

// What write_forecast() writes into the folder; nothing without one.
std::vector<Output> outputs_of_forecast(const std::string& folder);

// A file that the forecast reads and --out would replace. `file` is what the scenario was read from or fitted to.
std::optional<Problem> problem_with_outputs(const ForecastRequest& request, const sim::Scenario& scenario,
                                            const std::string& file, const std::string& out);

// `html`: report.html too; the build has a page then. Not `whole`: the forecast was interrupted, and the files stay
// .partial.
std::optional<Problem> write_forecast(const reports::ForecastSummary& forecast, const std::string& folder, bool html,
                                      bool whole);

}  // namespace windtunnel::runs
