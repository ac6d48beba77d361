#pragma once
// A timeline by view: what the charts of the page and the tables in their place are made of.

#include <cstdint>
#include <vector>

#include "sim/timeline/timeline.h"

namespace windtunnel::reports {

// The sum of a counter's steps in each view.
std::vector<std::int64_t> sums_by_view(const sim::Timeline& timeline, const sim::Series& series);
std::vector<Int128> sums_by_view(const sim::Timeline& timeline, const sim::MoneySeries& series);
// The greatest of a gauge's steps in each view.
std::vector<std::int64_t> greatest_by_view(const sim::Timeline& timeline, const sim::Series& series);
// A gauge at each view's end.
std::vector<std::int64_t> last_by_view(const sim::Timeline& timeline, const sim::Series& series);
std::vector<Int128> last_by_view(const sim::Timeline& timeline, const sim::MoneySeries& series);
// The number of the worst state that the breaker was in at any time of each view, because one that began and ended
// between the ends of two steps matters too.
std::vector<std::int64_t> worst_states_by_view(const sim::Timeline& timeline, const sim::ProviderSeries& provider);

// The width of a view.
[[nodiscard]] inline Duration view_of(const sim::Timeline& timeline) {
  return timeline.step * static_cast<std::int64_t>(timeline.view_steps);
}
// In greater units; halves up.
template <class Value>
std::vector<Value> scaled(std::vector<Value> values, std::int64_t unit) {
  for (Value& value : values) value = (value + unit / 2) / unit;
  return values;
}

// Requests that were neither answered nor refused by our own limiters, by step.
sim::Series failed_requests(const sim::RequestSeries& requests);
// Requests that one of our limiters refused.
sim::Series refused_requests(const sim::RequestSeries& requests);
// Those that were answered, also from the cache.
sim::Series answered_requests(const sim::RequestSeries& requests);
sim::Series all_requests(const sim::RequestSeries& requests);
// Calls, and those that were not ok, by step.
sim::Series all_calls(const sim::ProviderSeries& provider);
sim::Series failed_calls(const sim::ProviderSeries& provider);
// Calls that were ok: each served a request. Over all providers they are the served requests.
const sim::Series& answers_of(const sim::ProviderSeries& provider);

// What all providers had billed since the start at each view's end, in micro-dollars.
std::vector<Int128> billed_by_view(const sim::Timeline& timeline);

}  // namespace windtunnel::reports
