#include "sim/world/faults.h"

#include <algorithm>

#include "base/rounding.h"
#include "sim/kernel/samplers.h"

namespace windtunnel::sim {

// What every call needs of a kind is computed once, here.
Faults::State Faults::state_of(const FaultSpec& spec) {
  State state;
  state.spec = &spec;
  state.in_run = in_run(spec.settings);
  state.precedence = precedence_of(spec.settings);
  state.touches_calls = touches_calls(spec.settings);
  state.fraction = spec.fraction * share_of(spec.settings);
  state.capacity = capacity_of(spec.settings);
  return state;
}

Faults::Faults(const Scenario& scenario, const Chance& chance, Instant run_end, std::optional<Instant> heal_at)
    : start_(scenario.start), active_(scenario.providers.size()) {
  const Instant last = heal_at ? std::min(run_end, *heal_at) : run_end;
  for (const FaultSpec& spec : scenario.faults) {
    State state = state_of(spec);
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
    if (state.begin < state.end) state.next = state.begin;
    states_.push_back(std::move(state));
  }
}

bool Faults::change(std::size_t fault) {
  State& state = states_[fault];
  const Instant now = *state.next;
  const auto in_phase = [&](const auto& kind) { return kind.acts_in_phase(state.changes); };
  const bool acts = now < state.end && std::visit(in_phase, state.spec->settings);
  plan_next(state, now, acts);
  ++state.changes;
  if (!state.by_hand) put(fault, acts);
  return state.active;
}

bool Faults::set(std::size_t fault, bool active, Instant now) {
  State& state = states_[fault];
  if (!lasts(state.spec->settings)) return false;
  // What its settings measure from its begin, a ramp say, they measure from here.
  if (active && !state.active) state.begin = now;
  state.by_hand = true;
  put(fault, active);
  return true;
}

void Faults::put(std::size_t fault, bool acts) {
  State& state = states_[fault];
  if (acts && !state.active) ++state.count.phases;
  state.active = acts;
  for (const std::size_t provider : state.providers) {
    std::vector<std::size_t>& acting = active_[provider];
    std::erase(acting, fault);
    if (!state.active) continue;
    const auto place = std::find_if(acting.begin(), acting.end(), [&](std::size_t other) {
      const Precedence mine = state.precedence;
      const Precedence theirs = states_[other].precedence;
      return theirs > mine || (theirs == mine && other > fault);
    });
    acting.insert(place, fault);
  }
}

void Faults::plan_next(State& state, Instant now, bool acts) {
  if (now >= state.end) {
    state.next.reset();
    return;
  }
  const FaultPhase phase{.stream = state.phase_stream, .number = state.changes, .acts = acts};
  const auto stay = std::visit([&](auto& entry) { return entry.settings->stay(phase, entry.kept); }, state.in_run);
  state.next = state.end;
  if (!stay) return;
  const Duration lasts = whole_nanoseconds(sample(*stay, draw(phase.stream, phase.number).a));
  state.next = std::min(state.end, now + std::max(Duration{1}, lasts));
}

FaultEffect Faults::on_call(monitor::ProviderId provider, const CallName& name, Tokens tokens, Instant now,
                            std::vector<std::size_t>& hits) {
  FaultEffect effect;
  for (const std::size_t fault : active_[index_of(provider)]) {
    State& state = states_[fault];
    if (!state.touches_calls || !touches(state, name, now)) continue;
    ++state.count.touched;
    const FaultedCall call{.name = name,
                           .stream = state.call_streams[name.workload],
                           .provider = index_of(provider),
                           .tokens = tokens,
                           .true_time = start_ + now.time_since_epoch(),
                           .since_begin = now - state.begin,
                           .length = state.end - state.begin,
                           .size = state.spec->ramp_of == RampOf::size ? ramped(state, 1, now) : 1};
    if (!std::visit([&](auto& entry) { return entry.settings->apply(call, entry.kept, effect); }, state.in_run))
      continue;
    ++state.count.affected;
    hits.push_back(fault);
  }
  return effect;
}

// How far its ramps have raised what is `height` without them.
double Faults::ramped(const State& state, double height, Instant now) {
  if (now - state.begin < state.spec->ramp) {
    height *= static_cast<double>((now - state.begin).count()) / static_cast<double>(state.spec->ramp.count());
  }
  if (!state.by_hand && state.end - now < state.spec->ramp_down) {
    height *= static_cast<double>((state.end - now).count()) / static_cast<double>(state.spec->ramp_down.count());
  }
  return height;
}

bool Faults::touches(const State& state, const CallName& name, Instant now) {
  const bool ramps = state.spec->ramp_of == RampOf::fraction;
  const double fraction = ramps ? ramped(state, state.fraction, now) : state.fraction;
  if (fraction >= 1) return true;
  return unit(draw(state.call_streams[name.workload], name.ordinal, name.attempt).a) < fraction;
}

std::optional<std::int64_t> Faults::capacity(monitor::ProviderId provider, std::optional<std::int64_t> own,
                                             Instant now) const {
  std::optional<std::int64_t> least;
  for (const std::size_t fault : active_[index_of(provider)]) {
    if (!states_[fault].capacity) continue;
    const std::int64_t left = left_of(states_[fault], own, now);
    least = least ? std::min(*least, left) : left;
  }
  return least;
}

// Of `most` places, those that a brownout has not given back yet. Whole places in whole nanoseconds, so that the
// instant of each is exact.
std::int64_t Faults::taken_at_end(const State& state, std::int64_t most, Instant now) {
  const Duration down = state.spec->ramp_down;
  if (state.by_hand || state.end - now >= down) return most;
  return static_cast<std::int64_t>(Int128{most} * (state.end - now).count() / down.count());
}

std::int64_t Faults::left_of(const State& state, std::optional<std::int64_t> own, Instant now) {
  const std::int64_t least = *state.capacity;
  if (state.spec->ramp_of != RampOf::size || !own || *own <= least) return least;
  const std::int64_t most = *own - least;
  std::int64_t taken = taken_at_end(state, most, now);
  if (const Duration up = state.spec->ramp; now - state.begin < up) {
    taken = std::min(taken, static_cast<std::int64_t>(Int128{most} * (now - state.begin).count() / up.count()));
  }
  return *own - taken;
}

std::optional<Instant> Faults::next_place(monitor::ProviderId provider, std::int64_t own, Instant now) const {
  std::optional<Instant> first;
  for (const std::size_t fault : active_[index_of(provider)]) {
    const State& state = states_[fault];
    if (!state.capacity || state.spec->ramp_of != RampOf::size || state.by_hand || own <= *state.capacity) continue;
    const Int128 most = own - *state.capacity;
    const Int128 down = state.spec->ramp_down.count();
    const Int128 taken = taken_at_end(state, own - *state.capacity, now);
    if (taken == 0 || down == 0) continue;
    // The last instant before the end at which fewer are taken.
    const Instant at = state.end - Duration{static_cast<std::int64_t>((taken * down - 1) / most)};
    if (at > now && (!first || at < *first)) first = at;
  }
  return first;
}

void Faults::note_brownout(monitor::ProviderId provider) {
  for (const std::size_t fault : active_[index_of(provider)]) {
    if (states_[fault].capacity) note_affected(fault);
  }
}

}  // namespace windtunnel::sim
