#pragma once
// Writes the files of a forecast into a folder: forecast.json, forecast.txt, forecast.csv and, if wanted, report.html.

#include <optional>
#include <string>

#include "reports/forecast/forecast_summary.h"
#include "runs/problem.h"

namespace windtunnel::runs {

// `html`: report.html too; the build has a page then. Not `whole`: the forecast was interrupted, and the files stay
// .partial.
std::optional<Problem> write_forecast(const reports::ForecastSummary& forecast, const std::string& folder, bool html,
                                      bool whole);

}  // namespace windtunnel::runs
