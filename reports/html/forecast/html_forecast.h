#pragma once
// report.html of a forecast: the verdict first, then the figures with their 95 % intervals, the fan of spend and the
// chances to use up the budget day by day, how much traffic fits, then the tables.
//
// It is made of forecast.json alone, so that `forecast --html` and `windtunnel report DIR` give the same bytes. Every
// number of it that has a data-path is forecast.json's, and so are those of the charts.

#include <string>

#include "reports/files/json_tree.h"
#include "reports/html/html_bundle.h"

namespace windtunnel::reports {

// Throws ReportError if the document is no forecast; `name` is for the message.
std::string forecast_page(const JsonTree& forecast, const HtmlBundle& bundle, const std::string& name);

}  // namespace windtunnel::reports
