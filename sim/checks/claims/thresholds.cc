#include "sim/checks/claims/thresholds.h"

// This file is long because what each metric counts stands beside how its figure is judged and shown.

#include <fmt/format.h>

#include <algorithm>

#include "sim/checks/claims/comparison.h"
#include "sim/checks/claims/threshold_data.h"
#include "sim/checks/claims/threshold_units.h"

namespace windtunnel::sim {
namespace {

const FaultSpec* find_fault(const Scenario& scenario, const std::string& id) {
  for (const FaultSpec& fault : scenario.faults) {
    if (fault.id == id) return &fault;
  }
  fail_check("a threshold names a fault of the scenario", __FILE__, __LINE__);
}

// The place of the first of `all` with this name, if one is asked for and there.
template <class Id, class Named>
std::optional<Id> place_of(const std::optional<std::string>& name, const std::vector<Named>& all,
                           std::string Named::*name_of) {
  const auto found = name ? std::ranges::find(all, *name, name_of) : all.end();
  if (found == all.end()) return std::nullopt;
  return static_cast<Id>(found - all.begin());
}

bool claims(const Scenario& scenario, Metric metric) {
  return std::ranges::find(scenario.thresholds, metric, &ThresholdSpec::of) != scenario.thresholds.end();
}

bool is_of_calls_by_route(const ThresholdSpec& spec) {
  return spec.route && (spec.of == Metric::provider_calls || spec.of == Metric::provider_errors);
}

std::string seconds(Duration since_start) { return fmt::format("{}s", static_cast<double>(since_start.count()) / 1e9); }

}  // namespace

Thresholds::Thresholds(const Scenario& scenario)
    : has_experiment_(!scenario.monitor.ab_router.variants.empty()),
      has_routes_(!scenario.monitor.routing.routes.empty()),
      has_cost_(claims(scenario, Metric::cost_usd)),
      has_amplification_(claims(scenario, Metric::amplification)),
      has_routes_of_calls_(std::ranges::any_of(scenario.thresholds, is_of_calls_by_route)),
      has_waits_(claims(scenario, Metric::provider_wait)) {
  for (const ThresholdSpec& spec : scenario.thresholds) {
    State state;
    state.spec = &spec;
    state.provider = place_of<monitor::ProviderId>(spec.provider, scenario.providers, &ProviderSpec::name);
    state.served_by = place_of<monitor::ProviderId>(spec.served_by, scenario.providers, &ProviderSpec::name);
    state.variant = place_of<std::uint16_t>(spec.variant, scenario.monitor.ab_router.variants, &monitor::Variant::id);
    state.route = place_of<monitor::RouteId>(spec.route, scenario.monitor.routing.routes, &monitor::RouteConfig::name);
    if (spec.team) state.team = monitor::caller_word(*spec.team);
    const monitor::LimitsConfig& limits = scenario.monitor.limits;
    for (std::size_t i = 0; spec.limit && i < limits.limits.size(); ++i) {
      if (limit_name(limits, i) == *spec.limit) state.limit = static_cast<std::uint8_t>(i);
    }
    state.is_of_some = state.variant || state.team || state.route || state.provider || state.served_by;
    state.end = Instant::max();
    if (spec.during || spec.after) {
      const FaultSpec& fault = *find_fault(scenario, spec.during ? *spec.during : *spec.after);
      const Instant over = Instant{} + fault.at + fault.duration.value_or(scenario.duration - fault.at);
      state.begin = spec.during ? Instant{} + fault.at : over;
      if (spec.during) state.end = over;
    }
    state.begin += spec.skip.value_or(Duration{0});
    state.length = std::min(Instant{} + scenario.duration, state.end) - state.begin;
    if (is_counted_by_calls(spec.of)) by_calls_.push_back(states_.size());
    if (is_counted_by_requests(spec.of)) by_requests_.push_back(states_.size());
    states_.push_back(std::move(state));
  }
}

// --- Samples -------------------------------------------------------------------------------------------------------

inline Thresholds::Sums* Thresholds::at(State& state, Instant now) {
  if (now < state.begin || now >= state.end) return nullptr;
  if (state.spec->window) go_to_window(state, now);
  return &state.sums;
}

void Thresholds::go_to_window(State& state, Instant now) {
  const std::int64_t window = (now - state.begin) / *state.spec->window;
  if (window == state.window) return;
  judge_window(state, now);
  if (window > state.window + 1) judge_silence(state, now);
  state.window = window;
  state.sums = {};
}

// A wait ends where the call gets its place, is turned away, or ends for want of one.
void Thresholds::on(const CallPlaced& event) {
  if (!has_waits_) return;
  if (event.place == CallPlaced::Place::waiting) {
    waiting_[event.request] = event.at;
  } else {
    add_wait(event.request, event.provider, event.at);
  }
}

void Thresholds::add_wait(RequestId request, monitor::ProviderId provider, Instant now) {
  const auto since = waiting_.find(request);
  const Duration wait = since == waiting_.end() ? Duration{0} : now - since->second;
  if (since != waiting_.end()) waiting_.erase(since);
  for (State& state : states_) {
    if (state.spec->of != Metric::provider_wait || (state.provider && *state.provider != provider)) continue;
    Sums* sums = at(state, now);
    if (sums == nullptr) continue;
    ++sums->data;
    ++sums->of;
    sums->count += wait > Duration{0} ? 1 : 0;
    add_duration(*state.spec, *sums, wait);
  }
}

void Thresholds::on(const monitor::AttemptEnded& event) {
  if (has_waits_ && waiting_.contains(event.request)) add_wait(event.request, event.provider, event.at);
  for (const std::size_t place : by_calls_) {
    State& state = states_[place];
    const Metric of = state.spec->of;
    if (of == Metric::amplification) {
      if (Sums* sums = at(state, event.at)) {
        ++sums->count;
        ++sums->data;
      }
      continue;
    }
    const bool is_counted = of == Metric::provider_calls || of == Metric::provider_errors;
    const bool is_own = (!state.provider || *state.provider == event.provider) &&
                        (!state.route || is_of_route(event.request, *state.route));
    if (!is_own && of != Metric::provider_calls) continue;
    Sums* sums = at(state, event.at);
    if (sums == nullptr) continue;
    ++sums->data;
    ++sums->of;
    if (!is_counted || !is_own) continue;
    if (of == Metric::provider_calls || event.reply.kind != monitor::ReplyKind::ok) ++sums->count;
  }
}

void Thresholds::add_wish(Instant now, int count) {
  for (State& state : states_) {
    if (state.spec->of != Metric::amplification) continue;
    if (Sums* sums = at(state, now)) sums->of += count;
  }
}

void Thresholds::on(const monitor::BreakerMoved& event) {
  const monitor::BreakerTransition& arrow = event.transition;
  for (State& state : states_) {
    if (state.spec->of != Metric::breaker_opened || arrow.to != monitor::BreakerState::open) continue;
    if (state.provider && *state.provider != event.provider) continue;
    if (Sums* sums = at(state, arrow.at)) ++sums->count;
  }
}

void Thresholds::on(const monitor::Record& record) {
  const Usd billed_unknown = unknown_bills_.take(record.request.id);
  if (has_routes_of_calls_) routes_.erase(record.request.id);
  const bool was_refused = is_refused(record.outcome);
  for (const std::size_t place : by_requests_) {
    State& state = states_[place];
    if (was_refused) count_untagged_refusal(state, record);
    if (state.spec->of == Metric::provider_calls) {
      if (Sums* sums = at(state, record.finished)) {
        ++sums->data;
        ++sums->of;
      }
    } else if (matches(state, record)) {
      add_request(state, record, billed_unknown);
    }
  }
}

// Where the request was to go. A limiter may refuse it before the router decides; then the request's own choice counts,
// and without an experiment the default.
inline std::optional<monitor::ProviderId> Thresholds::target_of(const monitor::Record& record) const {
  if (record.assigned) return record.assigned;
  if (record.request.provider) return record.request.provider;
  return has_experiment_ || has_routes_ ? std::nullopt : std::optional{monitor::ProviderId{0}};
}

inline bool Thresholds::matches(const State& state, const monitor::Record& record) const {
  if (!state.is_of_some) return true;
  if (state.variant && record.variant != state.variant) return false;
  if (state.team && record.request.caller.team != *state.team) return false;
  if (state.route && record.request.route != *state.route) return false;
  if (state.provider && target_of(record) != state.provider) return false;
  if (!state.served_by) return true;
  const monitor::Attempt* last = record.last_attempt();
  if (record.answered_by) return record.answered_by == state.served_by;
  return last != nullptr && last->provider == *state.served_by;
}

// Of the refusals that the claim would count, one whose request has none of what a tag names.
void Thresholds::count_untagged_refusal(State& state, const monitor::Record& record) const {
  if (!state.is_of_some || !is_of_refusals(*state.spec)) return;
  if (state.spec->outcome && record.outcome != *state.spec->outcome) return;
  if (record.finished < state.begin || record.finished >= state.end) return;
  const bool has_none = (state.variant && !record.variant) || (state.provider && !target_of(record)) ||
                        (state.served_by && !record.answered_by && record.last_attempt() == nullptr);
  if (has_none) {
    ++state.untagged_refusals;
  } else if (matches(state, record)) {
    ++state.tagged_refusals;
  }
}

inline void Thresholds::add_request(State& state, const monitor::Record& record, Usd billed_unknown) {
  Sums* sums = at(state, record.finished);
  if (sums == nullptr) return;
  const bool answered = is_answered(record.outcome);
  const bool refused = is_refused(record.outcome);
  ++sums->of;
  sums->data += is_data(*state.spec, record, billed_unknown) ? 1 : 0;
  if (state.spec->outcome && record.outcome != *state.spec->outcome) return;
  if (state.limit && record.limit != state.limit) return;
  switch (state.spec->of) {
    case Metric::requests:
      ++sums->count;
      break;
    case Metric::requests_failed:
      sums->count += !answered && !refused ? 1 : 0;
      break;
    case Metric::requests_refused:
      sums->count += refused ? 1 : 0;
      break;
    case Metric::request_duration:
      // Answered requests, unless a tag names another outcome.
      if (!answered && !state.spec->outcome) break;
      ++sums->count;
      add_duration(*state.spec, *sums, record.latency());
      break;
    case Metric::time_to_first_token:
      if (record.outcome != monitor::Outcome::served) break;
      ++sums->count;
      add_duration(*state.spec, *sums, record.time_to_first_token);
      break;
    case Metric::cost_usd:
      ++sums->count;
      sums->total += (record.confirmed_cost() + billed_unknown).picos();
      break;
    case Metric::cost_known_usd:
      ++sums->count;
      sums->total += record.confirmed_cost().picos();
      break;
    case Metric::cost_reserved_usd:
      ++sums->count;
      sums->total += record.reserved_cost().picos();
      break;
    case Metric::tokens:
      if (record.outcome != monitor::Outcome::served) break;
      ++sums->count;
      sums->total += (record.input + record.output).count();
      break;
    case Metric::failovers:
      sums->count += record.failovers > 0 ? 1 : 0;
      break;
    case Metric::cache_hits:
      sums->count += answered && record.outcome != monitor::Outcome::served ? 1 : 0;
      break;
    case Metric::provider_calls:
    case Metric::provider_errors:
    case Metric::breaker_opened:
    case Metric::amplification:
    case Metric::provider_wait:
      break;
  }
}

inline void Thresholds::add_duration(const ThresholdSpec& spec, Sums& sums, Duration duration) {
  sums.histogram.record(duration);
  sums.below += duration.count() < spec.bound ? 1 : 0;
  sums.equal += duration.count() == spec.bound ? 1 : 0;
}

// --- Judgement -----------------------------------------------------------------------------------------------------

// In nanoseconds for durations, in pico-dollars for money, in millionths of the unit for the rest.
std::optional<Thresholds::Value> Thresholds::value_of(const State& state, Instant until) const {
  const Sums& sums = state.sums;
  const Metric of = state.spec->of;
  if (is_duration(*state.spec)) {
    const Histogram& histogram = sums.histogram;
    if (histogram.count() == 0) return std::nullopt;
    switch (state.spec->aggregate) {
      case Aggregate::avg:
        return Value{histogram.sum_ns(), static_cast<Int128>(histogram.count())};
      case Aggregate::min:
        return Value{histogram.min()->count(), 1};
      case Aggregate::max:
        return Value{histogram.max()->count(), 1};
      case Aggregate::med:
      case Aggregate::percentile:
        return Value{histogram.quantile(share_of(*state.spec))->count(), 1};
      case Aggregate::count:
      case Aggregate::rate:
      case Aggregate::value:
        return std::nullopt;
    }
  }
  if (of == Metric::amplification) {
    if (sums.of <= 0) return std::nullopt;
    return Value{Int128{sums.count} * kMillion, sums.of};
  }
  const Int128 total = is_cost(of) ? sums.total : sums.total * kMillion;
  const bool is_sum = is_cost(of) || of == Metric::tokens;
  if (state.spec->aggregate == Aggregate::avg) {
    if (sums.count == 0) return std::nullopt;
    return Value{total, sums.count};
  }
  if (state.spec->aggregate == Aggregate::value && is_sum) return Value{total, 1};
  if (state.spec->aggregate != Aggregate::rate) return Value{Int128{sums.count} * kMillion, 1};
  if (!is_flow(of)) {
    if (sums.of == 0) return std::nullopt;
    return Value{Int128{sums.count} * kMillion, sums.of};
  }
  // Per second of the stretch that is judged.
  const std::optional<Duration> window = state.spec->window;
  const Instant from = window ? state.begin + *window * state.window : state.begin;
  if (window) until = std::min(until, from + *window);
  const std::int64_t span = (std::min(until, state.end) - from).count();
  if (span <= 0) return std::nullopt;
  const Int128 counted = is_sum ? total : Int128{sums.count} * kMillion;
  return Value{counted * 1'000'000'000, span};
}

bool Thresholds::is_whole(const State& state, Instant until) {
  const Duration end = *state.spec->window * (state.window + 1);
  return end <= state.length && state.begin + end <= until;
}

// The windows of a pause are alike, so that the first stands for all.
void Thresholds::judge_silence(State& state, Instant until) {
  ++state.window;
  state.sums = {};
  judge_window(state, until);
}

void Thresholds::judge_window(State& state, Instant until) {
  const auto value = value_of(state, until);
  const bool has_data = state.sums.data > 0;
  if (!value || (state.spec->window && !has_data && !is_whole(state, until))) return;
  const std::strong_ordering side = side_of_bound(state, *value);
  state.last_figures = figures(state, *value, side);
  state.last_value = in_unit(*state.spec, *value, side);
  state.judged += has_data ? 1 : 0;
  if (holds(state.spec->comparison, side)) return;
  if (state.failed) return;
  Finding finding{.kind = Finding::Kind::threshold, .verdict = Verdict::fail};
  finding.reason = state.last_figures;
  finding.value = state.last_value;
  if (state.spec->window) {
    const Duration from = state.begin.time_since_epoch() + *state.spec->window * state.window;
    finding.at = Instant{} + from;
    finding.reason += fmt::format(" in the window {}..{}", seconds(from), seconds(from + *state.spec->window));
  }
  state.failed = finding;
}

// Of the bound.
std::strong_ordering Thresholds::side_of_bound(const State& state, const Value& value) {
  const ThresholdSpec& spec = *state.spec;
  if (is_percentile(spec)) {
    // The rank-th least of the durations is below the bound if so many are.
    const auto count = static_cast<std::int64_t>(state.sums.histogram.count());
    const Int128 up = Int128{share_of(spec).value} * count + (kMillion - 1);
    const std::int64_t rank = std::max<std::int64_t>(1, static_cast<std::int64_t>(up / kMillion));
    if (state.sums.below >= rank) return std::strong_ordering::less;
    return state.sums.below + state.sums.equal >= rank ? std::strong_ordering::equal : std::strong_ordering::greater;
  }
  Int128 bound = spec.bound;
  if (is_money(spec)) bound = bound * kMillion + spec.bound_picos;
  return value.numerator <=> bound * value.denominator;
}

// For people: the decision was made on exact numbers. The figure of a percentile comes from a histogram; where it lies
// on another side of the bound than the percentile, the bound is named.
std::string Thresholds::figures(const State& state, const Value& value, std::strong_ordering side) {
  const double real = static_cast<double>(value.numerator) / static_cast<double>(value.denominator);
  if (is_duration(*state.spec)) {
    const auto bound = static_cast<double>(state.spec->bound);
    if (!is_percentile(*state.spec) || (real <=> bound) == side) return fmt::format("it was {:.3f} ms", real / 1e6);
    return fmt::format("it was {}{:.3f} ms", side < 0 ? "just below " : side > 0 ? "just above " : "", bound / 1e6);
  }
  // As exact as the bound.
  if (is_money(*state.spec)) return fmt::format("it was {:.{}f}", real / 1e12, state.spec->bound_picos == 0 ? 6 : 12);
  const bool whole = state.spec->aggregate == Aggregate::count;
  return whole ? fmt::format("it was {}", static_cast<std::int64_t>(real / 1e6))
               : fmt::format("it was {:.6f}", real / 1e6);
}

double Thresholds::in_unit(const ThresholdSpec& spec, const Value& value, std::strong_ordering side) {
  if (is_percentile(spec) && side == 0) return static_cast<double>(spec.bound) / 1e6;
  const double real = static_cast<double>(value.numerator) / static_cast<double>(value.denominator);
  return real / (is_money(spec) ? 1e12 : 1e6);
}

std::vector<Finding> Thresholds::judge(Instant ended) {
  std::vector<Finding> findings;
  for (State& state : states_) {
    const bool has_begun = state.begin < ended;
    if (has_begun) judge_window(state, ended);
    if (has_begun && state.spec->window) judge_silence(state, std::min(ended, state.end));
    Finding finding = state.failed.value_or(Finding{.kind = Finding::Kind::threshold});
    const ThresholdSpec& spec = *state.spec;
    finding.id = spec.metric + ": " + spec.text;
    finding.claim = finding.id;
    if (spec.during) finding.claim += " during " + *spec.during;
    if (spec.after) finding.claim += " after " + *spec.after;
    finding.origin = spec.origin;
    finding.unit = unit_of(spec);
    if (!state.failed && state.judged == 0) {
      finding.verdict = Verdict::inconclusive;
      finding.reason =
          has_begun ? "there was no data: " + missing_data(spec) : "there was no data: the run ended before that";
    } else if (!state.failed && spec.window && *spec.window > state.length) {
      finding.verdict = Verdict::inconclusive;
      finding.reason = fmt::format("no window was over: a window is {} and what is judged {}", seconds(*spec.window),
                                   seconds(state.length));
    } else if (!state.failed && state.untagged_refusals > 0 && state.tagged_refusals == 0) {
      finding.verdict = Verdict::inconclusive;
      finding.reason = fmt::format("{} requests were refused before they had {}, and none after that",
                                   state.untagged_refusals, spec.variant ? "a variant" : "a provider");
    } else if (!state.failed) {
      finding.reason = spec.window ? fmt::format("{} window{} held", state.judged, state.judged == 1 ? "" : "s")
                                   : state.last_figures;
      if (!spec.window) finding.value = state.last_value;
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace windtunnel::sim
