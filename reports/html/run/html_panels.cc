#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "base/duration_text.h"
#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "reports/html/html_components.h"
#include "reports/html/run/html_views.h"
#include "reports/html/run/page_sections.h"
#include "reports/text/enum_names.h"

namespace windtunnel::reports {
namespace {

using sim::Timeline;
using Numbers = std::vector<std::int64_t>;

// Lanes and bands with more parts than this are drawn from the views: a page is not a log.
constexpr std::size_t kPartsMax = 4'000;
constexpr std::size_t kTableRows = 40;

Duration view_of(const Timeline& timeline) { return timeline.step * static_cast<std::int64_t>(timeline.view_steps); }

// In greater units; halves up.
Numbers scaled(Numbers values, std::int64_t unit) {
  for (std::int64_t& value : values) value = (value + unit / 2) / unit;
  return values;
}

void put_quantile(JsonWriter& json, const char* name, const sim::Series& series, std::size_t views) {
  json.key(name).begin_array();
  // To a microsecond.
  for (std::size_t view = 0; view < views; ++view) json.decimal((sim::value_at(series, view) + 500) / 1000, 3);
  json.end_array();
}

// [from, state] for each change, the first at 0.
void put_lane(JsonWriter& json, const Timeline& timeline, std::size_t provider) {
  json.key("lane").begin_array();
  json.begin_array().integer(0).text("closed").end_array();
  const auto put = [&](Instant at, monitor::BreakerState state) {
    json.begin_array().seconds(at).text(name_of(state)).end_array();
  };
  const bool is_whole = timeline.transitions_total == static_cast<std::int64_t>(timeline.transitions.size()) &&
                        timeline.transitions.size() <= kPartsMax;
  if (is_whole) {
    for (const Timeline::Transition& transition : timeline.transitions) {
      if (transition.provider == provider) put(transition.at, transition.to);
    }
  } else {
    constexpr std::array kStates{monitor::BreakerState::closed, monitor::BreakerState::half_open,
                                 monitor::BreakerState::open};
    std::int64_t before = 0;
    const Numbers states = greatest_by_view(timeline, timeline.providers[provider].state);
    for (std::size_t view = 0; view < states.size(); ++view) {
      if (states[view] == before) continue;
      before = states[view];
      put(Instant{view_of(timeline) * static_cast<std::int64_t>(view)}, kStates[static_cast<std::size_t>(before)]);
    }
  }
  json.end_array();
}

void put_provider_figures(JsonWriter& json, const Timeline& timeline) {
  json.key("providers").begin_array();
  for (std::size_t i = 0; i < timeline.providers.size(); ++i) {
    const sim::ProviderSeries& provider = timeline.providers[i];
    json.begin_object().key("name").text(timeline.provider_names[i].name);
    json.key("calls").integers(sums_by_view(timeline, all_calls(provider)));
    json.key("errors").integers(sums_by_view(timeline, failed_calls(provider)));
    json.key("in_flight").integers(last_by_view(timeline, provider.in_flight));
    put_lane(json, timeline, i);
    json.end_object();
  }
  json.end_array();
}

void put_fault_figures(JsonWriter& json, const Timeline& timeline) {
  json.key("faults").begin_array();
  for (const Timeline::Fault& fault : timeline.faults) {
    std::string kind = name_of(fault.kind);
    std::ranges::replace(kind, '_', ' ');
    json.begin_object().key("label").text(fault.id + " · " + kind).key("phases").begin_array();
    for (std::size_t i = 0; i < fault.phases.size() && i < kPartsMax; ++i) {
      json.begin_array().seconds(fault.phases[i].from).seconds(fault.phases[i].to).end_array();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void put_budget_figures(JsonWriter& json, const Timeline& timeline) {
  const auto window = [&](const char* name, const std::optional<Usd>& limit, const sim::Series& settled) {
    json.key(name).begin_object().key("limit");
    limit ? json.decimal(limit->picos(), kDollarDecimals) : json.null();
    json.key("settled").integers(scaled(last_by_view(timeline, settled), 1'000'000)).end_object();
  };
  json.key("budget").begin_object();
  window("month", timeline.monthly_limit, timeline.month_settled_picos);
  window("day", timeline.daily_limit, timeline.day_settled_picos);
  json.end_object().key("alerts").begin_array();
  for (const auto& [at, event] : timeline.budget) {
    const bool is_alert = event.kind == monitor::BudgetEvent::Kind::alert;
    if (!is_alert && event.kind != monitor::BudgetEvent::Kind::budget_refused) continue;
    std::string what = is_alert ? fmt::format("{} %", event.share.value / 10'000) : std::string("first refusal");
    if (event.by_refusal) what += ", refused";
    // Of a refusal also what stood in its way.
    if (!is_alert) what += ", " + rounded_decimal(event.reserved.picos(), kDollarDecimals, 2) + " USD reserved";
    json.begin_object().key("at").seconds(at).key("kind").text(is_alert ? "alert" : "refused");
    json.key("label").text(event.daily ? what + " of the day" : what);
    json.key("usd").decimal(event.spent.picos(), kDollarDecimals).end_object();
  }
  json.end_array();
}

// --- The tables in the place of charts -----------------------------------------------------------------------------

struct Column {
  std::string name;
  std::vector<std::string> cells;  // by group of views
};

// Views in groups, so that a table stays short.
struct Groups {
  std::size_t views = 0;
  std::size_t size = 1;
  explicit Groups(const Timeline& timeline)
      : views(timeline.views()), size(std::max<std::size_t>((timeline.views() + kTableRows - 1) / kTableRows, 1)) {}
  [[nodiscard]] std::size_t count() const { return (views + size - 1) / size; }

  template <class Combine>
  [[nodiscard]] Numbers combined(const Numbers& by_view, Combine combine) const {
    Numbers result(count());
    for (std::size_t view = 0; view < by_view.size(); ++view) {
      result[view / size] = combine(result[view / size], by_view[view]);
    }
    return result;
  }
  [[nodiscard]] Numbers sums(const Numbers& by_view) const { return combined(by_view, std::plus<>{}); }
  [[nodiscard]] Numbers greatest(const Numbers& by_view) const {
    return combined(by_view, [](std::int64_t a, std::int64_t b) { return std::max(a, b); });
  }
  [[nodiscard]] Numbers last(const Numbers& by_view) const {
    return combined(by_view, [](std::int64_t, std::int64_t b) { return b; });
  }
};

Column counts(std::string name, const Numbers& values) {
  Column column{std::move(name), {}};
  for (const std::int64_t value : values) column.cells.push_back(with_thousands(value));
  return column;
}

Column shares(std::string name, const Numbers& parts, const Numbers& wholes) {
  Column column{std::move(name), {}};
  for (std::size_t i = 0; i < parts.size(); ++i) column.cells.push_back(percent(parts[i], wholes[i]));
  return column;
}

void put_table(HtmlWriter& html, const Timeline& timeline, const std::vector<Column>& columns) {
  const Groups groups{timeline};
  html.open("noscript").open("div", "scroll").open("table").open("thead").open("tr");
  html.element("th", "From, s", "number", "scope=\"col\"");
  for (const Column& column : columns) html.element("th", column.name, "number", "scope=\"col\"");
  html.close("tr").close("thead").open("tbody");
  const auto width = view_of(timeline).count() * static_cast<std::int64_t>(groups.size);
  for (std::size_t row = 0; row < groups.count(); ++row) {
    html.open("tr").element("td", exact_decimal(Int128{width} * static_cast<Int128>(row), kSecondDecimals), "number");
    for (const Column& column : columns) html.element("td", column.cells[row], "number");
    html.close("tr");
  }
  html.close("tbody").close("table").close("div").close("noscript");
}

std::vector<Column> outcome_table(const Timeline& timeline, const Groups& groups) {
  std::vector<Column> columns;
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    if (timeline.requests.outcomes[i].empty()) continue;
    columns.push_back(counts(name_of(static_cast<monitor::Outcome>(i)),
                             groups.sums(sums_by_view(timeline, timeline.requests.outcomes[i]))));
  }
  return columns;
}

std::vector<Column> lane_table(const Timeline& timeline, const Groups& groups) {
  constexpr std::array kWords{"closed", "half-open", "open"};
  std::vector<Column> columns;
  for (std::size_t i = 0; i < timeline.providers.size(); ++i) {
    Column column{timeline.provider_names[i].name + " (worst)", {}};
    for (const std::int64_t state : groups.greatest(greatest_by_view(timeline, timeline.providers[i].state))) {
      column.cells.emplace_back(kWords[static_cast<std::size_t>(state)]);
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

std::vector<Column> error_table(const Timeline& timeline, const Groups& groups) {
  const auto sums = [&](const sim::Series& series) { return groups.sums(sums_by_view(timeline, series)); };
  std::vector<Column> columns;
  for (std::size_t i = 0; i < timeline.providers.size(); ++i) {
    const sim::ProviderSeries& provider = timeline.providers[i];
    columns.push_back(shares(timeline.provider_names[i].name, sums(failed_calls(provider)), sums(all_calls(provider))));
  }
  columns.push_back(
      shares("as callers see it", sums(failed_requests(timeline.requests)), sums(all_requests(timeline.requests))));
  return columns;
}

std::vector<Column> latency_table(const Timeline& timeline, const Groups& groups) {
  const sim::QuantileSeries& quantiles = timeline.latency_quantiles;
  std::vector<Column> columns;
  for (const auto& [name, series] : {std::pair{"p50, worst view, ms", &quantiles.p50_ns},
                                     {"p95, worst view, ms", &quantiles.p95_ns},
                                     {"p99, worst view, ms", &quantiles.p99_ns}}) {
    Numbers by_view(groups.views);
    for (std::size_t view = 0; view < groups.views; ++view) by_view[view] = sim::value_at(*series, view);
    columns.push_back(counts(name, scaled(groups.greatest(by_view), 1'000'000)));
  }
  return columns;
}

std::vector<Column> spend_table(const Timeline& timeline, const Groups& groups) {
  std::vector<Column> columns;
  for (const auto& [name, series] :
       {std::pair{"this month, USD", &timeline.month_settled_picos}, {"this day, USD", &timeline.day_settled_picos}}) {
    Column column{name, {}};
    for (const std::int64_t picos : groups.last(last_by_view(timeline, *series))) {
      column.cells.push_back(rounded_decimal(picos, kDollarDecimals, 4));
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

void put_panel(HtmlWriter& html, const Timeline& timeline, const std::string& id, std::string_view heading,
               std::string_view unit, std::string_view described, const std::vector<Column>& table) {
  html.open("figure", "panel", HtmlWriter::attribute("id", "panel-" + id));
  html.open("figcaption").element("h3", heading).element("span", unit, "unit").close("figcaption");
  html.open("div", "plot", "role=\"group\" " + HtmlWriter::attribute("aria-label", described)).close("div");
  put_table(html, timeline, table);
  html.close("figure").line();
}

}  // namespace

void put_panels(HtmlWriter& html, const Timeline& timeline) {
  const Groups groups{timeline};
  html.open("section", "", "id=\"panels\"").open("div", "tools").element("h2", "Over time");
  html.element("span",
               fmt::format("Buckets of {}. Drag to zoom, double-click for all; arrow keys move the cursor.",
                           duration_words(view_of(timeline))),
               "hint");
  html.element("button", "Show all", "", "type=\"button\" id=\"show-all\"");
  html.open("span", "", "id=\"cursor-time\" aria-live=\"off\"").close("span").close("div").open("div", "sheet");
  put_panel(html, timeline, "requests", "Requests by outcome", "requests",
            "Stacked: requests by outcome over time, with the times of faults", outcome_table(timeline, groups));
  put_panel(html, timeline, "lanes", "Circuit breakers", "state by provider",
            "The state of each provider's breaker over time", lane_table(timeline, groups));
  put_panel(html, timeline, "errors", "Error rate", "share of calls, and of requests",
            "The share of calls to each provider that failed, and of requests that failed for their callers",
            error_table(timeline, groups));
  put_panel(html, timeline, "latency", "Latency of answered requests", "logarithmic",
            "Latency quantiles p50, p95 and p99 over time", latency_table(timeline, groups));
  put_panel(html, timeline, "in-flight", "In flight", "requests and calls", "Requests and calls in flight over time",
            {counts("requests, at most", groups.greatest(greatest_by_view(timeline, timeline.in_flight_max)))});
  put_panel(html, timeline, "spend", "Spend against budget",
            "US dollars, as the budget counts: known bills and reservations held",
            "Spend of the month and the day over time", spend_table(timeline, groups));
  html.close("div");
  if (timeline.transitions_total > static_cast<std::int64_t>(std::min(timeline.transitions.size(), kPartsMax))) {
    html.element(
        "p",
        fmt::format("The breakers changed their state {} times: the lanes show the worst state of each bucket.",
                    with_thousands(timeline.transitions_total)),
        "note");
  }
  html.close("section").line();
}

std::string panel_figures(const Timeline& timeline) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::line};
  json.begin_object().key("view").decimal(view_of(timeline).count(), kSecondDecimals);
  json.key("views").integer(static_cast<Int128>(timeline.views())).key("end").seconds(timeline.ended);
  json.key("start_unix_ms").integer(timeline.start.time_since_epoch().count() / 1'000'000);
  json.key("outcomes").begin_object();
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    if (timeline.requests.outcomes[i].empty()) continue;
    json.key(name_of(static_cast<monitor::Outcome>(i))).integers(sums_by_view(timeline, timeline.requests.outcomes[i]));
  }
  json.end_object();
  json.key("requests").integers(sums_by_view(timeline, all_requests(timeline.requests)));
  json.key("failed").integers(sums_by_view(timeline, failed_requests(timeline.requests)));
  json.key("latency").begin_object();
  Numbers answered(timeline.views());
  for (std::size_t view = 0; view < answered.size(); ++view)
    answered[view] = sim::value_at(timeline.latency_quantiles.count, view);
  json.key("count").integers(answered);
  put_quantile(json, "p50", timeline.latency_quantiles.p50_ns, timeline.views());
  put_quantile(json, "p95", timeline.latency_quantiles.p95_ns, timeline.views());
  put_quantile(json, "p99", timeline.latency_quantiles.p99_ns, timeline.views());
  json.end_object();
  json.key("in_flight_max").integers(greatest_by_view(timeline, timeline.in_flight_max));
  put_provider_figures(json, timeline);
  put_fault_figures(json, timeline);
  put_budget_figures(json, timeline);
  json.end_object();
  return text;
}

}  // namespace windtunnel::reports
