#pragma once
// A run over time: every counter and gauge in steps of equal width, and the instants of what happened between them.
//
// Step i covers [i x step, (i + 1) x step) of virtual time; the last one ends with the run. Counters are what happened
// within the step; gauges are as they stood at its end, after every event before it. Quantiles are exact (nearest rank
// over all durations), and so need more requests than a short step has: they stand in `views` of view_steps steps each.
//
// Money is in pico-dollars, time in nanoseconds, everything is a whole number.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "monitor/breaker/breaker_config.h"
#include "monitor/cost_limiter.h"
#include "monitor/request.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// One number per step. A series that is shorter than the run has zeros from there on; an empty one is zero throughout.
using Series = std::vector<std::int64_t>;
// The same of money, because a step may hold more bills than the 9.2 million USD of one amount.
using MoneySeries = std::vector<Int128>;
template <class Value>
[[nodiscard]] Value value_at(const std::vector<Value>& series, std::size_t step) {
  return step < series.size() ? series[step] : 0;
}

// The upper edges of the bins of every distribution, each included in its bin; one bin more holds what is longer.
inline constexpr std::array<std::int64_t, 17> kDurationEdgesMs{100,  250,  500,  750,   1000,  1500,  2000,  2500, 3000,
                                                               4000, 5000, 7500, 10000, 15000, 20000, 30000, 60000};
inline constexpr std::size_t kDurationBins = kDurationEdgesMs.size() + 1;

// The upper edges of the bins of token counts: those that OpenTelemetry's conventions for generative AI advise.
inline constexpr std::array<std::int64_t, 14> kTokenEdges{1,     4,     16,     64,      256,     1024,     4096,
                                                          16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};
inline constexpr std::size_t kTokenBins = kTokenEdges.size() + 1;
using TokenBins = std::array<Series, kTokenBins>;

struct DurationSeries {
  std::array<Series, kDurationBins> bins;  // counts, not cumulative; their sum is the number of durations
  Series sum_ns;
};

// One number per view; without a duration in the view 0, as its `count` is.
struct QuantileSeries {
  Series count;
  Series p50_ns;
  Series p95_ns;
  Series p99_ns;
};

// Tokens that providers may price apart; they are parts of input and output.
struct TokenKindSeries {
  Series cached_input;
  Series cache_write;
  Series reasoning;
};

// The counters of monitor::RequestMetrics.
struct RequestSeries {
  std::array<Series, monitor::kOutcomes> outcomes;
  Series attempts;
  Series failed_over;
  Series input_tokens;  // of served requests
  Series output_tokens;
  TokenKindSeries token_kinds;  // of these
  // At the request's end: what the providers billed; of that, what the caller learnt; and what the limiter settled for
  // the calls whose usage is unknown.
  MoneySeries cost_picos;
  MoneySeries cost_known_picos;
  MoneySeries cost_reserved_picos;
  DurationSeries latency;              // of answered requests
  DurationSeries time_to_first_token;  // of served requests
};

// The counters of monitor::ProviderMetrics and more, counted at the end of each call.
struct ProviderSeries {
  std::array<Series, monitor::kReplyKinds> replies;
  Series input_tokens;  // of calls with known usage
  Series output_tokens;
  TokenKindSeries token_kinds;         // of these
  MoneySeries cost_picos;              // billed, by the provider's ledger
  MoneySeries cost_known_picos;        // of that, what the caller learnt
  MoneySeries cost_reserved_picos;     // what calls of unknown usage were settled for
  TokenBins input_tokens_per_call;     // of calls with known usage, if it is above 0
  TokenBins output_tokens_per_call;    // of the same calls
  DurationSeries latency;              // of calls that were ok
  DurationSeries failed_latency;       // of the others
  DurationSeries time_to_first_token;  // of calls that were ok
  QuantileSeries latency_quantiles;
  Series late_results;
  Series not_permitted;  // refusals by the breaker
  Series cooling_skips;  // passed over because of a Retry-After
  Series in_flight;      // calls; gauge
  Series opened;
  Series half_opened;
  Series closed;
  Series state;    // gauge: 0 closed, 1 half-open, 2 open
  Series open_ns;  // time spent in the state within the step
  Series half_open_ns;
};

struct Timeline {
  // Lists of instants end here, however many there were; the run's counters go on.
  static constexpr std::size_t kMomentsMax = 20'000;

  struct Provider {
    std::string name;
    std::string model;
  };
  struct Variant {
    std::string id;
    std::size_t provider = 0;
  };
  // Of features and prompts, as workloads name them.
  struct Version {
    std::string feature;
    std::string prompt;
    friend bool operator==(const Version&, const Version&) = default;
  };
  // A time in which a fault acted; no end: it acted when the run ended.
  struct Phase {
    Instant from{};
    std::optional<Instant> to;
  };
  struct Fault {
    std::string id;
    FaultKind kind{};
    std::vector<std::string> providers;  // empty: all of them
    std::int64_t phases_total = 0;       // those beyond kMomentsMax included
    std::vector<Phase> phases;
  };
  struct Transition {
    Instant at{};
    std::size_t provider = 0;
    monitor::BreakerState from = monitor::BreakerState::closed;
    monitor::BreakerState to = monitor::BreakerState::closed;
    monitor::TripRule rule = monitor::TripRule::none;
  };
  struct BudgetMoment {
    Instant at{};
    monitor::BudgetEvent event;
  };
  // How many requests went this way. Nothing as assigned: refused before the router; as answered_by: no answer.
  struct Route {
    std::optional<std::size_t> assigned;
    std::optional<std::size_t> answered_by;
    monitor::Outcome outcome = monitor::Outcome::served;
    std::int64_t requests = 0;
  };

  std::string file;
  std::string title;
  std::uint64_t hash = 0;  // of the scenario
  std::uint64_t seed = 0;
  std::uint64_t digest = 0;
  WallTime start{};  // wall-clock time of Instant{}; later wall times are start + virtual time, whatever a fault steps
  bool start_is_given = false;  // by the scenario's file: readers of a report think in wall-clock time
  Duration duration{0};         // arrivals stop here
  Instant ended{};
  bool stopped = false;  // before its end
  // Of a gateway that was tried: what goes on inside it is not observed, and the series of it are empty.
  bool from_outside = false;
  bool has_token_kinds = false;  // a call or an answer had some
  Duration step{0};
  std::size_t steps = 0;
  std::size_t view_steps = 1;
  [[nodiscard]] std::size_t views() const { return (steps + view_steps - 1) / view_steps; }

  std::vector<Provider> provider_names;
  std::string experiment;
  std::vector<Variant> variant_names;
  std::vector<std::string> route_names;  // those that callers may ask for, in file order
  std::vector<Version> version_names;    // in the order in which the file first names the pair
  std::vector<Fault> faults;
  std::optional<Usd> monthly_limit;
  std::optional<Usd> daily_limit;
  std::vector<Millionths> budget_alerts;  // the shares of a limit at which the limiter warns

  Series arrivals;
  RequestSeries requests;
  QuantileSeries latency_quantiles;  // of answered requests
  std::vector<RequestSeries> variants;
  std::vector<RequestSeries> versions;
  std::vector<RequestSeries> route_requests;  // by the route that a request asks for
  Series grants_cut;                          // by the token limiter: fewer output tokens than asked for
  Series overruns;                            // bills above their reservation
  std::vector<ProviderSeries> providers;
  // Gauges.
  Series in_flight;                 // requests
  Series in_flight_max;             // the most within the step
  MoneySeries month_settled_picos;  // of the month and the day then current
  MoneySeries month_reserved_picos;
  MoneySeries day_settled_picos;
  MoneySeries day_reserved_picos;
  Series cache_entries_held;   // expired ones too, until something removes them
  Series cache_entries_fresh;  // of these, the ones that a request would hit

  std::int64_t transitions_total = 0;
  std::vector<Transition> transitions;
  std::int64_t budget_total = 0;
  std::vector<BudgetMoment> budget;
  std::vector<Route> routes;
};

// The widths that a run is divided by.
struct TimelineWidths {
  Duration step{0};
  std::size_t view_steps = 1;
  std::size_t steps_max = 0;  // the last step takes what comes later
};
// Steps by choice, and the finest on request.
inline constexpr std::size_t kStepsByChoice = 4'000;
inline constexpr std::size_t kStepsMax = 200'000;

// The step is the least round width (1, 2, 5, 10, 15, 30 s, ...) with at most kStepsByChoice steps until the last
// request in flight has ended; below a second only in runs of less than 100 s. A view is the least round multiple of it
// that can expect 60 requests, unless that left fewer than 120 views; there are at most kStepsByChoice of them.
//
// `until`: where the run stops, if it does before its end. `step`: instead of the chosen one, above 0; it is widened by
// doubling if there were more than kStepsMax.
TimelineWidths timeline_widths(const Scenario& scenario, std::optional<Duration> until = std::nullopt,
                               std::optional<Duration> step = std::nullopt);

}  // namespace windtunnel::sim
