#include <fmt/format.h>

#include <cmath>

#include "reports/html/forecast/forecast_sections.h"
#include "reports/html/html_components.h"

namespace windtunnel::reports {
namespace {

using Kind = FigureKind;

// "2 claims hold", "1 claim does not hold, 1 is undecided".
std::string why_of_forecast(const JsonTree& forecast) {
  std::size_t held = 0;
  std::size_t failed = 0;
  std::size_t undecided = 0;
  for (std::size_t i = 0; i < forecast.size("/findings"); ++i) {
    const std::string verdict = forecast.text(fmt::format("/findings/{}/verdict", i));
    ++(verdict == "pass" ? held : verdict == "fail" ? failed : undecided);
  }
  std::string text;
  const auto add = [&](std::size_t count, const char* one, const char* many) {
    if (count == 0) return;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", plural(count, "claim"), count == 1 ? one : many);
  };
  add(failed, "does not hold", "do not hold");
  add(undecided, "is undecided", "are undecided");
  add(held, "holds", "hold");
  if (forecast.has("/stopping") && !forecast.boolean("/stopping/reached")) {
    text += text.empty() ? "the target of --until was not reached" : ", the target of --until was not reached";
  }
  return text.empty() ? "nothing was claimed" : text;
}

void put_open_claims(HtmlWriter& html, const JsonTree& forecast) {
  bool is_open = false;
  for (std::size_t i = 0; i < forecast.size("/findings"); ++i) {
    const std::string finding = fmt::format("/findings/{}", i);
    const std::string verdict = forecast.text(finding + "/verdict");
    if (verdict == "pass") continue;
    if (!is_open) html.open("ul", "reasons");
    is_open = true;
    html.open("li", verdict);
    put_mark(html, verdict);
    html.element("code", forecast.text(finding + "/metric") + " " + forecast.text(finding + "/threshold"));
    const bool is_known = forecast.has(finding + "/estimate") || forecast.has(finding + "/estimate_ms");
    html.text(verdict == "fail" ? " – the whole 95 % interval lies beyond the bound"
              : is_known        ? " – the bound lies within the 95 % interval: more replications decide"
                                : " – there are too few replications, or no budget, to tell");
    html.close("li");
  }
  if (is_open) html.close("ul");
}

void with_half_width(Tile& tile, Kind kind, const std::string& estimate) {
  tile.with("±", kind, estimate + "/half_width");
}

void put_budget_tiles(HtmlWriter& html, Tile& tile, const JsonTree& forecast) {
  if (!forecast.has("/budget")) {
    tile.begin("Monthly budget");
    html.element("dd", "none", "figure").open("dd", "more").text("no limit");
    tile.end();
    tile.begin("Cost, median");
    tile.figure(Kind::money, "/cost_usd/p50/value");
    with_half_width(tile, Kind::money, "/cost_usd/p50");
    tile.end();
    return;
  }
  // The last share is the whole budget.
  const std::string whole = fmt::format("/budget/p_exceed/{}/chance", forecast.size("/budget/p_exceed") - 1);
  tile.begin("Chance to use up the budget", forecast.number(whole + "/low") > 0.05);
  tile.figure(Kind::words, whole + "/text");
  tile.with("of ", Kind::money, "/budget/monthly_usd", " a month");
  tile.end();
  tile.begin("Used up, median");
  tile.figure(Kind::instant, "/budget/used_up/p50/value");
  tile.with("P10 ", Kind::instant, "/budget/used_up/p10/value");
  tile.end();
}

void put_headroom_tile(HtmlWriter& html, Tile& tile, const JsonTree& forecast) {
  const auto times = [&](const std::string& limit) {
    html.text(forecast.boolean(limit + "/bounded") ? "" : "at least ");
    tile.figures.put(Kind::decimal, limit + "/rate");
    html.text("×");
  };
  const bool has_budget = forecast.has("/headroom/budget");
  if (!has_budget && !forecast.has("/headroom/latency")) {
    tile.begin("Standard deviation of cost");
    tile.figure(Kind::money, "/cost_usd/sd/all/value");
    tile.with("of demand ", Kind::money, "/cost_usd/sd/demand/value");
    tile.end();
    return;
  }
  tile.begin("Traffic that fits");
  html.open("dd", "figure");
  times(has_budget ? "/headroom/budget" : "/headroom/latency");
  html.close("dd").open("dd", "more").text(has_budget ? "the budget" : "the bound on latency");
  if (has_budget && forecast.has("/headroom/latency")) {
    html.text("; latency ");
    times("/headroom/latency");
  }
  tile.end();
}

}  // namespace

void put_forecast_head(HtmlWriter& html, const JsonTree& forecast) {
  const std::string verdict = forecast.text("/verdict");
  html.open("header", "top").open("div", "verdict", "id=\"verdict\"");
  html.open("span", "badge " + verdict);
  put_mark(html, verdict);
  html.text(verdict).close("span").element("span", why_of_forecast(forecast), "why").close("div");
  const std::string title = forecast.text("/scenario/title");
  html.element("h1", title.empty() ? "A forecast" : title);
  html.open("dl", "facts");
  put_fact(html, "Scenario", forecast.text("/scenario/file"), true);
  put_fact(html, "Seed", forecast.digits("/seed"));
  put_fact(html, "Digest", forecast.text("/digest"), true);
  put_fact(html, "Starts", figure_words(Kind::instant, forecast.text("/start")) + " UTC");
  html.open("div").element("dt", "Horizon").open("dd");
  html.text(duration_words(std::chrono::seconds{std::llround(forecast.number("/horizon_s"))}));
  html.close("dd").close("div").open("div").element("dt", "Replications").open("dd");
  HtmlFigures{html, forecast}.put(Kind::count, "/replications");
  if (forecast.has("/stopping")) {
    html.text(" (until " + forecast.text("/stopping/until"));
    html.text(forecast.boolean("/stopping/reached") ? ": reached)" : ": not reached)");
  }
  html.close("dd").close("div").close("dl");
  html.open("div", "replay").element("span", "Replay", "label");
  html.element("code", forecast.text("/replay"), "command").close("div");
  put_open_claims(html, forecast);
  for (std::size_t i = 0; i < forecast.size("/notes"); ++i) {
    html.element("p", "Note: " + forecast.text(fmt::format("/notes/{}", i)), "remark");
  }
  html.close("header").line();
}

void put_forecast_tiles(HtmlWriter& html, const JsonTree& forecast) {
  Tile tile{html, HtmlFigures{html, forecast}};
  html.open("dl", "tiles");
  tile.begin("Cost, mean");
  tile.figure(Kind::money, "/cost_usd/mean/value");
  with_half_width(tile, Kind::money, "/cost_usd/mean");
  tile.end();
  tile.begin("Cost, P90");
  tile.figure(Kind::money, "/cost_usd/p90/value");
  with_half_width(tile, Kind::money, "/cost_usd/p90");
  tile.with(", P10 ", Kind::money, "/cost_usd/p10/value");
  tile.end();
  put_budget_tiles(html, tile, forecast);
  put_headroom_tile(html, tile, forecast);
  tile.begin("Requests");
  tile.figure(Kind::quantity, "/requests/value");
  with_half_width(tile, Kind::quantity, "/requests");
  tile.end();
  tile.begin("Availability");
  tile.figure(Kind::words, "/availability/text");
  html.text("of what was not refused");
  tile.end();
  tile.begin("Latency, p95");
  tile.figure(Kind::milliseconds, "/latency_ms/p95/value");
  with_half_width(tile, Kind::milliseconds, "/latency_ms/p95");
  tile.end();
  html.close("dl").line();
}

}  // namespace windtunnel::reports
