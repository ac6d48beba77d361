#include "sim/checks/claims/thresholds.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/checks/claims/comparison.h"

namespace windtunnel::sim {
namespace {

bool is_duration(Metric metric) { return metric == Metric::request_duration || metric == Metric::time_to_first_token; }

const FaultSpec* find_fault(const Scenario& scenario, const std::string& id) {
  for (const FaultSpec& fault : scenario.faults) {
    if (fault.id == id) return &fault;
  }
  fail_check("a threshold names a fault of the scenario", __FILE__, __LINE__);
}

// Of requests, calls and tokens: a number per second. Of the others a rate is a share.
bool is_flow(Metric metric) {
  return metric == Metric::requests || metric == Metric::provider_calls || metric == Metric::tokens;
}

std::optional<monitor::ProviderId> provider_named(const Scenario& scenario, const std::optional<std::string>& name) {
  for (std::size_t i = 0; name && i < scenario.providers.size(); ++i) {
    if (scenario.providers[i].name == *name) return monitor::ProviderId{static_cast<std::uint8_t>(i)};
  }
  return std::nullopt;
}

std::string seconds(Duration since_start) { return fmt::format("{}s", static_cast<double>(since_start.count()) / 1e9); }

}  // namespace

Thresholds::Thresholds(const Scenario& scenario) : has_experiment_(!scenario.monitor.ab_router.variants.empty()) {
  for (const ThresholdSpec& spec : scenario.thresholds) {
    State state;
    state.spec = &spec;
    state.provider = provider_named(scenario, spec.provider);
    state.served_by = provider_named(scenario, spec.served_by);
    const auto& variants = scenario.monitor.ab_router.variants;
    for (std::size_t i = 0; spec.variant && i < variants.size(); ++i) {
      if (variants[i].id == *spec.variant) state.variant = static_cast<std::uint16_t>(i);
    }
    state.end = Instant::max();
    if (spec.during || spec.after) {
      const FaultSpec& fault = *find_fault(scenario, spec.during ? *spec.during : *spec.after);
      const Instant over = Instant{} + fault.at + fault.duration.value_or(scenario.duration - fault.at);
      state.begin = spec.during ? Instant{} + fault.at : over;
      if (spec.during) state.end = over;
    }
    state.begin += spec.skip.value_or(Duration{0});
    states_.push_back(std::move(state));
  }
}

// --- Samples -------------------------------------------------------------------------------------------------------

Thresholds::Sums* Thresholds::at(State& state, Instant now) {
  if (now < state.begin || now >= state.end) return nullptr;
  if (state.spec->window) {
    const std::int64_t window = (now - state.begin) / *state.spec->window;
    if (window != state.window) {
      judge_window(state, state.begin + *state.spec->window * (state.window + 1));
      state.window = window;
      state.sums = {};
    }
  }
  return &state.sums;
}

void Thresholds::on(const monitor::AttemptEnded& event) {
  for (State& state : states_) {
    const Metric of = state.spec->of;
    const bool is_counted = of == Metric::provider_calls || of == Metric::provider_errors;
    if (!is_counted && of != Metric::breaker_opened) continue;
    const bool is_own = !state.provider || *state.provider == event.provider;
    if (!is_own && of != Metric::provider_calls) continue;
    Sums* sums = at(state, event.at);
    if (sums == nullptr) continue;
    ++sums->of;
    if (!is_counted || !is_own) continue;
    if (of == Metric::provider_calls || event.reply.kind != monitor::ReplyKind::ok) ++sums->count;
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
  for (State& state : states_) {
    const Metric of = state.spec->of;
    if (of == Metric::provider_errors || of == Metric::breaker_opened) continue;
    if (of == Metric::provider_calls) {
      if (Sums* sums = at(state, record.finished)) ++sums->of;
    } else if (matches(state, record)) {
      add_request(state, record);
    }
  }
}

// Where the request was to go. A limiter may refuse it before the router decides; then the request's own choice counts,
// and without an experiment the default.
std::optional<monitor::ProviderId> Thresholds::target_of(const monitor::Record& record) const {
  if (record.assigned) return record.assigned;
  if (record.request.provider) return record.request.provider;
  return has_experiment_ ? std::nullopt : std::optional{monitor::ProviderId{0}};
}

bool Thresholds::matches(const State& state, const monitor::Record& record) const {
  if (state.variant && record.variant != state.variant) return false;
  if (state.provider && target_of(record) != state.provider) return false;
  if (!state.served_by) return true;
  const monitor::Attempt* last = record.last_attempt();
  if (record.answered_by) return record.answered_by == state.served_by;
  return last != nullptr && last->provider == *state.served_by;
}

void Thresholds::add_request(State& state, const monitor::Record& record) {
  Sums* sums = at(state, record.finished);
  if (sums == nullptr) return;
  const bool answered = is_answered(record.outcome);
  const bool refused = is_refused(record.outcome);
  ++sums->of;
  if (state.spec->outcome && record.outcome != *state.spec->outcome) return;
  switch (state.spec->of) {
    case Metric::requests:
      ++sums->count;
      return;
    case Metric::requests_failed:
      sums->count += !answered && !refused ? 1 : 0;
      return;
    case Metric::requests_refused:
      sums->count += refused ? 1 : 0;
      return;
    case Metric::request_duration:
      // Answered requests, unless a tag asks for another outcome.
      if (answered || state.spec->outcome) sums->histogram.record(record.latency());
      return;
    case Metric::time_to_first_token:
      if (record.outcome == monitor::Outcome::served) sums->histogram.record(record.time_to_first_token);
      return;
    case Metric::cost_usd:
      ++sums->count;
      sums->total += record.confirmed_cost().picos();
      return;
    case Metric::tokens:
      if (record.outcome != monitor::Outcome::served) return;
      ++sums->count;
      sums->total += (record.input + record.output).count();
      return;
    case Metric::failovers:
      sums->count += record.failovers > 0 ? 1 : 0;
      return;
    case Metric::cache_hits:
      sums->count += answered && record.outcome != monitor::Outcome::served ? 1 : 0;
      return;
    case Metric::provider_calls:
    case Metric::provider_errors:
    case Metric::breaker_opened:
      return;
  }
}

// --- Judgement -----------------------------------------------------------------------------------------------------

// In nanoseconds for durations, in millionths of the unit for the rest.
std::optional<Thresholds::Value> Thresholds::value_of(const State& state, Instant until) const {
  const Sums& sums = state.sums;
  const Metric of = state.spec->of;
  if (is_duration(of)) {
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
        return Value{histogram.quantile(Millionths{500'000})->count(), 1};
      case Aggregate::percentile:
        return Value{histogram.quantile(state.spec->percentile)->count(), 1};
      case Aggregate::count:
      case Aggregate::rate:
      case Aggregate::value:
        return Value{static_cast<Int128>(histogram.count()) * kMillion, 1};
    }
  }
  // Money is summed in pico-dollars: one millionth of a dollar is a million of them.
  const Int128 total = of == Metric::cost_usd ? sums.total : sums.total * kMillion;
  const Int128 scale = of == Metric::cost_usd ? kMillion : 1;
  const bool is_sum = of == Metric::cost_usd || of == Metric::tokens;
  if (state.spec->aggregate == Aggregate::avg) {
    if (sums.count == 0) return std::nullopt;
    return Value{total, scale * sums.count};
  }
  if (state.spec->aggregate == Aggregate::value && is_sum) return Value{total, scale};
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

void Thresholds::judge_window(State& state, Instant until) {
  const auto value = value_of(state, until);
  const bool has_data = state.sums.of > 0;
  if (!value || (state.spec->window && !has_data)) return;
  state.last_figures = figures(state, *value);
  state.judged += has_data ? 1 : 0;
  if (holds(state.spec->comparison, value->numerator, Int128{state.spec->bound} * value->denominator)) return;
  if (state.failed) return;
  Finding finding;
  finding.verdict = Verdict::fail;
  finding.reason = state.last_figures;
  if (state.spec->window) {
    const Duration from = state.begin.time_since_epoch() + *state.spec->window * state.window;
    finding.at = Instant{} + from;
    finding.reason += fmt::format(" in the window {}..{}", seconds(from), seconds(from + *state.spec->window));
  }
  state.failed = finding;
}

// For people: the decision was made on the exact fraction.
std::string Thresholds::figures(const State& state, const Value& value) const {
  const double real = static_cast<double>(value.numerator) / static_cast<double>(value.denominator);
  const bool duration = is_duration(state.spec->of) && state.spec->aggregate != Aggregate::count;
  if (duration) return fmt::format("it was {:.3f} ms", real / 1e6);
  const bool whole = state.spec->aggregate == Aggregate::count;
  return whole ? fmt::format("it was {}", static_cast<std::int64_t>(real / 1e6))
               : fmt::format("it was {:.6f}", real / 1e6);
}

// What would have been data.
std::string Thresholds::lacking(const ThresholdSpec& spec) {
  const bool of_calls = spec.of == Metric::provider_errors || spec.of == Metric::breaker_opened;
  std::string text = of_calls ? "no call" : "no request";
  const bool is_measured = is_duration(spec.of) || (spec.of == Metric::tokens && spec.aggregate == Aggregate::avg);
  if (is_measured && !spec.outcome)
    text += spec.of == Metric::request_duration ? " that was answered" : " that was served";
  if (spec.provider) text += (of_calls ? " to " : " assigned to ") + *spec.provider;
  if (spec.served_by) text += " served by " + *spec.served_by;
  if (spec.variant) text += " of variant " + *spec.variant;
  if (spec.outcome && is_measured) text += std::string(" with outcome ") + monitor::name_of(*spec.outcome);
  return text + " ended in that time";
}

std::vector<Finding> Thresholds::judge(Instant ended) {
  std::vector<Finding> findings;
  for (State& state : states_) {
    const bool has_begun = state.begin < ended;
    if (has_begun) judge_window(state, ended);
    Finding finding = state.failed.value_or(Finding{});
    const ThresholdSpec& spec = *state.spec;
    finding.kind = Finding::Kind::threshold;
    finding.id = spec.metric + ": " + spec.text;
    finding.claim = finding.id;
    if (spec.during) finding.claim += " during " + *spec.during;
    if (spec.after) finding.claim += " after " + *spec.after;
    finding.origin = spec.origin;
    if (!state.failed && state.judged == 0) {
      finding.verdict = Verdict::inconclusive;
      finding.reason =
          has_begun ? "there was no data: " + lacking(spec) : "there was no data: the run ended before that";
    } else if (!state.failed) {
      finding.reason = spec.window ? fmt::format("{} windows held", state.judged) : state.last_figures;
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace windtunnel::sim
