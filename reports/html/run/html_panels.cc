#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/duration_text.h"
#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "reports/html/html_components.h"
#include "reports/html/run/html_views.h"
#include "reports/html/run/page_sections.h"
#include "reports/html/run/panel_tables.h"
#include "reports/text/enum_names.h"

namespace windtunnel::reports {
namespace {

using sim::Timeline;
using Numbers = std::vector<std::int64_t>;

// Lanes and bands with more parts than this are drawn from the views: a page is not a log.
constexpr std::size_t kPartsMax = 4'000;

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
    const Numbers states = worst_states_by_view(timeline, timeline.providers[provider]);
    for (std::size_t view = 0; view < states.size(); ++view) {
      if (states[view] == before) continue;
      before = states[view];
      put(Instant{view_of(timeline) * static_cast<std::int64_t>(view)}, kStates[static_cast<std::size_t>(before)]);
    }
  }
  json.end_array();
}

void put_route_figures(JsonWriter& json, const Timeline& timeline) {
  if (timeline.route_requests.empty()) return;
  json.key("routes").begin_array();
  for (std::size_t i = 0; i < timeline.route_requests.size(); ++i) {
    const sim::RequestSeries& route = timeline.route_requests[i];
    json.begin_object().key("name").text(timeline.route_names[i]);
    json.key("answered").integers(sums_by_view(timeline, answered_requests(route)));
    json.key("refused").integers(sums_by_view(timeline, refused_requests(route)));
    json.key("failed").integers(sums_by_view(timeline, failed_requests(route)));
    json.end_object();
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
    json.key("answers").integers(sums_by_view(timeline, answers_of(provider)));
    json.key("in_flight").integers(last_by_view(timeline, provider.in_flight));
    put_lane(json, timeline, i);
    json.end_object();
  }
  json.end_array();
}

std::string fault_words(const Timeline::Fault& fault) {
  std::string kind = name_of(fault.kind);
  std::ranges::replace(kind, '_', ' ');
  return fault.id + " · " + kind;
}

void put_fault_figures(JsonWriter& json, const Timeline& timeline) {
  json.key("faults").begin_array();
  for (const Timeline::Fault& fault : timeline.faults) {
    json.begin_object().key("label").text(fault_words(fault)).key("phases").begin_array();
    for (std::size_t i = 0; i < fault.phases.size() && i < kPartsMax; ++i) {
      json.begin_array().seconds(fault.phases[i].from).seconds(fault.phases[i].to).end_array();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void put_budget_figures(JsonWriter& json, const Timeline& timeline) {
  const auto window = [&](const char* name, const std::optional<Usd>& limit, const sim::MoneySeries& settled) {
    json.key(name).begin_object().key("limit");
    limit ? json.decimal(limit->picos(), kDollarDecimals) : json.null();
    json.key("settled").large_integers(scaled(last_by_view(timeline, settled), 1'000'000)).end_object();
  };
  json.key("billed_words").text(kBilledWords).key("billed").large_integers(billed_by_view(timeline));
  json.key("budget");
  if (timeline.from_outside) {
    json.null();
  } else {
    json.begin_object();
    window("month", timeline.monthly_limit, timeline.month_settled_picos);
    window("day", timeline.daily_limit, timeline.day_settled_picos);
    json.end_object();
  }
  json.key("alerts").begin_array();
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

// "2026-01-20 10:05:00", or "5m" after the start.
std::string instant_words(const Timeline& timeline, Instant at) {
  if (!timeline.start_is_given) return duration_words(at.time_since_epoch());
  const std::string text = iso8601(timeline.start + at.time_since_epoch());
  return text.substr(0, 10) + " " + text.substr(11, 8);
}

// Each fault with its first phase, in the order of the numbers that the chart gives those whose names do not fit.
void put_fault_list(HtmlWriter& html, const Timeline& timeline) {
  if (timeline.faults.empty()) return;
  html.open("ol", "faults", "id=\"fault-list\" aria-label=\"Faults\"");
  for (const Timeline::Fault& fault : timeline.faults) {
    html.open("li").element("strong", fault_words(fault));
    if (fault.phases.empty()) {
      html.text(": never");
    } else {
      const Timeline::Phase& first = fault.phases.front();
      const std::string to = first.to ? instant_words(timeline, *first.to) : "the end";
      html.text(": " + instant_words(timeline, first.from) + " to " + to);
    }
    if (fault.phases_total > 1) html.text(", the first of " + with_thousands(fault.phases_total) + " phases");
    html.close("li");
  }
  html.close("ol").line();
}

void put_panel(HtmlWriter& html, const Timeline& timeline, const std::string& id, std::string_view heading,
               std::string_view unit, std::string_view described, const std::vector<TableColumn>& table) {
  html.open("figure", "panel", HtmlWriter::attribute("id", "panel-" + id));
  html.open("figcaption").element("h3", heading).element("span", unit, "unit").close("figcaption");
  html.open("div", "plot", "role=\"group\" " + HtmlWriter::attribute("aria-label", described)).close("div");
  put_panel_table(html, timeline, table);
  html.close("figure").line();
}

}  // namespace

void put_panels(HtmlWriter& html, const Timeline& timeline) {
  html.open("section", "", "id=\"panels\"").open("div", "tools").element("h2", "Over time");
  const std::string clock = timeline.start_is_given ? "Wall-clock time (UTC) from " + instant_words(timeline, Instant{})
                                                    : std::string("Time since the start, as the scenario names none");
  html.element("span", fmt::format("{}, in buckets of {}.", clock, duration_words(view_of(timeline))), "times");
  html.element("span", "", "times", "id=\"drawn-as\"");
  html.element("span", "Drag to zoom, double-click for all; arrow keys move the cursor, + and - zoom.", "hint");
  html.element("button", "Show all", "", "type=\"button\" id=\"show-all\"");
  html.open("span", "", "id=\"cursor-time\" aria-live=\"off\"").close("span").close("div");
  put_fault_list(html, timeline);
  html.open("div", "sheet");
  put_panel(html, timeline, "requests", "Requests by outcome", "requests",
            "Stacked: requests by outcome over time, with the times of faults", outcome_table(timeline));
  put_panel(html, timeline, "answers", "Who answered", "share of the requests that ended",
            "Stacked: the share of requests that each provider answered over time, that came from the cache, that the "
            "limiters refused, and that had no answer",
            answer_table(timeline));
  if (!timeline.route_requests.empty()) {
    put_panel(html, timeline, "routes", "Requests by route", "requests",
              "Stacked: requests over time by the route that they ask for, and of each route those that were answered, "
              "that the limiters refused, and that had no answer",
              route_table(timeline));
  }
  // What goes on inside a gateway under trial is not observed.
  if (!timeline.from_outside) {
    put_panel(html, timeline, "lanes", "Circuit breakers", "state by provider",
              "The state of each provider's breaker over time", lane_table(timeline));
  }
  put_panel(html, timeline, "failed-calls", "Failed calls", "calls",
            "Bars: calls to each provider that failed over time, and requests that failed for their callers",
            failure_table(timeline));
  put_panel(html, timeline, "latency", "Latency of answered requests", "logarithmic",
            "Latency quantiles p50, p95 and p99 over time", latency_table(timeline));
  put_panel(html, timeline, "in-flight", "In flight", "requests and calls", "Requests and calls in flight over time",
            in_flight_table(timeline));
  put_panel(html, timeline, "spend", timeline.from_outside ? "Cost" : "Cost against budget", "US dollars",
            timeline.from_outside ? "What the providers billed since the start"
                                  : "What the providers billed since the start, and what the budget counts of its "
                                    "month and day: known bills and reservations held",
            spend_table(timeline));
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
  json.key("start_is_given").boolean(timeline.start_is_given);
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
  put_route_figures(json, timeline);
  put_provider_figures(json, timeline);
  put_fault_figures(json, timeline);
  put_budget_figures(json, timeline);
  json.end_object();
  return text;
}

}  // namespace windtunnel::reports
