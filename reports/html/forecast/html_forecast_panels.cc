#include "base/json_writer.h"
#include "reports/forecast/forecast_summary_fields.h"
#include "reports/html/forecast/forecast_sections.h"

namespace windtunnel::reports {
namespace {

void put_forecast_panel(HtmlWriter& html, std::string_view id, std::string_view heading, std::string_view unit,
                        std::string_view described, std::string_view table) {
  html.open("figure", "panel", HtmlWriter::attribute("id", "panel-" + std::string{id}));
  html.open("figcaption").element("h3", heading).element("span", unit, "unit").close("figcaption");
  html.open("div", "plot", "role=\"group\" " + HtmlWriter::attribute("aria-label", described)).close("div");
  html.open("noscript").open("p", "note").text("This chart needs scripts. Its figures stand in the ");
  html.element("a", "table below", "", HtmlWriter::attribute("href", "#" + std::string{table})).text(".");
  html.close("p").close("noscript").close("figure").line();
}

}  // namespace

void put_forecast_panels(HtmlWriter& html, const ForecastSummary& forecast) {
  html.open("section", "", "id=\"panels\"").open("div", "tools").element("h2", "Over the horizon");
  html.element("span", "Drag to zoom, double-click for all; arrow keys move the cursor.", "hint");
  html.element("button", "Show all", "", "type=\"button\" id=\"show-all\"");
  html.open("span", "", "id=\"cursor-time\" aria-live=\"off\"").close("span").close("div").open("div", "sheet");
  put_forecast_panel(html, "fan", "Spend of the month so far", "US dollars, at the end of each day",
                     "The median and the range from P10 to P90 of the month's spend, day by day", "days");
  if (forecast.budget) {
    put_forecast_panel(html, "crossing", "Chance to have reached the budget", "by the end of each day",
                       "The chance that the month's spend has reached shares of the budget, day by day", "days");
  }
  html.close("div").close("section").line();
  html.open("section", "", "id=\"rates\"").open("div", "tools").element("h2", "How much traffic fits").close("div");
  html.open("div", "sheet");
  if (forecast.headroom && (forecast.headroom->budget || forecast.headroom->latency)) {
    put_forecast_panel(html, "headroom", "Chance to break a limit by traffic", "multiples of the scenario's rates",
                       "The chance that a replication breaks a limit at multiples of the scenario's traffic", "trials");
  } else if (forecast.headroom && !forecast.headroom->limits().empty()) {
    html.element("p", "The limits are of shares of requests: the trials stand in the tables.", "nothing");
  } else if (forecast.headroom) {
    html.element("p",
                 "No limit: the scenario has no monthly budget and no bound from above on a percentile of "
                 "request_duration or on the rate of requests_failed or requests_refused, of all requests.",
                 "nothing");
  } else {
    html.open("p", "nothing").text("The chance to break the budget or the bound on latency at other multiples of ");
    html.text("the traffic is searched by ").element("code", "windtunnel forecast --headroom").text(".").close("p");
  }
  html.close("div").close("section").line();
}

// Members of forecast.json as it has them, so that the charts show its figures, digit by digit.
std::string forecast_figures(const ForecastSummary& forecast) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::line};
  json.begin_object();
  FieldWriter fields{json};
  fields("start", forecast.start);
  fields("horizon_s", written_as<AsSeconds>(forecast.horizon));
  fields("budget", forecast.budget);
  fields("days", forecast.days);
  fields("headroom", forecast.headroom);
  json.end_object();
  return text;
}

}  // namespace windtunnel::reports
