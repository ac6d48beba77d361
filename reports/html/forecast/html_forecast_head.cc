#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "base/duration_text.h"
#include "base/json_writer.h"
#include "reports/forecast/forecast_numbers.h"
#include "reports/html/forecast/forecast_sections.h"
#include "reports/html/html_components.h"

namespace windtunnel::reports {
namespace {

using Kind = FigureKind;

using sim::Verdict;

// "2 claims hold", "1 claim does not hold, 1 is undecided".
std::string why_of_forecast(const ForecastSummary& forecast) {
  std::string text;
  const auto add = [&](Verdict verdict, const char* character, const char* many) {
    const auto count =
        static_cast<std::size_t>(std::ranges::count(forecast.findings, verdict, &ForecastFindingSummary::verdict));
    if (count == 0) return;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", plural(count, "claim"), count == 1 ? character : many);
  };
  add(Verdict::fail, "does not hold", "do not hold");
  add(Verdict::inconclusive, "is undecided", "are undecided");
  add(Verdict::pass, "holds", "hold");
  if (forecast.stopping && !forecast.stopping->reached) {
    text += text.empty() ? "the target of --until was not reached" : ", the target of --until was not reached";
  }
  return text.empty() ? "no threshold of forecast.* and no --assert" : text;
}

void put_open_claims(HtmlWriter& html, const ForecastSummary& forecast) {
  bool is_open = false;
  for (const ForecastFindingSummary& finding : forecast.findings) {
    if (finding.verdict == Verdict::pass) continue;
    if (!is_open) html.open("ul", "reasons");
    is_open = true;
    html.open("li", name_of(finding.verdict));
    put_mark(html, name_of(finding.verdict));
    html.element("code", finding.metric + " " + finding.threshold);
    html.text(" – ");
    html.text(finding.verdict == Verdict::fail ? "the whole 95 % interval lies beyond the bound" : finding.reason);
    html.close("li");
  }
  if (is_open) html.close("ul");
}

// A large figure with its half-width in small print.
void put_estimate(Tile& tile, Kind kind, const std::optional<EstimateSummary>& estimate) {
  tile.figure_member(kind, estimate, &EstimateSummary::value, "value");
  tile.with_member("±", kind, estimate, &EstimateSummary::half_width, "half_width");
}

void put_quantile(Tile& tile, const std::optional<MoneyQuantile>& quantile) {
  tile.figure_member(Kind::money, quantile, &MoneyQuantile::value, "value");
  tile.with_member("±", Kind::money, quantile, &MoneyQuantile::half_width_usd, "half_width");
}

void put_budget_tiles(HtmlWriter& html, Tile& tile, const ForecastSummary& forecast) {
  if (!forecast.budget) {
    tile.begin("Monthly budget");
    html.element("dd", "none", "figure").open("dd", "more").text("no limit");
    tile.end();
    tile.begin("Cost, median");
    put_quantile(tile, forecast.cost.quantiles.p50);
    tile.end();
    return;
  }
  const ForecastBudget& budget = *forecast.budget;
  if (!budget.p_exceed.empty()) {
    // The last share is the whole budget.
    const ChanceSummary& whole = budget.p_exceed.back().chance;
    tile.begin("Chance to use up the budget", whole.low > 0.05);
    tile.figure(Kind::words, whole.text);
    tile.with("of ", Kind::money, budget.monthly, " a month");
    tile.end();
  }
  tile.begin("Used up, median");
  tile.figure_member(Kind::instant, budget.used_up.p50, &DateSummary::value, "value");
  tile.with_member("P10 ", Kind::instant, budget.used_up.p10, &DateSummary::value, "value");
  tile.end();
}

void put_headroom_tile(HtmlWriter& html, Tile& tile, const ForecastSummary& forecast) {
  const auto times = [&](const HeadroomLimitSummary& limit) {
    html.text(limit.bounded ? "" : "at least ");
    tile.figures.put(Kind::decimal, limit.rate_thousandths);
    html.text("×");
  };
  if (!forecast.headroom || forecast.headroom->limits().empty()) {
    tile.begin("Standard deviation of cost");
    tile.figure_member(Kind::money, forecast.cost.sd.all, &EstimateSummary::value, "value");
    tile.with_member("of " + forecast.cost.sd.shared_words() + " ", Kind::money, forecast.cost.sd.demand,
                     &EstimateSummary::value, "value");
    tile.end();
    return;
  }
  const auto limits = forecast.headroom->limits();
  tile.begin("Traffic that fits");
  html.open("dd", "figure");
  times(*limits.front());
  html.close("dd").open("dd", "more").text(limits.front()->limit);
  for (std::size_t i = 1; i < limits.size(); ++i) {
    html.text("; ").text(limits[i]->limit).text(" ");
    times(*limits[i]);
  }
  tile.end();
}

}  // namespace

void put_forecast_head(HtmlWriter& html, const PlacedForecast& placed) {
  const ForecastSummary& forecast = placed.summary;
  html.open("header", "top");
  put_verdict(html, name_of(forecast.verdict), why_of_forecast(forecast));
  html.element("h1", forecast.scenario.title.empty() ? "A forecast" : forecast.scenario.title);
  html.open("dl", "facts");
  put_fact(html, "Scenario", forecast.scenario.file, true);
  put_fact(html, "Seed", std::to_string(forecast.seed));
  put_fact(html, "Digest", hex_digits(forecast.digest), true);
  put_fact(html, "Starts", figure_words(Kind::instant, forecast.start) + " UTC");
  html.open("div").element("dt", "Horizon").open("dd");
  html.text(duration_words(std::chrono::round<std::chrono::seconds>(forecast.horizon)));
  html.close("dd").close("div").open("div").element("dt", "Replications").open("dd");
  HtmlFigures{html, placed.places}.put(Kind::count, forecast.replications);
  if (forecast.stopping) {
    html.text(" (until " + forecast.stopping->until);
    html.text(forecast.stopping->reached ? ": reached)" : ": not reached)");
  }
  html.close("dd").close("div").close("dl");
  html.open("div", "replay").element("span", "Replay", "label");
  html.element("code", forecast.replay, "command").close("div");
  put_open_claims(html, forecast);
  if (const std::string words = reduction_words(forecast); !words.empty()) html.element("p", words, "remark");
  for (const std::string& note : forecast.notes) html.element("p", "Note: " + note, "remark");
  html.close("header").line();
}

void put_forecast_tiles(HtmlWriter& html, const PlacedForecast& placed) {
  const ForecastSummary& forecast = placed.summary;
  Tile tile{html, HtmlFigures{html, placed.places}};
  html.open("dl", "tiles");
  tile.begin("Cost, mean");
  put_estimate(tile, Kind::money, forecast.cost.mean);
  tile.end();
  tile.begin("Cost, P90");
  put_quantile(tile, forecast.cost.quantiles.p90);
  tile.with_member(", P10 ", Kind::money, forecast.cost.quantiles.p10, &MoneyQuantile::value, "value");
  tile.end();
  put_budget_tiles(html, tile, forecast);
  put_headroom_tile(html, tile, forecast);
  tile.begin("Requests");
  put_estimate(tile, Kind::quantity, forecast.requests);
  tile.end();
  tile.begin("Availability");
  tile.figure_member(Kind::words, forecast.availability, &ChanceSummary::text, "text");
  html.text("of what was not refused");
  tile.end();
  tile.begin("Latency, p95");
  put_estimate(tile, Kind::milliseconds, forecast.latency.p95);
  tile.end();
  html.close("dl").line();
}

}  // namespace windtunnel::reports
