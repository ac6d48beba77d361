#pragma once
// The parts of a forecast's page, from its top to its end. All are made of forecast.json.

#include <string>

#include "reports/files/json_tree.h"
#include "reports/html/html_writer.h"

namespace windtunnel::reports {

// Verdict, title, what was run and how to run it again; what did not hold, and what to know of the intervals.
void put_forecast_head(HtmlWriter& html, const JsonTree& forecast);
void put_forecast_tiles(HtmlWriter& html, const JsonTree& forecast);
// One figure for each panel; without scripts the tables say the same. The script draws the charts.
void put_forecast_panels(HtmlWriter& html, const JsonTree& forecast);
// What the script draws.
std::string forecast_figures(const JsonTree& forecast);

void put_forecast_findings(HtmlWriter& html, const JsonTree& forecast);
void put_forecast_cost(HtmlWriter& html, const JsonTree& forecast);
void put_forecast_spend(HtmlWriter& html, const JsonTree& forecast);
void put_forecast_traffic(HtmlWriter& html, const JsonTree& forecast);
void put_forecast_headroom(HtmlWriter& html, const JsonTree& forecast);
void put_forecast_days(HtmlWriter& html, const JsonTree& forecast);

}  // namespace windtunnel::reports
