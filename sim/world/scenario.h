#pragma once
// One world, as a scenario file states it: providers, load, faults, the monitor's settings and what must hold.
//
// Plain values, already checked and with every default filled in; scenarios/ reads and writes them, a test may build
// them by hand. Where each value came from is kept beside them, by JSON pointer, so that a later finding can name its
// line.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "monitor/config.h"
#include "monitor/request.h"
#include "sim/faults/fault.h"
#include "sim/faults/rate_window.h"
#include "sim/kernel/dice.h"
#include "sim/kernel/law.h"
#include "sim/load/workload.h"
#include "sim/service/gateway_spec.h"
#include "sim/service/server_spec.h"

namespace windtunnel::sim {

// The place a value was written: line and column count from 1; 0 means that it is a default.
struct Origin {
  std::string file;
  int line = 0;
  int column = 0;
  std::string pointer;  // RFC 6901
};

// --- Providers -----------------------------------------------------------------------------------------------------

enum class FailureBill : std::uint8_t { none, input };        // what a failed call bills when its usage is known
enum class TimeoutBill : std::uint8_t { full, input, none };  // of the work for a call whose caller gave up waiting
// What a provider does with a call whose caller gave up waiting: the work goes on and holds its place, or it stops.
enum class Disconnect : std::uint8_t { go_on, stop };

// How likely each failure is for a call that no fault touches, in the order of ReplyKind; the rest succeeds.
struct ErrorMix {
  std::vector<std::pair<monitor::ReplyKind, double>> rates;
  friend bool operator==(const ErrorMix&, const ErrorMix&) = default;
};

// A provider without models, or one of a provider's models: a deployment, named "provider/model".
struct ProviderSpec {
  std::string name;
  std::string account;  // the provider of a deployment; empty: this is a provider without models
  std::string profile;  // the shipped profile that it started from; empty: none
  std::string model;
  Law time_to_first_token;    // nanoseconds
  Law time_per_output_token;  // nanoseconds a token, drawn once per call
  std::vector<monitor::DatedTariff> tariffs;
  ErrorMix errors;
  double errors_cv = 0;                            // of a factor of all their rates that is drawn once for the run
  double usage_missing = 0;                        // the share of answers that come without their usage
  double usage_late = 0;                           // of the others, the share whose usage comes after the answer
  Duration usage_delay = std::chrono::minutes{1};  // so long after it
  FailureBill bill_on_failure = FailureBill::none;
  TimeoutBill bill_on_timeout = TimeoutBill::full;
  Disconnect on_disconnect = Disconnect::go_on;
  std::optional<std::int64_t> concurrency;  // calls served at once; absent: no limit
  std::int64_t queue = 0;                   // calls that may wait for a place; beyond it: overloaded
  std::optional<Duration> queue_timeout;    // of the wait alone; then: overloaded
  RateLimit rate_limit;
  std::string quota;                             // deployments with the same word share one rate limit; empty: its own
  std::optional<Tokens> context_window;          // input and requested output beyond it are refused
  std::optional<Duration> attempt_timeout;       // instead of provider_call.timeout
  std::optional<std::int32_t> max_attempts;      // instead of provider_call.max_attempts
  std::optional<Duration> first_token_timeout;   // likewise
  std::optional<Duration> idle_timeout;          // likewise
  std::optional<monitor::RetryConfig> backoff;   // likewise; its max_attempts has no say
  std::optional<monitor::NamedBreaker> breaker;  // instead of circuit_breaker
  std::optional<EndpointSpec> endpoint;          // of the true provider, for a gateway that serves this file
  std::vector<ProviderSpec> models;              // while a file is read or written; a scenario has their deployments
};

// The quota whose minutes a provider's calls are counted in: the place of the first provider that shares it.
[[nodiscard]] inline std::size_t quota_of(const std::vector<ProviderSpec>& providers, std::size_t provider) {
  if (providers[provider].quota.empty()) return provider;
  std::size_t first = 0;
  while (providers[first].quota != providers[provider].quota) ++first;
  return first;
}

// --- What must hold ------------------------------------------------------------------------------------------------

enum class Metric : std::uint8_t {
  requests,
  requests_failed,
  requests_refused,
  request_duration,
  time_to_first_token,
  provider_calls,
  provider_errors,
  cost_usd,           // what the providers billed
  cost_known_usd,     // of that, what the gateway learns
  cost_reserved_usd,  // what the limiter holds for the calls whose bill it never learns
  tokens,
  breaker_opened,
  failovers,
  cache_hits,
  amplification,  // provider calls for each wish: a further try of a caller is no wish of its own
  provider_wait,  // of each call, the time in its provider's queue: 0 where it finds a place at once
};
enum class Aggregate : std::uint8_t { count, rate, avg, min, med, max, percentile, value };
enum class Comparison : std::uint8_t { less, less_equal, greater, greater_equal, equal, not_equal };

// A figure of a forecast, over its replications.
enum class ForecastQuantity : std::uint8_t {
  p_exceed,            // the chance that the month's spend reaches `share` of the monthly budget within the horizon
  cost_usd,            // spend over the horizon
  requests_failed,     // of those that our own limiters did not refuse
  requests_refused,    // by our own limiters
  request_duration,    // a percentile of a replication's answered requests, averaged over replications
  days_to_exhaustion,  // from the start until the monthly budget is used up
};

// `p(95)<3s` of request_duration{provider:openai}, as the k6 grammar writes it.
struct ThresholdSpec {
  std::string text;    // the expression as written
  std::string metric;  // with its tags, as written
  Metric of = Metric::requests;
  std::optional<ForecastQuantity> forecast;  // of a forecast; then `of` is not used
  Millionths share{1'000'000};               // of p_exceed
  // Tags. `provider` is of a request the target that it was assigned, of a call or a breaker its own; `served_by` is
  // the provider of a request's last call or of its cached answer.
  std::optional<std::string> provider;
  bool is_deployment = false;  // `provider` was written as `deployment`, which is the same word for one target
  std::optional<std::string> served_by;
  std::optional<std::string> route;  // that the request asked for, after its rules
  std::optional<std::string> variant;
  std::optional<monitor::Outcome> outcome;
  std::optional<std::string> team;   // of a request's caller; only limits give it one
  std::optional<std::string> limit;  // that refused it
  Aggregate aggregate = Aggregate::count;
  Millionths percentile{0};  // of 1: p(95) is 950'000
  Comparison comparison = Comparison::less;
  // Exact. Of durations: whole nanoseconds. Of everything else: millionths of the metric's unit, so that 0.01 of a rate
  // is 10'000, a count of 5 is 5'000'000 and 12 USD are 12'000'000.
  std::int64_t bound = 0;
  std::int64_t bound_picos = 0;       // of money: pico-dollars beyond those millionths, below 1'000'000
  std::optional<std::string> during;  // a fault's id
  std::optional<std::string> after;   // a fault's id
  std::optional<Duration> skip;
  std::optional<Duration> window;
  Origin origin;
};

struct LivenessSpec {
  Duration heal_at{0};
  Duration recover_within = std::chrono::seconds{60};
  double success_rate = 0.95;
};

// --- Replicas ------------------------------------------------------------------------------------------------------

// How replicas of the gateway see what the others know. Nothing: each knows its own; 0: they know it at once; else what
// the others know is so old.
using Sharing = std::optional<Duration>;

// Gateways behind a balancer that gives each the next request in turn.
struct ReplicasSpec {
  std::int64_t count = 1;
  Sharing spend;     // of the monthly and daily budget
  Sharing limits;    // of the list of limits
  Sharing breakers;  // results of calls, and Retry-After
  Sharing usage;     // what lowest_usage and least_busy compare
  Sharing latency;   // what lowest_latency compares
  friend bool operator==(const ReplicasSpec&, const ReplicasSpec&) = default;
};
inline constexpr std::int64_t kReplicasMax = 16;

// What a swarm leaves as the file states it.
enum class SwarmPart : std::uint8_t {
  start,
  duration,
  rate_limiter,
  token_limiter,
  cost_limiter,
  ab_router,
  cache,
  circuit_breaker,
  provider_call,
  providers,
  workload,
  faults,
  routes,
  limits,
  replicas,
};
inline constexpr std::size_t kSwarmParts = 15;

// From what the worlds of a swarm are drawn. Every other setting is drawn too, from values that the swarm lists.
struct ExploreSpec {
  std::vector<SwarmPart> keep;
  Range<Duration> duration{std::chrono::seconds{60}, std::chrono::seconds{400}};
  Range<Millionths> rate{Millionths{1'000'000},
                         Millionths{10'000'000}};  // requests a second, of all workloads together
  Range<std::int64_t> providers{1, 3};
  Range<std::int64_t> faults{0, 6};
  std::vector<FaultKind> fault_kinds;  // empty: all
  // Times and latencies are whole multiples of one of these, so that events fall on the same instants; 0: of none.
  std::vector<Duration> time_grids{Duration{0}, std::chrono::milliseconds{100}, std::chrono::seconds{1}};
  Range<Duration> timeout{std::chrono::milliseconds{500}, std::chrono::seconds{30}};
  Range<Duration> open{std::chrono::milliseconds{500}, std::chrono::seconds{40}};
  friend bool operator==(const ExploreSpec&, const ExploreSpec&) = default;
};

// The `--set` under which the file must end otherwise: the proof that its claim can fail.
struct Counterexample {
  std::vector<std::string> set;  // path=value
  int exit = 0;
  std::string why;
};

struct Scenario {
  std::string file;  // as named on the command line
  std::string title;
  std::string description;
  std::uint64_t seed = 1;
  WallTime start{};
  Duration duration = std::chrono::minutes{10};
  Usd month_spent;  // of the budget of the month of `start`, before the run
  monitor::MonitorConfig monitor;
  std::string breaker_preset = "seed-readme";
  // The preset whose claims the checks hold the breaker to; absent: its own settings.
  std::optional<std::string> breaker_held_to;
  // Another program that keeps the breakers, one process for each provider; it works in the scenario's folder. The
  // settings of monitor.circuit_breaker, which must be in whole milliseconds, are what it is asked for and judged by.
  std::vector<std::string> breaker_command;
  // Deployments in file order. Without routes the first is the default, and the others fail over in this order.
  std::vector<ProviderSpec> providers;
  ReplicasSpec replicas;
  std::vector<WorkloadSpec> workloads;
  std::vector<FaultSpec> faults;
  std::vector<ThresholdSpec> thresholds;
  std::vector<ThresholdSpec> forecast_thresholds;  // of `forecast.*`: only a forecast evaluates them
  std::optional<LivenessSpec> liveness;
  std::map<std::string, std::int64_t> coverage;  // counter -> least
  ExploreSpec explore;
  ServerSpec server;
  std::optional<Counterexample> counterexample;
  std::optional<GatewaySpec> gateway;     // that `trial` tries
  std::map<std::string, Origin> origins;  // by JSON pointer; of a key in another spelling the place of that one
  std::vector<std::string> warnings;      // ready to print: allowed, but probably not meant
  std::uint64_t hash = 0;                 // of the file's text with its `--set`s
};

// The settings of each deployment's breaker: those of a route that leads to it, else its own, else circuit_breaker.
[[nodiscard]] std::vector<monitor::BreakerConfig> breakers_of(const Scenario& scenario);

// The route that a workload's requests ask for, by the rules that its tags match.
[[nodiscard]] monitor::RouteId route_of(const Scenario& scenario, const WorkloadSpec& workload);
// The same of each of its rows; empty: none of them names a route.
[[nodiscard]] std::vector<monitor::RouteId> routes_of_rows(const Scenario& scenario, const WorkloadSpec& workload);
// Requests of one workload ask for several routes.
[[nodiscard]] bool has_routes_of_rows(const Scenario& scenario);

// The gateway may learn after an answer what it was billed.
[[nodiscard]] inline bool has_late_usage(const Scenario& scenario) {
  return std::ranges::any_of(scenario.providers, [](const ProviderSpec& spec) { return spec.usage_late > 0; }) ||
         std::ranges::any_of(scenario.faults, [](const FaultSpec& fault) { return delays_usage(fault.settings); });
}

}  // namespace windtunnel::sim
