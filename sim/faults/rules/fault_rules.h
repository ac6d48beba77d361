#pragma once
// The rules of every kind of fault, with the defaults of a kind that does not define its own.
//
// A kind of fault is a struct of its settings. It inherits FaultRules and declares again what it answers otherwise;
// there are no virtual functions, because a scenario's fault is a value, a variant of the kinds (fault.h), and every
// question is one visit of it. A kind needs its name `kName`, one line of text `kDoc`, `draw` and operator== too.
//
// Overlapping faults compose: an outage wins, then throttle, malformed, truncated, error_burst; error rates
// 1 - prod(1 - r), factors multiply, additions sum, capacities take the minimum.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/units.h"
#include "monitor/request.h"
#include "sim/kernel/chance.h"
#include "sim/kernel/dice.h"
#include "sim/kernel/law.h"

namespace windtunnel::sim {

// --- A call --------------------------------------------------------------------------------------------------------

// What names the draws of one call.
struct CallName {
  std::uint32_t workload = 0;
  std::uint64_t ordinal = 0;  // of the request in its workload
  std::uint32_t attempt = 0;  // of the request, from 0
};

// What the faults make of one call.
struct FaultEffect {
  enum class Kind : std::uint8_t { none, refuse, hang, throttle, malformed, truncated, stalled, error };
  // How an answer that breaks off looks on the wire. To a caller that validates what it gets all are the same.
  enum class Break : std::uint8_t { connection, error_event, clean_end };
  Kind kind = Kind::none;
  monitor::ReplyKind error = monitor::ReplyKind::server_error;  // of refuse and error
  Break broken = Break::connection;                             // of truncated
  double bill_fraction = 1;                                     // of truncated and stalled
  Duration retry_after{0};                                      // of throttle
  double factor = 1;                                            // of every latency
  double token_factor = 1;                                      // of the time per output token, on top
  bool has_usage = true;                                        // of an answer
  Duration usage_delay{0};                                      // of an answer's usage; 0: it comes with the answer
  Duration add{0};                                              // to the time to first token

  // A stronger fault has decided how the call ends.
  [[nodiscard]] bool is_decided() const { return kind != Kind::none; }
  // The provider works on the call, so that the call can be slowed down.
  [[nodiscard]] bool is_worked_on() const {
    return kind != Kind::refuse && kind != Kind::hang && kind != Kind::throttle;
  }
};

// A call that starts now and that a fault touches.
struct FaultedCall {
  CallName name;
  StreamKey stream;  // of the fault and the call's workload; value a of lane 0 decided that the fault touches the call
  std::size_t provider = 0;
  Tokens tokens;
  WallTime true_time{};     // whatever the monitor's wall clock shows
  Duration since_begin{0};  // from the fault's begin to now
  Duration length{0};       // from the fault's begin to its end
  double size = 1;          // how much of its settings acts, while a ramp raises or lowers it

  // A setting that is `none` where nothing acts.
  [[nodiscard]] double sized(double none, double whole) const {
    return size == 1 ? whole : none + (whole - none) * size;
  }
};

// The order in which overlapping faults decide a call.
enum class Precedence : std::uint8_t { outage, throttle, malformed, truncated, error_burst, undecided };

// A fault may act in phases. Their number names their draws.
struct FaultPhase {
  StreamKey stream;
  std::uint64_t number = 0;  // from 0
  bool acts = false;
};

// --- A file --------------------------------------------------------------------------------------------------------

// What a restart leaves of what a gateway knows.
enum class GatewayState : std::uint8_t { lost, kept };
struct RestartOf {
  std::int64_t replica = 0;  // from 1; 0: all
  GatewayState state = GatewayState::lost;
};

// What is wrong with a fault as a file states it: at a key of the fault, or at the fault if the key is empty.
struct FaultProblem {
  std::string key;
  std::string message;
};
// Whether the file states this key of the fault.
using IsWritten = std::function<bool(std::string_view)>;

// A problem unless one of these keys is written: without it the fault would do nothing.
inline void need(std::vector<FaultProblem>& problems, const IsWritten& is_written, std::string_view fault,
                 std::initializer_list<std::string_view> keys) {
  std::string list;
  for (const std::string_view key : keys) {
    if (is_written(key)) return;
    list += std::string(list.empty() ? "\"" : " or \"").append(key) + '"';
  }
  problems.push_back({"", std::string(fault) + " needs " + list});
}

// What a swarm draws a fault's settings from. `member` is the fault's number in its world.
struct FaultDraws {
  const Dice& dice;
  std::uint64_t member = 0;
  Duration grid{0};     // durations are whole multiples of it; 0: of nothing
  Duration timeout{0};  // of the world's calls
};

// --- The questions -------------------------------------------------------------------------------------------------

struct FaultRules {
  // What a run keeps of one fault besides its settings.
  struct State {};

  static constexpr Precedence kPrecedence = Precedence::undecided;
  // False: it touches no single call, so that `apply` is never asked.
  static constexpr bool kTouchesCalls = true;
  // False: it is a jump at an instant, on which provider, duration, fraction and ramp have no bearing.
  static constexpr bool kLasts = true;
  // True: each call that it touches ends otherwise, whatever is drawn.
  static constexpr bool kIsCertain = false;
  // True: what it does to a call may be more or less, so that a ramp may be of its size.
  static constexpr bool kHasSize = false;
  // False: a call whose result it changed may still be answered ok.
  static constexpr bool kSpoilsReply = true;
  // True: the usage of an answered call may come after the answer.
  static constexpr bool kDelaysUsage = false;

  // Changes the effect on a call that this fault touches, and returns whether it changed the call's result.
  bool apply(const FaultedCall& /*call*/, auto& /*state*/, FaultEffect& /*effect*/) const { return false; }
  // The share of the fault's fraction that it touches while it acts.
  [[nodiscard]] double share() const { return 1; }
  // Whether it acts in this phase.
  [[nodiscard]] bool acts_in_phase(std::uint64_t /*number*/) const { return true; }
  // How long this phase lasts, in nanoseconds; nothing: to the fault's end.
  std::optional<Law> stay(const FaultPhase& /*phase*/, auto& /*state*/) const { return std::nullopt; }
  // How many calls a provider serves at once under it; nothing: as many as ever.
  [[nodiscard]] std::optional<std::int64_t> capacity() const { return std::nullopt; }
  // By how much the wall clock jumps; nothing: it does not.
  [[nodiscard]] std::optional<Duration> wall_clock_offset() const { return std::nullopt; }

  // Which gateways it restarts; nothing: none.
  [[nodiscard]] std::optional<RestartOf> restart() const { return std::nullopt; }

  // The longest that a call takes under it which takes `latency` nanoseconds when all is well.
  [[nodiscard]] double slowed(double latency) const { return latency; }
  // The chance that a call which it touches fails of it, where that chance is one number.
  [[nodiscard]] double fail_chance() const { return 0; }
  // Whether a call that it touches may end only with its caller's patience.
  [[nodiscard]] bool may_hang() const { return false; }
  // Whether many requests share a draw of it, so that runs differ more than their requests do.
  [[nodiscard]] bool is_uncertain() const { return false; }

  [[nodiscard]] std::vector<FaultProblem> problems(const IsWritten& /*is_written*/) const { return {}; }
  // Members that the shrinker sets back to their defaults, in this order.
  static constexpr std::tuple<> shrinks() { return {}; }

  friend bool operator==(const FaultRules&, const FaultRules&) = default;
};

}  // namespace windtunnel::sim
