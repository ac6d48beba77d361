#pragma once
// The scripted faults of a run: which act now, and what they do to a call that starts now.
//
// Each fault has a timeline of its own (a window, a periodic or random sequence of phases); the driver asks for the
// next change and applies it at that instant. Overlapping faults compose: an outage wins, then throttle, malformed,
// truncated, error_burst; error rates 1 - prod(1 - r), factors multiply, additions sum, capacities take the minimum.
// Every draw is named by the fault's id, the workload and the request, never by a provider.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/units.h"
#include "monitor/request.h"
#include "sim/kernel/chance.h"
#include "sim/world/load.h"
#include "sim/world/rate_window.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// What names the draws of one call.
struct CallName {
  std::uint32_t workload = 0;
  std::uint64_t ordinal = 0;  // of the request in its workload
  std::uint32_t attempt = 0;  // of the request, from 0
};

// What the faults make of one call.
struct FaultEffect {
  enum class Kind : std::uint8_t { none, refuse, hang, throttle, malformed, truncated, error };
  Kind kind = Kind::none;
  monitor::ReplyKind error = monitor::ReplyKind::server_error;  // of refuse and error
  double bill_fraction = 1;                                     // of truncated
  Duration retry_after{0};                                      // of throttle
  double factor = 1;                                            // of every latency
  Duration add{0};                                              // to the time to first token
};

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

  [[nodiscard]] bool acts_on(monitor::ProviderId provider) const { return !active_[index_of(provider)].empty(); }
  // The effect on a call that starts now. Appends the faults that changed its result to `hits`.
  FaultEffect on_call(monitor::ProviderId provider, const CallName& name, Tokens tokens, Instant now, WallTime wall,
                      std::vector<std::size_t>& hits);
  // The least concurrency that a brownout leaves a provider; nothing: no brownout acts.
  [[nodiscard]] std::optional<std::int64_t> capacity(monitor::ProviderId provider) const;
  [[nodiscard]] bool acts(std::size_t fault) const { return states_[fault].active; }
  [[nodiscard]] const FaultCount& count(std::size_t fault) const { return states_[fault].count; }
  // A call had to wait or was turned away for want of a place.
  void note_brownout(monitor::ProviderId provider);
  // A clock step has no calls to touch: it counts itself.
  void note_affected(std::size_t fault) { ++states_[fault].count.touched, ++states_[fault].count.affected; }

 private:
  struct State {
    const FaultSpec* spec = nullptr;
    std::vector<std::size_t> providers;
    std::vector<StreamKey> call_streams;  // by workload
    StreamKey phase_stream;
    Instant begin{};
    Instant end{};  // exclusive
    std::optional<Instant> next;
    bool active = false;        // acts now
    bool bad = false;           // gilbert_elliott's state
    std::uint64_t changes = 0;  // so far: the phases' number names their draws
    FaultCount count;
    std::vector<RateWindow> windows;  // throttle: one per provider
  };

  void plan_next(State& state, Instant now);
  [[nodiscard]] static bool acts_in_phase(const State& state);
  [[nodiscard]] static Duration stay(const State& state, const Law& law);
  [[nodiscard]] bool touches(const State& state, const CallName& name, Instant now) const;
  bool apply(State& state, FaultEffect& effect, std::size_t provider, const CallName& name, Tokens tokens,
             WallTime wall);
  [[nodiscard]] static double error_rate(const State& state);
  [[nodiscard]] static monitor::ReplyKind error_kind(const FaultSpec& spec, std::uint64_t bits);

  std::vector<State> states_;
  std::vector<std::vector<std::size_t>> active_;  // by provider: acting faults in order of precedence
};

}  // namespace windtunnel::sim
