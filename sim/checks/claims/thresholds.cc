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

std::string seconds(Duration since_start) { return fmt::format("{}s", static_cast<double>(since_start.count()) / 1e9); }

}  // namespace

Thresholds::Thresholds(const Scenario& scenario) {
  for (const ThresholdSpec& spec : scenario.thresholds) {
    State state;
    state.spec = &spec;
    for (std::size_t i = 0; spec.provider && i < scenario.providers.size(); ++i) {
      if (scenario.providers[i].name == *spec.provider)
        state.provider = monitor::ProviderId{static_cast<std::uint8_t>(i)};
    }
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
    if (of != Metric::provider_calls && of != Metric::provider_errors) continue;
    if (state.provider && *state.provider != event.provider) continue;
    Sums* sums = at(state, event.at);
    if (sums == nullptr) continue;
    ++sums->of;
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
    if (of == Metric::provider_calls || of == Metric::provider_errors || of == Metric::breaker_opened) continue;
    if (matches(state, record)) add_request(state, record);
  }
}

// A provider tag means the provider of the request's last call, or of its cached answer.
bool Thresholds::matches(const State& state, const monitor::Record& record) {
  if (state.variant && record.variant != state.variant) return false;
  if (state.spec->outcome && record.outcome != *state.spec->outcome) return false;
  if (!state.provider) return true;
  const monitor::Attempt* last = record.last_attempt();
  if (record.answered_by) return record.answered_by == state.provider;
  return last != nullptr && last->provider == *state.provider;
}

void Thresholds::add_request(State& state, const monitor::Record& record) {
  Sums* sums = at(state, record.finished);
  if (sums == nullptr) return;
  const bool answered = is_answered(record.outcome);
  const bool refused = is_refused(record.outcome);
  ++sums->of;
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
  if (state.spec->aggregate != Aggregate::rate) {
    return is_sum ? Value{total, scale} : Value{Int128{sums.count} * kMillion, 1};
  }
  const bool is_share = of == Metric::requests_failed || of == Metric::requests_refused ||
                        of == Metric::provider_errors || of == Metric::cache_hits || of == Metric::failovers;
  if (is_share) {
    if (sums.of == 0) return std::nullopt;
    return Value{Int128{sums.count} * kMillion, sums.of};
  }
  // A counter's rate is per second of the stretch that is judged.
  const Instant from = state.spec->window ? state.begin + *state.spec->window * state.window : state.begin;
  const std::int64_t span = (std::min(until, state.end) - from).count();
  if (span <= 0) return std::nullopt;
  const Int128 counted = is_sum ? total / scale : Int128{sums.count} * kMillion;
  return Value{counted * 1'000'000'000, span};
}

void Thresholds::judge_window(State& state, Instant until) {
  const auto value = value_of(state, until);
  if (!value) return;
  ++state.judged;
  state.last_figures = figures(state, *value);
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

std::vector<Finding> Thresholds::judge(Instant ended) {
  std::vector<Finding> findings;
  for (State& state : states_) {
    judge_window(state, ended);
    Finding finding = state.failed.value_or(Finding{});
    const ThresholdSpec& spec = *state.spec;
    finding.kind = Finding::Kind::threshold;
    finding.id = spec.metric + ": " + spec.text;
    finding.claim = finding.id;
    if (spec.during) finding.claim += " during " + *spec.during;
    if (spec.after) finding.claim += " after " + *spec.after;
    finding.origin = spec.origin;
    if (state.judged == 0) {
      finding.verdict = Verdict::inconclusive;
      finding.reason = "there was no data";
    } else if (!state.failed) {
      finding.reason = spec.window ? fmt::format("{} windows held", state.judged) : state.last_figures;
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace windtunnel::sim
