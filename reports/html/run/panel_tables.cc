#include "reports/html/run/panel_tables.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <utility>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "reports/html/run/html_views.h"
#include "reports/html/run/page_sections.h"
#include "reports/text/enum_names.h"

namespace windtunnel::reports {
namespace {

using sim::Timeline;
using Numbers = std::vector<std::int64_t>;
using Sums = std::vector<Int128>;  // of money

constexpr std::size_t kTableRows = 40;

// Views in groups, so that a table stays short.
struct Groups {
  std::size_t views = 0;
  std::size_t size = 1;
  explicit Groups(const Timeline& timeline)
      : views(timeline.views()), size(std::max<std::size_t>((timeline.views() + kTableRows - 1) / kTableRows, 1)) {}
  [[nodiscard]] std::size_t count() const { return (views + size - 1) / size; }

  template <class Value, class Combine>
  [[nodiscard]] std::vector<Value> combined(const std::vector<Value>& by_view, Combine combine) const {
    std::vector<Value> result(count());
    for (std::size_t view = 0; view < by_view.size(); ++view) {
      result[view / size] = combine(result[view / size], by_view[view]);
    }
    return result;
  }
  [[nodiscard]] Numbers sums(const Numbers& by_view) const { return combined(by_view, std::plus<>{}); }
  [[nodiscard]] Numbers greatest(const Numbers& by_view) const {
    return combined(by_view, [](std::int64_t a, std::int64_t b) { return std::max(a, b); });
  }
  [[nodiscard]] Sums last(const Sums& by_view) const {
    return combined(by_view, [](Int128, Int128 b) { return b; });
  }
};

TableColumn counts(std::string name, const Numbers& values) {
  TableColumn column{std::move(name), {}};
  for (const std::int64_t value : values) column.cells.push_back(with_thousands(value));
  return column;
}

// "8 of 12".
TableColumn parts_of(std::string name, const Numbers& parts, const Numbers& wholes) {
  TableColumn column{std::move(name), {}};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    column.cells.push_back(with_thousands(parts[i]) + " of " + with_thousands(wholes[i]));
  }
  return column;
}

TableColumn dollars(std::string name, const Sums& values, int decimals) {
  TableColumn column{std::move(name), {}};
  for (const Int128 value : values) column.cells.push_back(rounded_decimal(value, decimals, 4));
  return column;
}

// When a row begins: "2026-01-20 10:05:00", or in seconds since the start if the scenario names no start.
std::string begin_of(const Timeline& timeline, Duration since_start) {
  if (!timeline.start_is_given) return exact_decimal(since_start.count(), kSecondDecimals);
  const std::string text = iso8601(timeline.start + since_start);
  const bool is_whole = since_start % std::chrono::seconds{1} == Duration{0};
  return text.substr(0, 10) + " " + text.substr(11, is_whole ? 8 : 12);
}

}  // namespace

std::vector<TableColumn> outcome_table(const Timeline& timeline) {
  const Groups groups{timeline};
  std::vector<TableColumn> columns;
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    if (timeline.requests.outcomes[i].empty()) continue;
    columns.push_back(counts(name_of(static_cast<monitor::Outcome>(i)),
                             groups.sums(sums_by_view(timeline, timeline.requests.outcomes[i]))));
  }
  return columns;
}

std::vector<TableColumn> answer_table(const Timeline& timeline) {
  const Groups groups{timeline};
  const auto sums = [&](std::string name, const sim::Series& series) {
    return counts(std::move(name), groups.sums(sums_by_view(timeline, series)));
  };
  std::vector<TableColumn> columns;
  for (std::size_t i = 0; i < timeline.providers.size(); ++i) {
    columns.push_back(sums(timeline.provider_names[i].name, answers_of(timeline.providers[i])));
  }
  const auto& outcomes = timeline.requests.outcomes;
  columns.push_back(sums("the cache", outcomes[static_cast<std::size_t>(monitor::Outcome::cache_hit)]));
  columns.push_back(sums("the cache, stale", outcomes[static_cast<std::size_t>(monitor::Outcome::stale_hit)]));
  columns.push_back(sums("refused by a limiter", refused_requests(timeline.requests)));
  columns.push_back(sums("not answered", failed_requests(timeline.requests)));
  return columns;
}

std::vector<TableColumn> route_table(const Timeline& timeline) {
  const Groups groups{timeline};
  std::vector<TableColumn> columns;
  for (std::size_t i = 0; i < timeline.route_requests.size(); ++i) {
    const auto add = [&](const char* what, const sim::Series& series) {
      columns.push_back(counts(timeline.route_names[i] + ": " + what, groups.sums(sums_by_view(timeline, series))));
    };
    add("answered", answered_requests(timeline.route_requests[i]));
    add("refused by a limiter", refused_requests(timeline.route_requests[i]));
    add("not answered", failed_requests(timeline.route_requests[i]));
  }
  return columns;
}

std::vector<TableColumn> lane_table(const Timeline& timeline) {
  const Groups groups{timeline};
  constexpr std::array kWords{"closed", "half-open", "open"};
  std::vector<TableColumn> columns;
  for (std::size_t i = 0; i < timeline.providers.size(); ++i) {
    TableColumn column{timeline.provider_names[i].name + " (worst)", {}};
    for (const std::int64_t state : groups.greatest(worst_states_by_view(timeline, timeline.providers[i]))) {
      column.cells.emplace_back(kWords[static_cast<std::size_t>(state)]);
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

std::vector<TableColumn> failure_table(const Timeline& timeline) {
  const Groups groups{timeline};
  const auto sums = [&](const sim::Series& series) { return groups.sums(sums_by_view(timeline, series)); };
  std::vector<TableColumn> columns;
  for (std::size_t i = 0; i < timeline.providers.size(); ++i) {
    const sim::ProviderSeries& provider = timeline.providers[i];
    columns.push_back(parts_of(timeline.provider_names[i].name + ": failed of its calls", sums(failed_calls(provider)),
                               sums(all_calls(provider))));
  }
  for (std::size_t i = 0; i < timeline.route_requests.size(); ++i) {
    const sim::RequestSeries& route = timeline.route_requests[i];
    columns.push_back(parts_of("route " + timeline.route_names[i] + ": failed of its requests",
                               sums(failed_requests(route)), sums(all_requests(route))));
  }
  columns.push_back(parts_of("failed for callers, of their requests", sums(failed_requests(timeline.requests)),
                             sums(all_requests(timeline.requests))));
  return columns;
}

std::vector<TableColumn> latency_table(const Timeline& timeline) {
  const Groups groups{timeline};
  const sim::QuantileSeries& quantiles = timeline.latency_quantiles;
  std::vector<TableColumn> columns;
  for (const auto& [name, series] : {std::pair{"p50, worst bucket, ms", &quantiles.p50_ns},
                                     {"p95, worst bucket, ms", &quantiles.p95_ns},
                                     {"p99, worst bucket, ms", &quantiles.p99_ns}}) {
    Numbers by_view(groups.views);
    for (std::size_t view = 0; view < groups.views; ++view) by_view[view] = sim::value_at(*series, view);
    columns.push_back(counts(name, scaled(groups.greatest(by_view), 1'000'000)));
  }
  return columns;
}

std::vector<TableColumn> in_flight_table(const Timeline& timeline) {
  const Groups groups{timeline};
  std::vector<TableColumn> columns{
      counts("requests, at most", groups.greatest(greatest_by_view(timeline, timeline.in_flight_max)))};
  for (std::size_t i = 0; i < timeline.providers.size(); ++i) {
    const Numbers ends = last_by_view(timeline, timeline.providers[i].in_flight);
    columns.push_back(
        counts(timeline.provider_names[i].name + ": calls, at most at a bucket's end", groups.greatest(ends)));
  }
  return columns;
}

std::vector<TableColumn> spend_table(const Timeline& timeline) {
  const Groups groups{timeline};
  TableColumn billed = dollars(std::string(kBilledWords) + ", USD", groups.last(billed_by_view(timeline)), 6);
  if (timeline.from_outside) return {std::move(billed)};
  return {std::move(billed),
          dollars("as the budget counts, this month, USD",
                  groups.last(last_by_view(timeline, timeline.month_settled_picos)), kDollarDecimals),
          dollars("as the budget counts, this day, USD",
                  groups.last(last_by_view(timeline, timeline.day_settled_picos)), kDollarDecimals)};
}

void put_panel_table(HtmlWriter& html, const Timeline& timeline, const std::vector<TableColumn>& columns) {
  const Groups groups{timeline};
  html.open("details", "figures", "open").element("summary", "The figures as a table");
  html.open("div", "scroll").open("table").open("thead").open("tr");
  html.element("th", timeline.start_is_given ? "From, UTC" : "From, s", "number", "scope=\"col\"");
  for (const TableColumn& column : columns) html.element("th", column.name, "number", "scope=\"col\"");
  html.close("tr").close("thead").open("tbody");
  const Duration width = view_of(timeline) * static_cast<std::int64_t>(groups.size);
  for (std::size_t row = 0; row < groups.count(); ++row) {
    html.open("tr");
    html.element("th", begin_of(timeline, width * static_cast<std::int64_t>(row)), "number", "scope=\"row\"");
    for (const TableColumn& column : columns) html.element("td", column.cells[row], "number");
    html.close("tr");
  }
  html.close("tbody").close("table").close("div").close("details");
}

}  // namespace windtunnel::reports
