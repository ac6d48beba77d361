#include "reports/timeline/timeline_columns.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "reports/timeline/timeline_fields.h"

namespace windtunnel::reports {
namespace {

// By the names in timeline.json. What requests, variants and versions share stands under requests.
const std::map<std::string, std::string, std::less<>>& series_texts() {
  static const std::map<std::string, std::string, std::less<>> texts{
      {"arrivals", "Requests that arrived."},
      {"in_flight", "Requests that have arrived and not ended."},
      {"in_flight_max", "The most requests at once that had arrived and not ended."},
      {"month_settled_picos", "Settled spend of the calendar month, by the limiter's account."},
      {"month_reserved_picos", "What requests in flight may cost of the month at most."},
      {"day_settled_picos", "Settled spend of the calendar day, by the limiter's account."},
      {"day_reserved_picos", "What requests in flight may cost of the day at most."},
      {"cache_entries_held", "Answers in the cache, expired ones included that nothing has removed yet."},
      {"cache_entries_fresh", "Answers in the cache that are younger than its ttl."},
      {"grants_cut", "Requests that the token limiter granted fewer output tokens than they asked for."},
      {"overruns", "Bills above what was reserved for them."},
      {"requests.attempts", "Calls that ended requests had made."},
      {"requests.failed_over", "Requests that were answered, or gave up, past their first candidate."},
      {"requests.input_tokens", "Input tokens of served requests."},
      {"requests.output_tokens", "Output tokens of served requests."},
      {"requests.cached_input_tokens", "Input tokens of served requests that the provider's cache of prompts held."},
      {"requests.cache_write_tokens", "Input tokens of served requests that were written into such a cache."},
      {"requests.reasoning_tokens", "Output tokens of served requests that were reasoning."},
      {"requests.cost_picos", "What the providers billed for ended requests."},
      {"requests.cost_known_picos", "Of that, the bills of calls whose usage the gateway learns."},
      {"requests.cost_reserved_picos", "What the cost limiter settled for the other calls of ended requests."},
      {"requests.latency", "Answered requests by their time from arrival to end"},
      {"requests.time_to_first_token", "Served requests by their time from arrival to the first token"},
      {"latency_quantiles", "The time of answered requests from arrival to end"},
      {"providers.input_tokens", "Input tokens of calls with known usage."},
      {"providers.output_tokens", "Output tokens of calls with known usage."},
      {"providers.cached_input_tokens", "Input tokens of these calls that the provider's cache of prompts held."},
      {"providers.cache_write_tokens", "Input tokens of these calls that were written into such a cache."},
      {"providers.reasoning_tokens", "Output tokens of these calls that were reasoning."},
      {"providers.cost_picos", "What the provider billed, whether the gateway learns it or not."},
      {"providers.cost_known_picos", "Of that, the bills of calls whose usage the gateway learns."},
      {"providers.cost_reserved_picos", "What the cost limiter settled for the other calls."},
      {"providers.input_tokens_per_call", "Calls with known usage by their input tokens"},
      {"providers.output_tokens_per_call", "Calls with known usage by their output tokens"},
      {"providers.latency", "Calls that succeeded by their time"},
      {"providers.failed_latency", "Calls that failed by their time"},
      {"providers.time_to_first_token", "Calls that succeeded by their time to the first token"},
      {"providers.latency_quantiles", "The time of calls that succeeded"},
      {"providers.late_results",
       "Results that changed nothing, because the breaker had moved on since their call began."},
      {"providers.not_permitted", "Calls that the breaker did not permit."},
      {"providers.cooling_skips", "Times that the provider was passed over because of a Retry-After."},
      {"providers.in_flight", "Calls that have not ended."},
      {"providers.opened", "Times that the breaker went to open."},
      {"providers.half_opened", "Times that the breaker went to half-open."},
      {"providers.closed", "Times that the breaker went to closed."},
      {"providers.state", "The state that the breaker is in: 0 closed, 1 half-open, 2 open."},
      {"providers.open_ns", "Time that the breaker spent open."},
      {"providers.half_open_ns", "Time that the breaker spent half-open."},
  };
  return texts;
}

bool is_gauge(std::string_view name) {
  constexpr std::string_view kGauges[] = {"in_flight",
                                          "in_flight_max",
                                          "month_settled_picos",
                                          "month_reserved_picos",
                                          "day_settled_picos",
                                          "day_reserved_picos",
                                          "cache_entries_held",
                                          "cache_entries_fresh",
                                          "state"};
  for (const std::string_view gauge : kGauges) {
    if (name == gauge) return true;
  }
  return false;
}

// Explains the series that visit_series() names.
class Explainer {
 public:
  template <class Value>
  void series(std::string_view name, const std::vector<Value>& /*series*/) {
    Explanation explanation;
    explanation.kind = "timeline column";
    const std::string in_json = path_ + std::string(name);
    explanation.word = in_json;
    std::string unit = group_.empty() ? "" : unit_of_group();
    const auto rename = [&](std::string_view from, std::string_view to, const char* of) {
      if (!name.ends_with(from)) return;
      explanation.word.replace(explanation.word.size() - from.size(), from.size(), to);
      explanation.also = in_json;
      unit = of;
    };
    rename("_ns", "_s", "seconds (nanoseconds in timeline.json)");
    rename("_picos", "_usd", "USD (pico-dollars in timeline.json)");
    if (unit.empty()) unit = unit_of(name);
    explanation.text = text_of(name) + (is_gauge(name) ? " As it stood at the end of the step." : " Within the step.");
    if (group_.ends_with("_quantiles")) explanation.text = text_of(name) + " Of the view that ends with this step.";
    explanation.facts = {
        {"Unit", unit}, {"Range", name == "state" ? "0 to 2" : "0 or more"}, {"Example", "windtunnel export csv DIR"}};
    all.push_back(std::move(explanation));
  }

  [[nodiscard]] static bool has_token_kinds() { return true; }
  void inside(std::string_view name, const auto& of) { series(name, of); }

  template <class Action>
  void group(std::string_view name, Action action) {
    const std::string outer = std::exchange(path_, path_ + std::string(name) + ".");
    if (name == "requests") {
      const std::string scope = std::exchange(scope_, "requests.");
      action();
      scope_ = scope;
    } else {
      group_ = name;
      action();
      group_.clear();
    }
    path_ = outer;
  }

  template <class Values, class Action>
  void list(std::string_view name, const Values& values, Action action) {
    const std::string outer = std::exchange(path_, std::string(name) + ".NAME.");
    const std::string scope = std::exchange(scope_, name == "providers" ? "providers." : "requests.");
    action(values.front());
    scope_ = scope;
    path_ = outer;
  }

  std::vector<Explanation> all;

 private:
  static std::string text_under(const std::string& key) {
    const auto found = series_texts().find(key);
    check(found != series_texts().end(), "every series of the timeline has a text");
    return found->second;
  }

  [[nodiscard]] std::string text_of(std::string_view name) const {
    const std::string word(name);
    if (group_ == "outcomes") return "Requests that ended as " + word + ".";
    if (group_ == "replies") return "Calls that ended with " + word + ".";
    if (group_.empty()) return text_under(scope_ + word);
    const std::string of = text_under(scope_ + group_);
    if (name == "sum_ns") return of + ": the sum of all.";
    if (name == "count") return of + ": how many.";
    if (name == "beyond") return of + ": those above the last edge.";
    if (name.starts_with("le_")) return of + ": those up to the edge in the name and above the edge before it.";
    return of + ": the " + word.substr(1, 2) + "th percentile, by nearest rank.";
  }

  [[nodiscard]] std::string unit_of_group() const { return scope_ == "providers." ? "calls" : "requests"; }

  [[nodiscard]] std::string unit_of(std::string_view name) const {
    if (name == "state") return "state";
    if (name.ends_with("_tokens")) return "tokens";
    if (name == "cache_entries") return "entries";
    if (name == "overruns") return "bills";
    if (name == "attempts") return "calls";
    if (scope_ == "providers.") return name == "in_flight" || name == "not_permitted" ? "calls" : "times";
    return "requests";
  }

  std::string path_;
  std::string scope_;  // "", "requests.", "providers."
  std::string group_;  // the distribution or table of counters; empty: none
};

}  // namespace

std::vector<Explanation> timeline_columns() {
  sim::Timeline timeline;
  timeline.variants.resize(1);
  timeline.versions.resize(1);
  timeline.route_requests.resize(1);
  timeline.providers.resize(1);
  const sim::Timeline& one_of_each = timeline;
  Explainer explainer;
  explainer.all = {{"timeline column",
                    "time",
                    {},
                    "The end of the step, on the wall clock.",
                    {{"Unit", "UTC time (ISO 8601)"},
                     {"Range", "from the scenario's start on"},
                     {"Example", "2026-01-20T10:00:05.000000Z"}}},
                   {"timeline column",
                    "from_s",
                    {},
                    "The beginning of the step, in virtual time since the start.",
                    {{"Unit", "seconds"}, {"Range", "0 or more"}, {"Example", "60"}}},
                   {"timeline column",
                    "to_s",
                    {},
                    "The end of the step, in virtual time since the start.",
                    {{"Unit", "seconds"}, {"Range", "0 or more"}, {"Example", "65"}}}};
  visit_series(explainer, one_of_each);
  return std::move(explainer.all);
}

}  // namespace windtunnel::reports
