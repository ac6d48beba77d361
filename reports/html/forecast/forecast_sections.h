#pragma once
// The parts of a forecast's page, from its top to its end. Every figure is a field of forecast.json.

#include <string>

#include "reports/fields/field_places.h"
#include "reports/forecast/forecast_summary.h"
#include "reports/html/html_writer.h"

namespace windtunnel::reports {

// The summary, and the place of each of its figures in forecast.json.
struct PlacedForecast {
  const ForecastSummary& summary;
  FieldPlaces places;
};

// Verdict, title, what was run and how to run it again; what did not hold, and how to read the intervals.
void put_forecast_head(HtmlWriter& html, const PlacedForecast& forecast);
void put_forecast_tiles(HtmlWriter& html, const PlacedForecast& forecast);
// One figure for each panel; without scripts the tables hold the same figures. The script draws the charts.
void put_forecast_panels(HtmlWriter& html, const ForecastSummary& forecast);
// What the script draws.
std::string forecast_figures(const ForecastSummary& forecast);

void put_forecast_findings(HtmlWriter& html, const PlacedForecast& forecast);
void put_forecast_cost(HtmlWriter& html, const PlacedForecast& forecast);
void put_forecast_spend(HtmlWriter& html, const PlacedForecast& forecast);
void put_forecast_traffic(HtmlWriter& html, const PlacedForecast& forecast);
void put_forecast_headroom(HtmlWriter& html, const PlacedForecast& forecast);
void put_forecast_days(HtmlWriter& html, const PlacedForecast& forecast);

}  // namespace windtunnel::reports
