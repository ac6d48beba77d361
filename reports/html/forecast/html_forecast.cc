#include "reports/html/forecast/html_forecast.h"

#include "reports/forecast/forecast_summary_fields.h"
#include "reports/html/forecast/forecast_sections.h"
#include "reports/html/html_page.h"

namespace windtunnel::reports {

std::string forecast_page(const ForecastSummary& summary, const HtmlBundle& bundle) {
  const PlacedForecast forecast{summary, FieldPlaces::of(summary)};
  HtmlPage page;
  page.title = "Forecast: " + (summary.scenario.title.empty() ? summary.scenario.file : summary.scenario.title);
  HtmlWriter html{page.body};
  html.raw("<a class=\"skip\" href=\"#tables\">Skip the charts</a>\n");
  put_forecast_head(html, forecast);
  html.open("main");
  put_forecast_tiles(html, forecast);
  put_forecast_panels(html, summary);
  html.open("div", "", "id=\"tables\"");
  put_forecast_findings(html, forecast);
  put_forecast_cost(html, forecast);
  put_forecast_headroom(html, forecast);
  put_forecast_spend(html, forecast);
  put_forecast_traffic(html, forecast);
  put_forecast_days(html, forecast);
  html.close("div").close("main").line();
  HtmlWriter footer{page.footer};
  footer.open("p").text("Written by windtunnel " + summary.build.version + " from forecast.json. ");
  footer.text(
      "± is half of a 95 % interval. The same scenario, seed and number of replications give the same figures.");
  footer.close("p");
  page.figures = forecast_figures(summary);
  page.figures_id = "forecast-figures";
  return html_page(page, bundle);
}

}  // namespace windtunnel::reports
