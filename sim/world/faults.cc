#include "sim/world/faults.h"

#include <algorithm>

#include "base/rounding.h"
#include "sim/kernel/samplers.h"

namespace windtunnel::sim {
namespace {

// The order in which overlapping faults decide a call.
int precedence(FaultKind kind) {
  switch (kind) {
    case FaultKind::outage:
    case FaultKind::flapping:
    case FaultKind::random_outages:
      return 0;
    case FaultKind::throttle:
      return 1;
    case FaultKind::malformed:
      return 2;
    case FaultKind::truncated:
      return 3;
    case FaultKind::error_burst:
      return 4;
    case FaultKind::latency_spike:
    case FaultKind::brownout:
    case FaultKind::wall_clock_step:
      return 5;
  }
  fail_check("a fault kind is known", __FILE__, __LINE__);
}

constexpr std::uint32_t kErrorLane = 1;

}  // namespace

Faults::Faults(const Scenario& scenario, const Chance& chance, Instant run_end, std::optional<Instant> heal_at)
    : active_(scenario.providers.size()) {
  const Instant last = heal_at ? std::min(run_end, *heal_at) : run_end;
  for (const FaultSpec& spec : scenario.faults) {
    State state;
    state.spec = &spec;
    state.phase_stream = chance.environment().stream("fault phases", spec.id);
    for (std::size_t i = 0; i < scenario.providers.size(); ++i) {
      const bool named =
          std::find(spec.providers.begin(), spec.providers.end(), scenario.providers[i].name) != spec.providers.end();
      if (spec.providers.empty() || named) state.providers.push_back(i);
    }
    const StreamKey family = chance.stream("fault calls", spec.id);
    for (const WorkloadSpec& workload : scenario.workloads) {
      state.call_streams.push_back(Chance{family.value}.stream(workload.name));
    }
    state.begin = Instant{} + spec.at;
    state.end = spec.duration ? std::min(last, state.begin + *spec.duration) : last;
    state.windows.resize(scenario.providers.size());
    if (state.begin < state.end) state.next = state.begin;
    states_.push_back(std::move(state));
  }
}

bool Faults::change(std::size_t fault) {
  State& state = states_[fault];
  const Instant now = *state.next;
  const bool acted = state.active;
  state.active = now < state.end && acts_in_phase(state);
  if (state.active && !acted) ++state.count.phases;
  plan_next(state, now);
  ++state.changes;
  for (const std::size_t provider : state.providers) {
    std::vector<std::size_t>& acting = active_[provider];
    std::erase(acting, fault);
    if (!state.active) continue;
    const auto place = std::find_if(acting.begin(), acting.end(), [&](std::size_t other) {
      const int mine = precedence(state.spec->kind);
      const int theirs = precedence(states_[other].spec->kind);
      return theirs > mine || (theirs == mine && other > fault);
    });
    acting.insert(place, fault);
  }
  return state.active;
}

// Phases take turns: flapping begins with a down time, random outages with an up time. Everything else acts throughout.
bool Faults::acts_in_phase(const State& state) {
  if (state.spec->kind == FaultKind::flapping) return state.changes % 2 == 0;
  if (state.spec->kind == FaultKind::random_outages) return state.changes % 2 == 1;
  return true;
}

void Faults::plan_next(State& state, Instant now) {
  const FaultSpec& spec = *state.spec;
  if (now >= state.end) {
    state.next.reset();
    return;
  }
  state.next = state.end;
  if (spec.kind == FaultKind::flapping || spec.kind == FaultKind::random_outages) {
    state.next = std::min(state.end, now + stay(state, state.active ? spec.down : spec.up));
  }
  if (spec.gilbert_elliott) {
    const GilbertElliott& law = *spec.gilbert_elliott;
    const double bad = static_cast<double>(law.mean_bad.count());
    const double good = static_cast<double>(law.mean_good.count());
    // The first state is drawn from the stationary law, then the two take turns.
    const bool first_is_bad = unit(draw(state.phase_stream, 0, 1).a) * (good + bad) < bad;
    state.bad = first_is_bad == (state.changes % 2 == 0);
    state.next = std::min(state.end, now + stay(state, Law::exponential(state.bad ? bad : good)));
  }
}

Duration Faults::stay(const State& state, const Law& law) {
  return std::max(Duration{1}, whole_nanoseconds(sample(law, draw(state.phase_stream, state.changes).a)));
}

FaultEffect Faults::on_call(monitor::ProviderId provider, const CallName& name, Tokens tokens, Instant now,
                            WallTime wall, std::vector<std::size_t>& hits) {
  FaultEffect effect;
  for (const std::size_t fault : active_[index_of(provider)]) {
    State& state = states_[fault];
    if (state.spec->kind == FaultKind::brownout || state.spec->kind == FaultKind::wall_clock_step) continue;
    if (!touches(state, name, now)) continue;
    ++state.count.touched;
    if (!apply(state, effect, index_of(provider), name, tokens, wall)) continue;
    ++state.count.affected;
    hits.push_back(fault);
  }
  return effect;
}

bool Faults::touches(const State& state, const CallName& name, Instant now) const {
  double fraction = state.spec->fraction;
  if (state.spec->kind == FaultKind::random_outages) fraction *= state.spec->severity;
  if (now - state.begin < state.spec->ramp) {
    fraction *= static_cast<double>((now - state.begin).count()) / static_cast<double>(state.spec->ramp.count());
  }
  if (fraction >= 1) return true;
  return unit(draw(state.call_streams[name.workload], name.ordinal, name.attempt).a) < fraction;
}

// Whether this fault changes the call's result. A call whose end is already decided is touched, but not changed again.
bool Faults::apply(State& state, FaultEffect& effect, std::size_t provider, const CallName& name, Tokens tokens,
                   WallTime wall) {
  const FaultSpec& spec = *state.spec;
  const bool decided = effect.kind != FaultEffect::Kind::none;
  switch (spec.kind) {
    case FaultKind::outage:
    case FaultKind::flapping:
    case FaultKind::random_outages:
      if (decided) return false;
      effect.kind = spec.mode == OutageMode::hang ? FaultEffect::Kind::hang : FaultEffect::Kind::refuse;
      effect.error = spec.error;
      return true;
    case FaultKind::throttle: {
      if (decided) return false;
      const auto wait = state.windows[provider].admit(spec.limit, tokens, wall);
      if (!wait) return false;
      effect.kind = FaultEffect::Kind::throttle;
      effect.retry_after = *wait;
      return true;
    }
    case FaultKind::malformed:
      if (decided) return false;
      effect.kind = FaultEffect::Kind::malformed;
      return true;
    case FaultKind::truncated:
      if (decided) return false;
      effect.kind = FaultEffect::Kind::truncated;
      effect.bill_fraction = spec.bill_fraction;
      return true;
    case FaultKind::error_burst: {
      const StreamKey stream = state.call_streams[name.workload];
      const bool fails = unit(draw(stream, name.ordinal, name.attempt).b) < error_rate(state);
      if (decided || !fails) return false;
      effect.kind = FaultEffect::Kind::error;
      effect.error = error_kind(spec, draw(stream, name.ordinal, name.attempt, kErrorLane).a);
      return true;
    }
    case FaultKind::latency_spike:
      effect.factor *= spec.factor;
      effect.add += spec.add;
      // A call that nobody works on is not slowed down.
      return effect.kind != FaultEffect::Kind::refuse && effect.kind != FaultEffect::Kind::hang &&
             effect.kind != FaultEffect::Kind::throttle;
    case FaultKind::brownout:
    case FaultKind::wall_clock_step:
      return false;
  }
  fail_check("a fault kind is known", __FILE__, __LINE__);
}

double Faults::error_rate(const State& state) {
  if (!state.spec->gilbert_elliott) return state.spec->rate;
  return state.bad ? state.spec->gilbert_elliott->bad : state.spec->gilbert_elliott->good;
}

monitor::ReplyKind Faults::error_kind(const FaultSpec& spec, std::uint64_t bits) {
  if (spec.errors.empty()) return monitor::ReplyKind::server_error;
  double sum = 0;
  for (const auto& [kind, weight] : spec.errors) sum += weight;
  double at = unit(bits) * sum;
  for (const auto& [kind, weight] : spec.errors) {
    if (at < weight) return kind;
    at -= weight;
  }
  return spec.errors.back().first;
}

std::optional<std::int64_t> Faults::capacity(monitor::ProviderId provider) const {
  std::optional<std::int64_t> least;
  for (const std::size_t fault : active_[index_of(provider)]) {
    const FaultSpec& spec = *states_[fault].spec;
    if (spec.kind != FaultKind::brownout) continue;
    least = least ? std::min(*least, spec.concurrency) : spec.concurrency;
  }
  return least;
}

void Faults::note_brownout(monitor::ProviderId provider) {
  for (const std::size_t fault : active_[index_of(provider)]) {
    if (states_[fault].spec->kind == FaultKind::brownout) note_affected(fault);
  }
}

}  // namespace windtunnel::sim
