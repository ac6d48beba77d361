#include <algorithm>
#include <string>
#include <vector>

#include "base/exact_decimal.h"
#include "reports/html/run/page_sections.h"

namespace windtunnel::reports {
namespace {

using monitor::Outcome;
using sim::Timeline;

// A column: who answered and how, or what became of the request.
struct Way {
  std::optional<std::size_t> answered_by;
  Outcome outcome = Outcome::served;
  friend bool operator==(const Way&, const Way&) = default;
};

Way way_of(const Timeline::Route& route) { return {route.answered_by, route.outcome}; }

// Answers first, by provider; then the rest in the order of the outcomes.
std::vector<Way> ways_of(const Timeline& timeline) {
  std::vector<Way> ways;
  for (const Timeline::Route& route : timeline.routes) {
    if (std::ranges::find(ways, way_of(route)) == ways.end()) ways.push_back(way_of(route));
  }
  std::ranges::sort(ways, [](const Way& a, const Way& b) {
    const auto rank = [](const Way& way) { return way.answered_by.value_or(monitor::kProvidersMax); };
    return std::pair{rank(a), a.outcome} < std::pair{rank(b), b.outcome};
  });
  return ways;
}

std::string words_of(const Timeline& timeline, const Way& way) {
  std::string outcome = name_of(way.outcome);
  std::ranges::replace(outcome, '_', ' ');
  return way.answered_by ? timeline.provider_names[*way.answered_by].name + ": " + outcome : outcome;
}

std::int64_t requests_of(const Timeline& timeline, std::optional<std::size_t> assigned, const Way& way) {
  for (const Timeline::Route& route : timeline.routes) {
    if (route.assigned == assigned && way_of(route) == way) return route.requests;
  }
  return 0;
}

void put_cell(HtmlWriter& html, std::optional<std::size_t> assigned, const Way& way, std::int64_t requests,
              std::int64_t of_row) {
  if (requests == 0) {
    html.element("td", "·", "number none");
    return;
  }
  // The heat is the share of the row: 1 below 1 %, then 10, 40, 80 %.
  const int heat = requests * 100 < of_row      ? 1
                   : requests * 10 < of_row     ? 2
                   : requests * 10 < 4 * of_row ? 3
                   : requests * 10 < 8 * of_row ? 4
                                                : 5;
  const bool is_lost = !way.answered_by && !is_refused(way.outcome);
  const char* kind = is_lost                          ? "lost"
                     : way.outcome != Outcome::served ? "other"
                     : way.answered_by == assigned    ? "own"
                                                      : "over";
  html.open("td", "number " + std::string(kind) + " heat-" + std::to_string(heat));
  html.text(with_thousands(requests)).element("small", percent(requests, of_row)).close("td");
}

}  // namespace

void put_matrix(HtmlWriter& html, const sim::Timeline& timeline) {
  if (timeline.routes.empty()) return;
  const std::vector<Way> ways = ways_of(timeline);
  html.open("section", "", "id=\"matrix\"").element("h2", "Who answered").open("div", "sheet scroll");
  html.open("table", "matrix").open("caption");
  html.text(
      "Requests by the provider they were assigned to (rows) and by who answered them or what became of them "
      "(columns), with the share of the row. Blue underline: the assigned provider; yellow: another one, after a "
      "failover; red: no answer. An answer from the cache is named by who once gave it.");
  html.close("caption").open("thead").open("tr").element("th", "Assigned to", "", "scope=\"col\"");
  for (const Way& way : ways) html.element("th", words_of(timeline, way), "number", "scope=\"col\"");
  html.element("th", "All", "number", "scope=\"col\"").close("tr").close("thead").open("tbody");
  for (std::size_t row = 0; row <= timeline.provider_names.size(); ++row) {
    const bool is_refused = row == timeline.provider_names.size();
    const auto assigned = is_refused ? std::nullopt : std::optional{row};
    std::int64_t of_row = 0;
    for (const Way& way : ways) of_row += requests_of(timeline, assigned, way);
    if (of_row == 0) continue;
    html.open("tr");
    html.element("th", is_refused ? "no provider: refused before" : timeline.provider_names[row].name, "",
                 "scope=\"row\"");
    for (const Way& way : ways) put_cell(html, assigned, way, requests_of(timeline, assigned, way), of_row);
    html.element("td", with_thousands(of_row), "number").close("tr");
  }
  html.close("tbody").close("table").close("div").close("section").line();
}

}  // namespace windtunnel::reports
