#pragma once
// The scripted faults of a run: which act now, and what they do to a call that starts now.
//
// Each fault has a timeline of its own (a window, a periodic or random sequence of phases); the driver asks for the
// next change and applies it at that instant. What a fault does is its kind's affair (sim/faults); how overlapping
// faults compose is written in sim/faults/rules/fault_rules.h. Every draw is named by the fault's id, the workload and
// the request, never by a provider.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "monitor/request.h"
#include "sim/faults/fault.h"
#include "sim/kernel/chance.h"
#include "sim/kernel/in_run.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

struct FaultCount {
  std::int64_t touched = 0;   // calls that it applied to
  std::int64_t affected = 0;  // calls whose result it changed
  std::int64_t phases = 0;    // times that it began to act
};

class Faults {
 public:
  // Everything is healed at `heal_at`, if given.
  Faults(const Scenario& scenario, const Chance& chance, Instant run_end, std::optional<Instant> heal_at);

  [[nodiscard]] std::size_t size() const { return states_.size(); }
  [[nodiscard]] const FaultSpec& spec(std::size_t fault) const { return *states_[fault].spec; }
  // When this fault next starts or stops acting; nothing: never again.
  [[nodiscard]] std::optional<Instant> next_change(std::size_t fault) const { return states_[fault].next; }
  // Applies that change. Returns whether the fault acts now.
  bool change(std::size_t fault);

  // Switches a fault by hand, from `now` until it is switched again; its own timeline goes on meanwhile and is not
  // obeyed. False: it is a jump of the clock, which cannot be switched.
  bool set(std::size_t fault, bool active, Instant now);

  [[nodiscard]] bool acts_on(monitor::ProviderId provider) const { return !active_[index_of(provider)].empty(); }
  // The effect on a call that starts now. Appends the faults that changed its result to `hits`.
  FaultEffect on_call(monitor::ProviderId provider, const CallName& name, Tokens tokens, Instant now,
                      std::vector<std::size_t>& hits);
  // The least concurrency that a brownout leaves a provider; nothing: no brownout acts.
  // `own`: the provider's, which ramps take from.
  [[nodiscard]] std::optional<std::int64_t> capacity(monitor::ProviderId provider, std::optional<std::int64_t> own,
                                                     Instant now) const;
  // When a brownout that ramps down next gives a place back; nothing: none does before it ends.
  [[nodiscard]] std::optional<Instant> next_place(monitor::ProviderId provider, std::int64_t own, Instant now) const;
  [[nodiscard]] bool acts(std::size_t fault) const { return states_[fault].active; }
  [[nodiscard]] const FaultCount& count(std::size_t fault) const { return states_[fault].count; }
  // A call had to wait or was turned away for want of a place.
  void note_brownout(monitor::ProviderId provider);
  // A clock step has no calls to touch: it counts itself.
  void note_affected(std::size_t fault) { ++states_[fault].count.touched, ++states_[fault].count.affected; }

 private:
  struct State {
    const FaultSpec* spec = nullptr;
    AnyInRun<Fault> in_run;
    std::vector<std::size_t> providers;
    std::vector<StreamKey> call_streams;  // by workload
    StreamKey phase_stream;
    Instant begin{};
    Instant end{};  // exclusive
    std::optional<Instant> next;
    bool active = false;        // acts now
    bool by_hand = false;       // set() decides that
    std::uint64_t changes = 0;  // so far: the number of the phase that the next change begins
    FaultCount count;
    // The properties of its kind that every call needs.
    Precedence precedence = Precedence::undecided;
    bool touches_calls = true;
    double fraction = 1;
    std::optional<std::int64_t> capacity;
  };

  static State state_of(const FaultSpec& spec);
  static void plan_next(State& state, Instant now, bool acts);
  void put(std::size_t fault, bool acts);
  [[nodiscard]] static double ramped(const State& state, double height, Instant now);
  [[nodiscard]] static std::int64_t left_of(const State& state, std::optional<std::int64_t> own, Instant now);
  [[nodiscard]] static std::int64_t taken_at_end(const State& state, std::int64_t most, Instant now);
  [[nodiscard]] static bool touches(const State& state, const CallName& name, Instant now);

  WallTime start_;
  std::vector<State> states_;
  std::vector<std::vector<std::size_t>> active_;  // by provider: acting faults in order of precedence
};

}  // namespace windtunnel::sim
