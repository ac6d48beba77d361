#pragma once
// The names of the series in timeline.json, once for its writer and its reader. A visitor has series(name, Series&),
// the same for a MoneySeries, inside(name, series) for what only a run with its pipeline has, group(name, action) for
// the members of an object, list(name, values, action) for a list of objects, and has_token_kinds() for what only a run
// with such tokens has.

#include <string>

#include "monitor/request.h"
#include "sim/timeline/timeline.h"

namespace windtunnel::reports {

// T is sim::Timeline or one of its parts, const or not.
template <class Visitor, class T>
void visit_durations(Visitor& visitor, const char* name, T& durations) {
  visitor.group(name, [&] {
    for (std::size_t i = 0; i < sim::kDurationBins; ++i) {
      const bool beyond = i == sim::kDurationEdgesMs.size();
      const std::string bin = beyond ? "beyond" : "le_" + std::to_string(sim::kDurationEdgesMs[i]) + "_ms";
      visitor.series(bin.c_str(), durations.bins[i]);
    }
    visitor.series("sum_ns", durations.sum_ns);
  });
}

template <class Visitor, class T>
void visit_tokens(Visitor& visitor, const char* name, T& bins) {
  visitor.group(name, [&] {
    for (std::size_t i = 0; i < sim::kTokenBins; ++i) {
      const bool beyond = i == sim::kTokenEdges.size();
      const std::string bin = beyond ? "beyond" : "le_" + std::to_string(sim::kTokenEdges[i]);
      visitor.series(bin.c_str(), bins[i]);
    }
  });
}

template <class Visitor, class T>
void visit_quantiles(Visitor& visitor, const char* name, T& quantiles) {
  visitor.group(name, [&] {
    visitor.series("count", quantiles.count);
    visitor.series("p50_ns", quantiles.p50_ns);
    visitor.series("p95_ns", quantiles.p95_ns);
    visitor.series("p99_ns", quantiles.p99_ns);
  });
}

template <class Visitor, class T>
void visit_token_kinds(Visitor& visitor, T& kinds) {
  if (!visitor.has_token_kinds()) return;
  visitor.series("cached_input_tokens", kinds.cached_input);
  visitor.series("cache_write_tokens", kinds.cache_write);
  visitor.series("reasoning_tokens", kinds.reasoning);
}

template <class Visitor, class T>
void visit_requests(Visitor& visitor, T& requests) {
  visitor.group("outcomes", [&] {
    for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
      visitor.series(name_of(static_cast<monitor::Outcome>(i)), requests.outcomes[i]);
    }
  });
  visitor.series("attempts", requests.attempts);
  visitor.series("failed_over", requests.failed_over);
  visitor.series("input_tokens", requests.input_tokens);
  visitor.series("output_tokens", requests.output_tokens);
  visit_token_kinds(visitor, requests.token_kinds);
  visitor.series("cost_picos", requests.cost_picos);
  visitor.series("cost_known_picos", requests.cost_known_picos);
  visitor.inside("cost_reserved_picos", requests.cost_reserved_picos);
  visit_durations(visitor, "latency", requests.latency);
  visit_durations(visitor, "time_to_first_token", requests.time_to_first_token);
}

template <class Visitor, class T>
void visit_provider(Visitor& visitor, T& provider) {
  visitor.group("replies", [&] {
    for (std::size_t i = 0; i < monitor::kReplyKinds; ++i) {
      visitor.series(name_of(static_cast<monitor::ReplyKind>(i)), provider.replies[i]);
    }
  });
  visitor.series("input_tokens", provider.input_tokens);
  visitor.series("output_tokens", provider.output_tokens);
  visit_token_kinds(visitor, provider.token_kinds);
  visitor.series("cost_picos", provider.cost_picos);
  visitor.series("cost_known_picos", provider.cost_known_picos);
  visitor.inside("cost_reserved_picos", provider.cost_reserved_picos);
  visit_tokens(visitor, "input_tokens_per_call", provider.input_tokens_per_call);
  visit_tokens(visitor, "output_tokens_per_call", provider.output_tokens_per_call);
  visit_durations(visitor, "latency", provider.latency);
  visit_durations(visitor, "failed_latency", provider.failed_latency);
  visit_durations(visitor, "time_to_first_token", provider.time_to_first_token);
  visit_quantiles(visitor, "latency_quantiles", provider.latency_quantiles);
  visitor.inside("late_results", provider.late_results);
  visitor.inside("not_permitted", provider.not_permitted);
  visitor.inside("cooling_skips", provider.cooling_skips);
  visitor.series("in_flight", provider.in_flight);
  visitor.inside("opened", provider.opened);
  visitor.inside("half_opened", provider.half_opened);
  visitor.inside("closed", provider.closed);
  visitor.inside("state", provider.state);
  visitor.inside("open_ns", provider.open_ns);
  visitor.inside("half_open_ns", provider.half_open_ns);
}

// The members of the object `series`.
template <class Visitor, class T>
void visit_series(Visitor& visitor, T& timeline) {
  visitor.series("arrivals", timeline.arrivals);
  visitor.series("in_flight", timeline.in_flight);
  visitor.series("in_flight_max", timeline.in_flight_max);
  visitor.inside("month_settled_picos", timeline.month_settled_picos);
  visitor.inside("month_reserved_picos", timeline.month_reserved_picos);
  visitor.inside("day_settled_picos", timeline.day_settled_picos);
  visitor.inside("day_reserved_picos", timeline.day_reserved_picos);
  visitor.inside("cache_entries_held", timeline.cache_entries_held);
  visitor.inside("cache_entries_fresh", timeline.cache_entries_fresh);
  visit_quantiles(visitor, "latency_quantiles", timeline.latency_quantiles);
  visitor.group("requests", [&] { visit_requests(visitor, timeline.requests); });
  visitor.inside("grants_cut", timeline.grants_cut);
  visitor.inside("overruns", timeline.overruns);
  visitor.list("variants", timeline.variants, [&](auto& variant) { visit_requests(visitor, variant); });
  visitor.list("versions", timeline.versions, [&](auto& version) { visit_requests(visitor, version); });
  if (!timeline.route_requests.empty()) {
    visitor.list("routes", timeline.route_requests, [&](auto& route) { visit_requests(visitor, route); });
  }
  visitor.list("providers", timeline.providers, [&](auto& provider) { visit_provider(visitor, provider); });
}

}  // namespace windtunnel::reports
