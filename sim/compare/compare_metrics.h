#pragma once
// What a comparison measures in one run, and the observer that measures it. Of every metric less is better.
//
// Where a fault fails fewer than half of a provider's calls, share_phases.h measures failover and recovery instead.
//
// A provider is *down* while a fault acts on it that by itself fails at least half of its calls: an outage, flapping,
// random_outages, malformed, truncated or error_burst whose chance to touch and fail a call (fraction x severity or
// rate) is 1/2 or more, from where its ramp passes 1/2. The two states of gilbert_elliott, throttle, brownout and
// latency_spike never make a provider down. A *down phase* is a longest time in which one provider is down without a
// break; a phase counts only if its breaker was asked for the provider in it, because an idle breaker shows nothing
// about a provider that is not called. A metric that a run has no data for is absent from it, never 0.

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "sim/checks/findings/verdict.h"
#include "sim/compare/share_phases.h"
#include "sim/forecast/replication.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

enum class CompareMetric : std::uint8_t {
  // Mean over the down phases: from a phase's begin to the instant at which the provider's breaker opens, 0 if it is
  // open then. Where it never opens, the phase's whole length (to the end of the run at most), and the phase is counted
  // as missed: the true time is at least that. Absent: no down phase counts. Whether another provider is there to take
  // over is not asked: with one provider it is the time until callers are refused at once instead of waiting for a
  // failure.
  time_to_failover,
  // Calls that started while their provider was down, or a fault that fails some of its calls acted on it, and were not
  // answered ok, probes included. 0 if none ever was; where no run has such a call at all, a rule is undecided.
  wasted_calls,
  // Calls that were not answered ok, whenever and why: `provider_errors` of the thresholds.
  provider_errors,
  // Calls by requests that arrived. Absent: none arrived.
  amplification,
  // Calls that a breaker admitted in HALF_OPEN. 0 if none ever opened.
  probes,
  // The most of them in flight at once at one provider, those included that outlive HALF_OPEN.
  probes_in_flight,
  // Requests that ended unanswered, refusals by our own limiters not among them: `requests_failed` of the thresholds.
  requests_lost,
  // Requests that arrived while a fault's window (`at` to `at` + `duration`) was open and ended unanswered, by all that
  // arrived then. Neither counts what our own limiters refused. Absent: none arrived then.
  error_rate_in_fault,
  // The same of requests that arrived after the end of a window, while none was open. Absent: none arrived then.
  error_rate_after_fault,
  // Requests that our own limiters refused.
  requests_refused,
  // Nearest rank over the latency of answered requests, within the histogram's 0.1 %. Absent: none was answered.
  p95,
  // What the providers truly billed, whatever the caller learnt of it.
  cost_usd,
  // Mean over the down phases that end before the run does: from a phase's end to the first instant at which the
  // provider's breaker is CLOSED, 0 if it is closed then (also if it never opened). Where it does not close before the
  // provider's next down phase or the end of the run, the time until then, and the phase is counted as missed: the true
  // time is at least that. Absent: no such phase counts.
  recovery_time,
  // Of a forecast with a monthly budget only: 1 if it was spent before the end of a month, else 0, so that the mean is
  // the probability.
  p_exceed,
  // Checks with at least one violation in the run, liveness (V1) among them. The run goes on after a violation.
  checks_violated,
};
inline constexpr std::size_t kCompareMetrics = 15;

enum class CompareUnit : std::uint8_t { nanoseconds, count, dollars, ratio, share };

struct CompareMetricEntry {
  CompareMetric metric{};
  std::string_view name;     // "time_to_failover"
  std::string_view heading;  // "Failover": short, for tables
  CompareUnit unit{};
  std::string_view sentence;  // for people who ask what it means
};
// In the order of CompareMetric.
std::span<const CompareMetricEntry> compare_metrics();
const CompareMetricEntry& entry_of(CompareMetric metric);
std::optional<CompareMetric> compare_metric_named(std::string_view name);

// The metrics of one run in their unit; nothing: no data.
using CompareValues = std::array<std::optional<double>, kCompareMetrics>;

// Whether the settings leave the metric nothing to count or to sum: it is 0 in any run.
[[nodiscard]] bool is_ruled_out(const Scenario& scenario, CompareMetric metric);

// Of one replication of a forecast: p95, cost_usd, amplification, requests_lost, requests_refused and, with a budget,
// p_exceed. No observer watches its breakers, and no check runs.
[[nodiscard]] CompareValues values_of(const Replication& replication, const ForecastFrame& frame);

// Down phases and partial ones (share_phases.h).
struct DownPhases {
  std::int64_t counted = 0;
  std::int64_t failover_missed = 0;  // the breaker did not open, the requests did not move
  std::int64_t ended = 0;            // of those counted, before the run did
  std::int64_t recovery_missed = 0;  // of those ended: the breaker did not close, the requests did not come back
  friend bool operator==(const DownPhases&, const DownPhases&) = default;
};

// Watches one run.
//
//   CompareMeasure measure{scenario};
//   const RunResult result = run(scenario, {.observers = {&measure, ...}});
//   const CompareValues values = measure.values(result, judgement);
class CompareMeasure final {
 public:
  // `scenario` must outlive this.
  explicit CompareMeasure(const Scenario& scenario);

  void on(const monitor::PermitAsked& event);
  void on(const monitor::AttemptStarted& event);
  void on(const monitor::AttemptEnded& event);
  void on(const monitor::BreakerMoved& event);
  void on(const FaultChanged& event);
  void on(const monitor::Record& record);

  // After a run to its end, once.
  [[nodiscard]] CompareValues values(const RunResult& result, const Judgement& judgement);
  // After values().
  [[nodiscard]] const DownPhases& down_phases() const { return phases_; }
  // Calls that wasted_calls would count if they were not answered ok.
  [[nodiscard]] std::int64_t calls_in_faults() const { return calls_in_faults_; }

 private:
  // A fault that acts now and makes the provider down from an instant on.
  struct Acting {
    std::size_t fault = 0;
    Instant from{};
  };
  struct Phase {
    Instant begin{};
    std::optional<Instant> end;
    std::optional<Duration> to_open;
    bool asked = false;
  };
  struct Watch {
    std::vector<Acting> acting;
    std::optional<Phase> phase;  // the one that lasts, or the latest one while its breaker has not closed again
    monitor::BreakerState state = monitor::BreakerState::closed;
    std::set<RequestId> probes;         // in flight
    std::set<RequestId> down_attempts;  // in flight, started while it was down
  };

  [[nodiscard]] Watch& at(monitor::ProviderId provider, Instant now);
  void advance(Watch& watch, Instant now);
  void begin_phase(Watch& watch, Instant at);
  void end_phase(Watch& watch, Instant at);
  void settle(Watch& watch, std::optional<Instant> closed, Instant until);

  // Requests, without those that our own limiters refused.
  struct Callers {
    std::int64_t all = 0;
    std::int64_t failed = 0;
  };

  const Scenario& scenario_;
  Instant run_end_;
  SharePhases shares_;
  Callers in_fault_;
  Callers after_fault_;
  std::int64_t calls_ = 0;
  std::int64_t failed_calls_ = 0;
  std::vector<Watch> watches_;                                // by provider
  std::vector<std::vector<std::size_t>> providers_of_fault_;  // only of faults that can make a provider down
  bool probe_admitted_ = false;                               // by the latest permit
  DownPhases phases_;
  Duration failover_sum_{0};
  Duration recovery_sum_{0};
  std::int64_t calls_in_faults_ = 0;
  std::int64_t wasted_ = 0;
  std::int64_t probes_ = 0;
  std::size_t probes_in_flight_max_ = 0;
};

}  // namespace windtunnel::sim
