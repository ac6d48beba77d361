#pragma once
// What a monitor has counted, at one moment: plain numbers for programs, and the seed's block of text for people. A
// simulated run ends with the same block.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "monitor/breaker/breaker_config.h"
#include "monitor/pipeline.h"
#include "monitor/request.h"

namespace windtunnel::monitor {

// Nothing while there is nothing to measure.
struct LatencyStats {
  std::optional<Duration> p50;
  std::optional<Duration> p95;
  std::optional<Duration> p99;
  std::optional<Duration> average;
  std::optional<Duration> min;
  std::optional<Duration> max;
};
LatencyStats latency_stats(const Histogram& histogram);

struct BreakerStats {
  BreakerState state = BreakerState::closed;
  std::int64_t failures = 0;  // over the breaker's window, as are the next two
  std::int64_t successes = 0;
  std::int64_t calls = 0;
  std::optional<WallTime> opened_at;  // nothing once it has closed
  bool is_off = false;                // no rule can open it
};

struct ProviderStats {
  std::string name;
  std::string model;
  std::int64_t requests = 0;  // calls, successful and failed
  std::int64_t successes = 0;
  Tokens input;  // of calls of known usage, as is the cost
  Tokens output;
  UsdSum cost;
  UsdSum cost_unknown;   // what calls of unknown usage were settled for
  LatencyStats latency;  // of successful calls
  BreakerStats breaker;
};

// The requests of one pair of versions.
struct LabelStats {
  std::string feature_version;
  std::string prompt_version;
  std::int64_t requests = 0;
  std::int64_t answered = 0;
  UsdSum cost;
};

// An account of the cost limiter.
struct BudgetStats {
  UsdSum spent;
  UsdSum reserved;
  std::optional<Usd> limit;
};

struct MonitorStats {
  std::int64_t total_requests = 0;  // calls, across all providers
  UsdSum total_cost;                // of calls of known usage, across all providers
  std::vector<ProviderStats> providers;
  std::array<std::int64_t, kOutcomes> outcomes{};  // user requests, by Outcome
  std::vector<LabelStats> labels;                  // the first one: without versions, and of those not counted apart
  BudgetStats month;                               // that it is now, also before its first request
  BudgetStats day;
  Tokens settled_tokens;  // of served requests, as the token limiter counts
  std::int64_t settled_requests = 0;
  std::int64_t requests_in_flight = 0;  // with tokens reserved
  std::int64_t cache_hits = 0;
  std::int64_t cache_stale_hits = 0;
  std::int64_t cache_misses = 0;
  std::int64_t bills_above_reservation = 0;
  std::int64_t replies_late = 0;      // came after their deadline and were counted as timeouts
  std::int64_t requests_invalid = 0;  // never entered the pipeline: no record, no line
  std::int64_t log_lines_lost = 0;

  [[nodiscard]] std::int64_t count(Outcome outcome) const { return outcomes[static_cast<std::size_t>(outcome)]; }
  [[nodiscard]] std::int64_t user_requests() const;
};

// What the pipeline counts, as it stands at `now`, which the calendar calls `wall`; the rest is the driver's.
MonitorStats stats_of(const Pipeline& pipeline, Instant now, WallTime wall);

// "🟢 closed".
std::string marked_state(BreakerState state);

struct StatsStyle {
  std::function<std::string(BreakerState)> state = marked_state;
  bool outcomes = false;  // with the requests by outcome, which the seed does not print
  bool breakers = true;   // false: they are not observed, and the block says so
};
inline constexpr std::size_t kStatsWidth = 60;

// The block of text, as the seed prints it.
std::string stats_text(const MonitorStats& stats, const StatsStyle& style = {});

}  // namespace windtunnel::monitor
