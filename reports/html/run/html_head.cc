#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/duration_text.h"
#include "base/json_writer.h"
#include "reports/html/html_components.h"
#include "reports/html/run/page_sections.h"

namespace windtunnel::reports {
namespace {

using Kind = FigureKind;

using sim::Finding;
using sim::Verdict;

// "47 invariants watched, 6 thresholds held".
std::string why(const RunSummary& run) {
  const auto held = [&](Finding::Kind kind) {
    return static_cast<std::size_t>(std::ranges::count_if(run.findings, [&](const Finding& finding) {
      return finding.kind == kind && finding.verdict == Verdict::pass;
    }));
  };
  const std::size_t bad = run.findings.size() -
                          static_cast<std::size_t>(std::ranges::count(run.findings, Verdict::pass, &Finding::verdict));
  std::string text;
  if (bad > 0) text = fmt::format("{} {} not hold; ", plural(bad, "claim"), bad == 1 ? "did" : "do");
  if (run.verdict == Verdict::nothing_claimed) text = "no threshold, liveness, coverage or min_affected; ";
  text += plural(run.checks.size(), "invariant") + " watched";
  if (const auto count = held(Finding::Kind::threshold); count > 0) text += ", " + plural(count, "threshold") + " held";
  if (const auto count = held(Finding::Kind::coverage); count > 0) {
    text += ", " + plural(count, "coverage minimum", "coverage minima") + " reached";
  }
  return text;
}

// The first of several, so that the page stays a page.
constexpr std::size_t kReasonsMax = 8;

void put_reasons(HtmlWriter& html, const RunSummary& run) {
  std::vector<const Finding*> bad;
  for (const Finding& finding : run.findings) {
    if (finding.verdict != Verdict::pass) bad.push_back(&finding);
  }
  if (bad.empty()) return;
  html.open("ul", "reasons");
  for (std::size_t i = 0; i < bad.size() && i < kReasonsMax; ++i) {
    const Finding& finding = *bad[i];
    html.open("li", name_of(finding.verdict));
    put_mark(html, name_of(finding.verdict));
    // A threshold is named by what it claims.
    const std::string name = finding.claim.starts_with(finding.id) ? "" : " " + finding.id;
    html.element("strong", name_of(finding.kind) + name).text(": ");
    html.element("code", finding.claim).text(" – " + finding.reason);
    html.close("li");
  }
  if (bad.size() > kReasonsMax) {
    html.open("li", "more").text(fmt::format("and {} more, below", bad.size() - kReasonsMax)).close("li");
  }
  html.close("ul");
}

}  // namespace

void put_head(HtmlWriter& html, const PlacedSummary& summary, const sim::Timeline& timeline) {
  const RunSummary& run = summary.run;
  html.open("header", "top");
  put_verdict(html, name_of(run.verdict), why(run));
  html.element("h1", run.scenario.title);
  html.open("dl", "facts");
  put_fact(html, "Scenario", run.scenario.file, true);
  put_fact(html, "Seed", std::to_string(run.seed));
  put_fact(html, "Digest", hex_digits(run.digest), true);
  const std::string start = iso8601(timeline.start);
  put_fact(html, "Starts", start.substr(0, 10) + " " + start.substr(11, 8) + " UTC");
  html.open("div").element("dt", run.trial && run.trial->clock == "real" ? "Time" : "Virtual time").open("dd");
  HtmlFigures{html, summary.places}.put(Kind::seconds, run.ended);
  const Duration lasted = timeline.ended.time_since_epoch();
  if (lasted >= std::chrono::minutes{2}) html.text(" (" + duration_words(lasted) + ")");
  html.text(run.stopped ? ", stopped early" : "").close("dd").close("div").close("dl");
  html.open("div", "replay").element("span", "Replay", "label");
  html.element("code", run.replay, "command").close("div");
  put_reasons(html, run);
  for (const std::string& note : run.notes) html.element("p", "Note: " + note, "remark");
  html.close("header").line();
}

void put_tiles(HtmlWriter& html, const PlacedSummary& summary) {
  const RunSummary& run = summary.run;
  const auto counter = [&](std::string_view name) -> const std::optional<std::int64_t>& {
    const CoverageSummary* found = run.counter(name);
    check(found != nullptr, "a run counts every situation");
    return found->count;
  };
  Tile tile{html, HtmlFigures{html, summary.places}};
  html.open("dl", "tiles");
  for (const ClientSummary& client : run.clients) {
    tile.begin("Wishes of " + client.name, client.answered * 100 < client.wishes * 99);
    tile.figure(Kind::count, client.wishes);
    tile.with("", Kind::count, client.answered, " answered");
    tile.end();
  }
  tile.begin("Requests");
  tile.figure(Kind::count, run.users.requests);
  tile.with("", Kind::share, run.users.success_rate, " answered");
  tile.end();
  tile.begin("Failed for callers", run.users.failed > 0);
  tile.figure(Kind::count, run.users.failed);
  tile.with("refused by limiters: ", Kind::count, run.users.refused);
  tile.end();
  tile.begin("Latency, p95");
  tile.figure(Kind::milliseconds, run.users.latency.p95);
  tile.with("p50 ", Kind::milliseconds, run.users.latency.p50);
  tile.with(", p99 ", Kind::milliseconds, run.users.latency.p99);
  tile.end();
  tile.begin("Calls to providers");
  tile.figure(Kind::count, run.calls);
  tile.with("", Kind::count, run.users.failed_over, " requests failed over");
  tile.end();
  if (!run.trial) {
    tile.begin("Breakers opened");
    tile.figure(Kind::count, counter("breaker_opened"));
    tile.with("", Kind::count, counter("probe_failed"), " probes failed");
    tile.end();
  }
  tile.begin("Cost");
  tile.figure(Kind::money, run.cost.billed);
  if (run.cost.is_all_known()) {
    html.text(std::string(kBilledWords) + ", all known to the gateway; ");
  } else {
    tile.with(std::string(kBilledWords) + "; known to the gateway ", Kind::money, run.cost.known);
    tile.with(", held by reservations ", Kind::money, run.cost.reserved, "; ");
  }
  if (!run.cost_limiter) {
    html.text("limits not observed");
  } else if (run.cost_limiter->monthly) {
    tile.with("limit ", Kind::money, run.cost_limiter->monthly, " a month");
  } else {
    html.text("no monthly limit");
  }
  tile.end();
  if (run.cache) {
    tile.begin("Cache hit rate");
    tile.figure(Kind::share, run.cache->hit_rate);
    tile.with("", Kind::count, run.cache->hits, " hits");
    tile.end();
  }
  tile.begin("Tokens");
  tile.figure(Kind::count, run.users.tokens.total);
  tile.with("in ", Kind::count, run.users.tokens.input);
  tile.with(", out ", Kind::count, run.users.tokens.output);
  tile.end();
  html.close("dl").line();
}

}  // namespace windtunnel::reports
