#pragma once
// report.html of a forecast: the verdict first, then the figures with their 95 % intervals, the fan of spend and the
// chances to use up the budget day by day, how much traffic fits, then the tables.
//
// Every figure is a field of forecast.json, so that `forecast --html` and `windtunnel report DIR` give the same bytes.

#include <string>

#include "reports/forecast/forecast_summary.h"
#include "reports/html/html_bundle.h"

namespace windtunnel::reports {

std::string forecast_page(const ForecastSummary& forecast, const HtmlBundle& bundle);

}  // namespace windtunnel::reports
