#pragma once
// The list of the kinds of fault, and a fault as a scenario states it.
//
// A kind of fault is one file of this folder. Its place in `Fault` is its FaultKind. New kinds go to the end of the
// list, because a swarm draws a kind by its place.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/units.h"
#include "sim/faults/brownout.h"
#include "sim/faults/error_burst.h"
#include "sim/faults/flapping.h"
#include "sim/faults/gateway_restart.h"
#include "sim/faults/latency_spike.h"
#include "sim/faults/malformed.h"
#include "sim/faults/outage.h"
#include "sim/faults/random_outages.h"
#include "sim/faults/streams/early_end.h"
#include "sim/faults/streams/stream_error.h"
#include "sim/faults/streams/stream_stall.h"
#include "sim/faults/streams/token_stall.h"
#include "sim/faults/streams/usage_late.h"
#include "sim/faults/streams/usage_missing.h"
#include "sim/faults/throttle.h"
#include "sim/faults/truncated.h"
#include "sim/faults/wall_clock_step.h"

namespace windtunnel::sim {

using Fault = std::variant<Outage, ErrorBurst, LatencySpike, Throttle, Brownout, Malformed, Truncated, Flapping,
                           RandomOutages, WallClockStep, StreamStall, StreamError, EarlyEnd, TokenStall, UsageMissing,
                           GatewayRestart, UsageLate>;

// A kind without its settings: its place in `Fault`.
enum class FaultKind : std::uint8_t {};
inline constexpr int kFaultKinds = std::variant_size_v<Fault>;

[[nodiscard]] inline FaultKind kind_of(const Fault& fault) { return static_cast<FaultKind>(fault.index()); }
// A fault of this kind with its default settings.
[[nodiscard]] Fault fault_of(FaultKind kind);
[[nodiscard]] Fault draw_fault_of(FaultKind kind, const FaultDraws& draws);
[[nodiscard]] const char* name_of(FaultKind kind);
[[nodiscard]] const char* doc_of(FaultKind kind);

// The answers of a fault's kind; the questions are in fault_rules.h.
[[nodiscard]] Precedence precedence_of(const Fault& fault);
[[nodiscard]] bool touches_calls(const Fault& fault);
[[nodiscard]] bool lasts(const Fault& fault);
[[nodiscard]] bool is_certain(const Fault& fault);
[[nodiscard]] bool has_size(const Fault& fault);
[[nodiscard]] bool spoils_reply(const Fault& fault);
[[nodiscard]] bool delays_usage(const Fault& fault);
[[nodiscard]] double share_of(const Fault& fault);
[[nodiscard]] std::optional<std::int64_t> capacity_of(const Fault& fault);
[[nodiscard]] std::optional<Duration> wall_clock_offset_of(const Fault& fault);
[[nodiscard]] std::optional<RestartOf> restart_of(const Fault& fault);
[[nodiscard]] bool may_hang(const Fault& fault);
[[nodiscard]] double slowed_by(const Fault& fault, double latency);
[[nodiscard]] double fail_chance_of(const Fault& fault);
[[nodiscard]] bool is_uncertain(const Fault& fault);
[[nodiscard]] std::vector<FaultProblem> problems_of(const Fault& fault, const IsWritten& is_written);

// A fault that comes again: `times` in all, one each `every`. While a file is read; a scenario has them as faults of
// their own.
struct FaultRepeat {
  Duration every{0};
  std::int64_t times = 1;
  friend bool operator==(const FaultRepeat&, const FaultRepeat&) = default;
};

// What a ramp raises and lowers: the share of calls that a fault touches, or what it does to each of them.
enum class RampOf : std::uint8_t { fraction, size };

// What goes wrong, when and for whom.
struct FaultSpec {
  std::string id;
  std::vector<std::string> providers;  // empty: all of them ("*")
  Duration at{0};
  std::optional<Duration> duration;  // absent: to the end of the run
  double fraction = 1;               // of the calls that it touches
  RampOf ramp_of = RampOf::fraction;
  Duration ramp{0};               // it grows from nothing over this time
  Duration ramp_down{0};          // and falls to nothing over this time at its end
  std::int64_t min_affected = 1;  // fewer, and the run is inconclusive
  Fault settings;
  std::optional<FaultRepeat> repeat;

  [[nodiscard]] FaultKind kind() const { return kind_of(settings); }
};

}  // namespace windtunnel::sim
