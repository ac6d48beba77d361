#pragma once
// A second, simple implementation of thresholds, which recomputes each after the run from a list of what happened. The
// judge works while the run goes by and keeps one window; this sorts everything into windows at the end.
//
// The rules, as a user reads them:
//   - A sample lies at the instant at which it is known: a request and a call at their end, a trip at its moment.
//   - `during` is [at, at + duration) of the fault, `after` begins at at + duration, `skip` moves the beginning.
//   - Windows begin where the stretch begins, and each must hold. One without data is judged if it is whole and has a
//     value, which then is 0.
//   - Data is what could have broken the claim (see sample_of).
//   - Without a window and without data a claim that holds is inconclusive, and one that does not hold fails.
//   - A stretch that begins at or after the end of the run is inconclusive.
//   - A claim that holds of what can only be nothing here is inconclusive (can_only_be_nothing).
//   - A stretch in the scenario's duration that has no room for one window is inconclusive where it would pass.
// Values are exact fractions of 128-bit integers; percentiles are nearest rank over the exact samples.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/checks/findings/verdict.h"
#include "tests/sim/checks/claims/nothing_model.h"
#include "tests/sim/checks/claims/run_history.h"

namespace windtunnel::sim::claims_model {

// One thing that ended, as one threshold sees it.
struct Sample {
  Instant at{};
  bool is_data = false;     // it could have broken the claim
  bool is_of = false;       // a share is a share of it
  bool is_counted = false;  // and it is one of those that are counted or measured
  Int128 amount = 0;        // nanoseconds, pico-dollars or tokens
};

struct Fraction {
  Int128 numerator = 0;
  Int128 denominator = 1;
};

struct Expected {
  Verdict verdict = Verdict::pass;
  std::optional<Instant> window;  // the first that did not hold
  std::int64_t windows = 0;       // with data
};

// The value is in the unit of the bound, and its last digits in millionths of that.
inline bool compare(Comparison comparison, const Fraction& value, std::int64_t bound, std::int64_t beyond) {
  const Int128 fine = Int128{bound} * 1'000'000 + beyond;
  const Int128 difference = value.numerator * 1'000'000 - fine * value.denominator;
  switch (comparison) {
    case Comparison::less:
      return difference < 0;
    case Comparison::less_equal:
      return difference <= 0;
    case Comparison::greater:
      return difference > 0;
    case Comparison::greater_equal:
      return difference >= 0;
    case Comparison::equal:
      return difference == 0;
    case Comparison::not_equal:
      return difference != 0;
  }
  return false;
}

inline std::optional<monitor::ProviderId> find_provider(const Scenario& scenario, const std::string& name) {
  for (std::uint8_t i = 0; i < scenario.providers.size(); ++i) {
    if (scenario.providers[i].name == name) return monitor::ProviderId{i};
  }
  return std::nullopt;
}

inline bool is_of_calls(Metric metric) {
  return metric == Metric::provider_calls || metric == Metric::provider_errors || metric == Metric::breaker_opened ||
         metric == Metric::provider_wait;
}

inline bool has_tags(const Scenario& scenario, const ThresholdSpec& spec, const EndedRequest& request) {
  if (spec.variant) {
    if (!request.variant) return false;
    if (scenario.monitor.ab_router.variants[*request.variant].id != *spec.variant) return false;
  }
  if (spec.team && monitor::caller_word(*spec.team) != request.team) return false;
  if (spec.limit) {
    const monitor::LimitsConfig& limits = scenario.monitor.limits;
    if (!request.limit || limit_name(limits, *request.limit) != *spec.limit) return false;
  }
  if (spec.route && scenario.monitor.routing.routes[index_of(request.route)].name != *spec.route) return false;
  if (spec.provider) {
    std::optional<monitor::ProviderId> target = request.assigned;
    if (!target) target = request.chosen;
    const bool has_default = scenario.monitor.ab_router.variants.empty() && scenario.monitor.routing.routes.empty();
    if (!target && has_default) target = monitor::ProviderId{0};
    if (target != find_provider(scenario, *spec.provider)) return false;
  }
  if (spec.served_by) {
    const auto by = request.answered_by ? request.answered_by : request.last_called;
    if (by != find_provider(scenario, *spec.served_by)) return false;
  }
  return true;
}

inline bool is_refusal(monitor::Outcome outcome) {
  using monitor::Outcome;
  return outcome == Outcome::refused_rate || outcome == Outcome::refused_tokens || outcome == Outcome::refused_budget;
}

inline Sample sample_of(const ThresholdSpec& spec, const EndedRequest& request) {
  using monitor::Outcome;
  Sample sample{.at = request.finished, .is_data = true, .is_of = true};
  const bool is_wanted = !spec.outcome || request.outcome == *spec.outcome;
  const bool is_hit = request.outcome == Outcome::cache_hit || request.outcome == Outcome::stale_hit;
  const bool is_served = request.outcome == Outcome::served;
  const bool is_refused = is_refusal(request.outcome);
  bool is_of_metric = true;
  switch (spec.of) {
    case Metric::requests:
      break;
    case Metric::requests_failed:
      is_of_metric = !is_served && !is_hit && !is_refused;
      break;
    case Metric::requests_refused:
      is_of_metric = is_refused;
      break;
    case Metric::request_duration:
      is_of_metric = spec.outcome || is_served || is_hit;
      sample.amount = (request.finished - request.arrived).count();
      break;
    case Metric::time_to_first_token:
      is_of_metric = is_served;
      sample.amount = request.time_to_first_token.count();
      break;
    case Metric::cost_usd:
      sample.amount = request.billed.picos();
      break;
    case Metric::cost_known_usd:
      sample.amount = request.known.picos();
      break;
    case Metric::cost_reserved_usd:
      sample.amount = request.reserved.picos();
      break;
    case Metric::tokens:
      is_of_metric = is_served;
      sample.amount = request.tokens;
      break;
    case Metric::failovers:
      is_of_metric = request.has_moved;
      break;
    case Metric::cache_hits:
      is_of_metric = is_hit;
      break;
    case Metric::provider_calls:  // a request could have called
      is_of_metric = false;
      break;
    case Metric::provider_errors:
    case Metric::breaker_opened:
    case Metric::provider_wait:
    case Metric::amplification:  // its test is apart
      return {};
  }
  sample.is_counted = is_wanted && is_of_metric;
  // Of money and tokens only what was answered, or may have cost something, shows anything.
  const bool is_of_spend = spec.of == Metric::cost_usd || spec.of == Metric::cost_known_usd ||
                           spec.of == Metric::cost_reserved_usd || spec.of == Metric::tokens;
  const Usd spent = (spec.of == Metric::cost_usd ? request.billed : request.known) + request.reserved;
  if (is_of_spend && !is_served && !is_hit && spent == Usd{}) sample.is_data = false;
  // Nothing more can become of what is refused, and without a call there is nothing to move on from.
  if (is_refused && (spec.of == Metric::requests_failed || spec.of == Metric::cache_hits)) sample.is_data = false;
  if (spec.of == Metric::failovers && !request.last_called) sample.is_data = false;
  return sample;
}

// Every sample of the run, in no order.
inline std::vector<Sample> samples_of(const Scenario& scenario, const ThresholdSpec& spec, const History& history) {
  std::vector<Sample> samples;
  for (const EndedRequest& request : history.requests) {
    if (is_of_calls(spec.of) ? spec.of == Metric::provider_calls : has_tags(scenario, spec, request)) {
      samples.push_back(sample_of(spec, request));
    }
  }
  if (!is_of_calls(spec.of)) return samples;
  const auto wanted = spec.provider ? find_provider(scenario, *spec.provider) : std::nullopt;
  for (const Wait& wait : history.waits) {
    if (spec.of != Metric::provider_wait || (wanted && wait.provider != *wanted)) continue;
    const bool is_number = spec.aggregate == Aggregate::rate || spec.aggregate == Aggregate::count;
    samples.push_back({.at = wait.ended,
                       .is_data = true,
                       .is_of = true,
                       .is_counted = !is_number || wait.ended > wait.began,
                       .amount = (wait.ended - wait.began).count()});
  }
  if (spec.of == Metric::provider_wait) return samples;
  for (const EndedCall& call : history.calls) {
    const bool is_own = !wanted || call.provider == *wanted;
    if (!is_own && spec.of != Metric::provider_calls) continue;
    const bool is_counted = spec.of == Metric::provider_calls ||
                            (spec.of == Metric::provider_errors && call.kind != monitor::ReplyKind::ok);
    samples.push_back({.at = call.at, .is_data = true, .is_of = true, .is_counted = is_own && is_counted});
  }
  for (const Transition& transition : history.transitions) {
    if (spec.of != Metric::breaker_opened || transition.to != monitor::BreakerState::open) continue;
    if (!wanted || transition.provider == *wanted)
      samples.push_back({.at = transition.at, .is_data = false, .is_counted = true});
  }
  return samples;
}

// The value of one window, or of the whole stretch, in the unit of the bound. `span`: its length.
inline std::optional<Fraction> value_of(const ThresholdSpec& spec, const std::vector<Sample>& samples, Duration span) {
  std::vector<Int128> amounts;
  std::int64_t of = 0;
  std::int64_t counted = 0;
  Int128 sum = 0;
  for (const Sample& sample : samples) {
    of += sample.is_of ? 1 : 0;
    if (!sample.is_counted) continue;
    ++counted;
    sum += sample.amount;
    amounts.push_back(sample.amount);
  }
  std::sort(amounts.begin(), amounts.end());
  const bool is_money =
      spec.of == Metric::cost_usd || spec.of == Metric::cost_known_usd || spec.of == Metric::cost_reserved_usd;
  // A bound of money is in millionths of a dollar, as a million pico-dollars are; of tokens in millionths of a token.
  const Int128 unit = is_money ? 1 : 1'000'000;
  const Int128 scale = is_money ? 1'000'000 : 1;
  const bool is_duration =
      spec.of == Metric::request_duration || spec.of == Metric::time_to_first_token || spec.of == Metric::provider_wait;
  switch (spec.aggregate) {
    case Aggregate::count:
      return Fraction{Int128{counted} * 1'000'000, 1};
    case Aggregate::value:
      return Fraction{sum * unit, scale};
    case Aggregate::avg:
      if (counted == 0) return std::nullopt;
      return is_duration ? Fraction{sum, counted} : Fraction{sum * unit, scale * counted};
    case Aggregate::min:
      return amounts.empty() ? std::nullopt : std::optional{Fraction{amounts.front(), 1}};
    case Aggregate::max:
      return amounts.empty() ? std::nullopt : std::optional{Fraction{amounts.back(), 1}};
    case Aggregate::med:
    case Aggregate::percentile: {
      if (amounts.empty()) return std::nullopt;
      const std::int64_t share = spec.aggregate == Aggregate::med ? 500'000 : spec.percentile.value;
      const Int128 up = Int128{share} * static_cast<Int128>(amounts.size()) + 999'999;
      const auto rank = std::max<std::int64_t>(1, static_cast<std::int64_t>(up / 1'000'000));
      return Fraction{amounts[static_cast<std::size_t>(rank - 1)], 1};
    }
    case Aggregate::rate: {
      const bool is_per_second =
          spec.of == Metric::requests || spec.of == Metric::provider_calls || spec.of == Metric::tokens;
      if (!is_per_second) return of == 0 ? std::nullopt : std::optional{Fraction{Int128{counted} * 1'000'000, of}};
      const Int128 flow = spec.of == Metric::tokens ? sum : Int128{counted};
      if (span.count() <= 0) return std::nullopt;
      return Fraction{flow * 1'000'000 * 1'000'000'000, span.count()};
    }
  }
  return std::nullopt;
}

struct Stretch {
  Instant begin{};
  Instant end{};
};

inline Stretch stretch_of(const Scenario& scenario, const ThresholdSpec& spec) {
  Stretch stretch{Instant{}, Instant::max()};
  for (const FaultSpec& fault : scenario.faults) {
    const Instant begin = Instant{} + fault.at;
    const Instant end = fault.duration ? begin + *fault.duration : Instant{} + scenario.duration;
    if (spec.during && fault.id == *spec.during) stretch = {begin, end};
    if (spec.after && fault.id == *spec.after) stretch = {end, Instant::max()};
  }
  if (spec.skip) stretch.begin += *spec.skip;
  return stretch;
}

struct Window {
  Instant begin{};
  Duration span{0};
  bool has_data = false;
  bool is_whole = false;  // and over, in what the scenario plays
  std::optional<Fraction> value;
};

inline std::vector<Window> windows_of(const Scenario& scenario, const ThresholdSpec& spec, const History& history,
                                      Instant ended) {
  const Stretch stretch = stretch_of(scenario, spec);
  std::map<std::int64_t, std::vector<Sample>> groups;
  if (!spec.window) groups[0];
  for (const Sample& sample : samples_of(scenario, spec, history)) {
    if (sample.at < stretch.begin || sample.at >= stretch.end) continue;
    groups[spec.window ? (sample.at - stretch.begin) / *spec.window : 0].push_back(sample);
  }
  const Instant over = std::min({stretch.end, ended, Instant{} + scenario.duration});
  for (std::int64_t i = 0; spec.window && stretch.begin + *spec.window * (i + 1) <= over; ++i) groups[i];
  std::vector<Window> windows;
  for (const auto& [number, samples] : groups) {
    Window window{.begin = spec.window ? stretch.begin + *spec.window * number : stretch.begin};
    const Instant end = spec.window ? window.begin + *spec.window : Instant::max();
    window.is_whole = spec.window && window.begin + *spec.window <= over;
    window.span = std::min({end, stretch.end, ended}) - window.begin;
    for (const Sample& sample : samples) window.has_data = window.has_data || sample.is_data;
    window.value = value_of(spec, samples, window.span);
    windows.push_back(window);
  }
  return windows;
}

inline Expected expect_threshold(const Scenario& scenario, const ThresholdSpec& spec, const History& history,
                                 Instant ended) {
  Expected expected;
  if (stretch_of(scenario, spec).begin >= ended) return {.verdict = Verdict::inconclusive};
  for (const Window& window : windows_of(scenario, spec, history, ended)) {
    if (!window.value || (spec.window && !window.has_data && !window.is_whole)) continue;
    expected.windows += window.has_data ? 1 : 0;
    if (compare(spec.comparison, *window.value, spec.bound, spec.bound_picos) || expected.verdict == Verdict::fail) {
      continue;
    }
    expected.verdict = Verdict::fail;
    if (spec.window) expected.window = window.begin;
  }
  const Stretch stretch = stretch_of(scenario, spec);
  const bool has_room = !spec.window || (stretch.begin + *spec.window <= stretch.end &&
                                         stretch.begin + *spec.window <= Instant{} + scenario.duration);
  // Refusals before there was a provider or a variant show nothing of those of one.
  std::int64_t untagged = 0;
  std::int64_t tagged = 0;
  const bool counts_refusals = spec.outcome ? is_refusal(*spec.outcome) : spec.of == Metric::requests_refused;
  for (const EndedRequest& request : history.requests) {
    const bool is_wanted = is_refusal(request.outcome) && (!spec.outcome || request.outcome == *spec.outcome);
    if (!counts_refusals || !is_wanted || request.finished < stretch.begin || request.finished >= stretch.end) continue;
    const bool has_default = scenario.monitor.ab_router.variants.empty() && scenario.monitor.routing.routes.empty();
    const bool has_target = request.assigned || request.chosen || has_default;
    const bool has_none = (spec.variant && !request.variant) || (spec.provider && !has_target) ||
                          (spec.served_by && !request.answered_by && !request.last_called);
    if (has_none) {
      ++untagged;
    } else if (has_tags(scenario, spec, request)) {
      ++tagged;
    }
  }
  if (expected.verdict == Verdict::pass && untagged > 0 && tagged == 0) expected.verdict = Verdict::inconclusive;
  const bool is_empty = expected.windows == 0 || !has_room || can_only_be_nothing(scenario, spec);
  if (expected.verdict == Verdict::pass && is_empty) {
    expected.verdict = Verdict::inconclusive;
  }
  return expected;
}

}  // namespace windtunnel::sim::claims_model
