#include <fmt/format.h>

#include <map>
#include <vector>

#include "base/calendar.h"
#include "reports/html/html_components.h"
#include "reports/html/run/page_sections.h"

namespace windtunnel::reports {
namespace {

using Kind = FigureKind;

// "47 invariants watched, 6 thresholds held".
std::string why(const JsonTree& summary) {
  std::map<std::string, std::size_t> held;
  std::size_t bad = 0;
  for (std::size_t i = 0; i < summary.size("/findings"); ++i) {
    const std::string finding = fmt::format("/findings/{}", i);
    if (summary.text(finding + "/verdict") == "pass") {
      ++held[summary.text(finding + "/kind")];
    } else {
      ++bad;
    }
  }
  std::string text;
  if (bad > 0) text = fmt::format("{} {} not hold; ", plural(bad, "claim"), bad == 1 ? "did" : "do");
  text += plural(summary.size("/checks"), "invariant") + " watched";
  if (held["threshold"] > 0) text += ", " + plural(held["threshold"], "threshold") + " held";
  if (held["coverage"] > 0) text += ", " + plural(held["coverage"], "coverage minimum", "coverage minima") + " reached";
  return text;
}

// The first of several, so that the page stays a page.
constexpr std::size_t kReasonsMax = 8;

void put_reasons(HtmlWriter& html, const JsonTree& summary) {
  std::vector<std::size_t> bad;
  for (std::size_t i = 0; i < summary.size("/findings"); ++i) {
    if (summary.text(fmt::format("/findings/{}/verdict", i)) != "pass") bad.push_back(i);
  }
  if (bad.empty()) return;
  html.open("ul", "reasons");
  for (std::size_t i = 0; i < bad.size() && i < kReasonsMax; ++i) {
    const std::string finding = fmt::format("/findings/{}", bad[i]);
    const std::string verdict = summary.text(finding + "/verdict");
    html.open("li", verdict);
    put_mark(html, verdict);
    // A threshold is named by what it claims.
    const std::string id = summary.text(finding + "/id");
    const bool is_named_by_claim = id == summary.text(finding + "/claim");
    html.element("strong", summary.text(finding + "/kind") + (is_named_by_claim ? "" : " " + id)).text(": ");
    html.element("code", summary.text(finding + "/claim")).text(" – " + summary.text(finding + "/reason"));
    html.close("li");
  }
  if (bad.size() > kReasonsMax) {
    html.open("li", "more").text(fmt::format("and {} more, below", bad.size() - kReasonsMax)).close("li");
  }
  html.close("ul");
}

}  // namespace

void put_head(HtmlWriter& html, const JsonTree& summary, const sim::Timeline& timeline) {
  const std::string verdict = summary.text("/verdict");
  html.open("header", "top").open("div", "verdict", "id=\"verdict\"");
  html.open("span", "badge " + verdict);
  put_mark(html, verdict);
  html.text(verdict).close("span").element("span", why(summary), "why").close("div");
  html.element("h1", summary.text("/scenario/title"));
  html.open("dl", "facts");
  put_fact(html, "Scenario", summary.text("/scenario/file"), true);
  put_fact(html, "Seed", summary.digits("/seed"));
  put_fact(html, "Digest", summary.text("/digest"), true);
  const std::string start = iso8601(timeline.start);
  put_fact(html, "Starts", start.substr(0, 10) + " " + start.substr(11, 8) + " UTC");
  html.open("div").element("dt", "Virtual time").open("dd");
  HtmlFigures{html, summary}.put(Kind::seconds, "/ended_s");
  const Duration lasted = timeline.ended.time_since_epoch();
  if (lasted >= std::chrono::minutes{2}) html.text(" (" + duration_words(lasted) + ")");
  html.text(summary.boolean("/stopped") ? ", stopped early" : "").close("dd").close("div").close("dl");
  html.open("div", "replay").element("span", "Replay", "label");
  html.element("code", summary.text("/replay"), "command").close("div");
  put_reasons(html, summary);
  html.close("header").line();
}

void put_tiles(HtmlWriter& html, const JsonTree& summary) {
  Tile tile{html, HtmlFigures{html, summary}};
  html.open("dl", "tiles");
  tile.begin("Requests");
  tile.figure(Kind::count, "/users/requests");
  tile.with("", Kind::share, "/users/success_rate", " answered");
  tile.end();
  tile.begin("Failed for callers", summary.integer("/users/failed") > 0);
  tile.figure(Kind::count, "/users/failed");
  tile.with("refused by limiters: ", Kind::count, "/users/refused");
  tile.end();
  tile.begin("Latency, p95");
  tile.figure(Kind::milliseconds, "/users/latency_ms/p95");
  tile.with("p50 ", Kind::milliseconds, "/users/latency_ms/p50");
  tile.with(", p99 ", Kind::milliseconds, "/users/latency_ms/p99");
  tile.end();
  tile.begin("Calls to providers");
  tile.figure(Kind::count, "/calls");
  tile.with("", Kind::count, "/users/failed_over", " requests failed over");
  tile.end();
  tile.begin("Breakers opened");
  tile.figure(Kind::count, "/coverage/breaker_opened/count");
  tile.with("", Kind::count, "/coverage/probe_failed/count", " probes failed");
  tile.end();
  tile.begin("Cost");
  tile.figure(Kind::money, "/cost_usd");
  if (summary.has("/cost_limiter/monthly_usd")) {
    tile.with("limit ", Kind::money, "/cost_limiter/monthly_usd", " a month");
  } else {
    html.text("no monthly limit");
  }
  tile.end();
  tile.begin("Cache hit rate");
  tile.figure(Kind::share, "/cache/hit_rate");
  tile.with("", Kind::count, "/cache/hits", " hits");
  tile.end();
  tile.begin("Tokens");
  tile.figure(Kind::count, "/users/tokens/total");
  tile.with("in ", Kind::count, "/users/tokens/input");
  tile.with(", out ", Kind::count, "/users/tokens/output");
  tile.end();
  html.close("dl").line();
}

}  // namespace windtunnel::reports
