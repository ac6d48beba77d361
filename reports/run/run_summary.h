#pragma once
// The summary of one run: every figure that a report of a run shows, computed once. summary.txt, summary.json, the HTML
// page, JUnit and GitHub's annotations render this struct, and reading summary.json gives it back.
//
// In summary.json durations are exact decimal numbers of the unit in their name, money is an exact decimal in a string,
// shares are numbers of at most 6 decimals rounded half up, and what is not known (a percentile of nothing) is null.
// Two equal runs differ in `build` and `timing` only; summary.txt has neither.
//
// Of a trial, a gateway that was observed from outside, what goes on inside is not known either: breakers, limiters,
// cache, reservations and the counters of them are null.
//
// A member marked "text only" is not part of summary.json and is empty in a summary that was read.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "monitor/breaker/breaker_config.h"
#include "monitor/request.h"
#include "reports/run/ab_table.h"
#include "reports/run/trial_summary.h"
#include "sim/checks/findings/verdict.h"
#include "sim/world/scenario.h"
#include "sim/world/world.h"

namespace windtunnel::reports {

// The number behind "windtunnel_summary". A reader refuses any other.
inline constexpr int kSummaryVersion = 2;

struct BuildInfo {
  std::string version;   // of windtunnel
  std::string compiler;  // name and version
  std::string type;      // Release, Debug
};
// The compiler that this was built with. The build type is Release if the compiler optimised.
BuildInfo this_build(std::string version);

struct ScenarioName {
  std::string file;
  std::string title;
  std::uint64_t hash = 0;
};

// Tokens of kinds that providers may price apart.
struct TokenKindCounts {
  std::int64_t cached_input = 0;
  std::int64_t cache_write = 0;
  std::int64_t reasoning = 0;
};

struct TokenCounts {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t total = 0;
  std::optional<TokenKindCounts> kinds;  // of these; absent where there are none
};

struct LatencySummary {
  std::int64_t count = 0;
  std::optional<Duration> min;
  std::optional<Duration> avg;
  std::optional<Duration> p50;
  std::optional<Duration> p95;
  std::optional<Duration> p99;
  std::optional<Duration> max;
};

// What calls cost. The gateway does not learn all of it, and its limiter counts what it knows and what it holds.
struct CostSummary {
  UsdSum billed;  // by the providers: what it cost in truth
  UsdSum known;   // of that, the bills of calls with known usage
  // What the limiter settled for the other calls, whose bill it never learns: their reservations.
  std::optional<UsdSum> reserved = UsdSum{};
  // Every bill is known, and nothing is held in place of one.
  [[nodiscard]] bool is_all_known() const { return known == billed && reserved.value_or(UsdSum{}) == UsdSum{}; }
  friend bool operator==(const CostSummary&, const CostSummary&) = default;
};

struct RequestSummary {
  std::int64_t requests = 0;
  std::int64_t answered = 0;
  std::int64_t refused = 0;
  std::int64_t failed = 0;
  std::optional<Millionths> success_rate;
  std::array<std::int64_t, monitor::kOutcomes> outcomes{};  // by Outcome
  std::int64_t attempts = 0;
  std::int64_t failed_over = 0;
  TokenCounts tokens;
  CostSummary cost;  // of requests that have ended
  LatencySummary latency;
  LatencySummary time_to_first_token;
};

// What the providers truly billed, and how much of it the caller learnt.
struct LedgerSummary {
  UsdSum billed;
  UsdSum billed_known;
};

struct BreakerSummary {
  std::optional<monitor::BreakerState> state;  // nothing: it is off, because no rule can open it
  std::int64_t failures = 0;                   // in its window
  std::int64_t successes = 0;
  std::optional<Millionths> error_rate;
  std::int64_t consecutive_failures = 0;
  std::optional<Instant> opened_at;
  std::uint64_t epoch = 0;
  std::int64_t opened = 0;
  std::int64_t half_opened = 0;
  std::int64_t closed = 0;
  std::int64_t late_results = 0;
};

struct ProviderLedgerSummary {
  std::int64_t calls = 0;
  LedgerSummary bills;
  TokenCounts tokens;
};

struct ProviderSummary {
  std::string name;
  std::string model;
  std::int64_t calls = 0;
  std::int64_t errors = 0;
  std::optional<Millionths> error_rate;
  std::array<std::int64_t, monitor::kReplyKinds> replies{};  // by ReplyKind
  TokenCounts tokens;
  CostSummary cost;
  LatencySummary latency;
  std::optional<BreakerSummary> breaker;
  ProviderLedgerSummary ledger;
};

struct VariantSummary {
  std::string id;
  std::string provider;
  std::int64_t weight = 0;
  RequestSummary requests;
  std::optional<double> latency_mean_ms;  // text only
  std::optional<double> cost_mean_usd;    // text only
};

// A variant against the first.
struct AgainstFirstSummary {
  std::string id;
  std::optional<Interval> success_rate;
  std::optional<Interval> latency_mean_ms;
  std::optional<Interval> cost_mean_usd;
};

struct SampleRatioSummary {
  std::vector<std::int64_t> units;  // by variant
  std::optional<bool> mismatch;
  std::optional<double> chi_square;
  int degrees_of_freedom = 0;
};

struct ExperimentSummary {
  std::string id;
  std::vector<VariantSummary> variants;
  std::string intervals;                           // what kind they are
  std::vector<AgainstFirstSummary> against_first;  // of the second variant, the third, ...
  SampleRatioSummary sample_ratio;
};

struct WorkloadSummary {
  std::string name;
  std::optional<std::string> feature_version;
  std::optional<std::string> prompt_version;
  RequestSummary requests;
};

// The requests that ask for a route, after its rules.
struct RouteSummary {
  std::string name;
  RequestSummary requests;
};

// What callers who try again got, by workload.
struct ClientSummary {
  std::string name;
  std::int64_t wishes = 0;
  std::int64_t answered = 0;
  std::int64_t failed = 0;
  std::int64_t left = 0;  // their patience was over
  std::int64_t tries = 0;
  std::int64_t unread = 0;  // answers to tries that their caller had left
  std::int64_t calls = 0;
  std::optional<Millionths> amplification;  // calls for each wish
};

// All workloads of one feature and prompt version.
struct VersionSummary {
  std::optional<std::string> feature_version;
  std::optional<std::string> prompt_version;
  RequestSummary requests;
};

struct RateLimiterSummary {
  std::int64_t refused = 0;
  std::optional<std::int64_t> requests_per_minute;  // text only
  std::optional<std::int64_t> tokens_per_minute;    // text only
};

struct TokenLimiterSummary {
  std::string mode;
  std::int64_t limit = 0;
  std::int64_t settled_requests = 0;
  std::int64_t settled_tokens = 0;
  std::optional<Millionths> average;  // tokens of a request
  std::int64_t cut = 0;
  std::int64_t refused = 0;
};

struct BudgetWindowSummary {
  std::string window;  // month, day
  std::string begin;   // an ISO 8601 timestamp
  UsdSum settled;
  UsdSum reserved;
  UsdSum reserved_max;
  std::optional<Usd> limit;
  std::int64_t alerts_fired = 0;
  bool alert_by_refusal = false;  // the last alert fired because a request was refused, not because of spend
  bool refused = false;
  std::vector<Millionths> alerts;  // text only: the shares whose alert fired
};

// Calls whose usage came after they had ended.
struct LateUsageSummary {
  std::int64_t calls = 0;
  UsdSum settled;  // until then
  UsdSum billed;   // and what they were billed
};

struct CostLimiterSummary {
  std::optional<Usd> monthly;
  std::optional<Usd> daily;
  UsdSum settled;
  std::int64_t refused = 0;
  std::int64_t refused_by_reservation = 0;  // of these, what would have fitted if nothing else had been reserved
  std::int64_t overruns = 0;
  std::optional<LateUsageSummary> late_usage;  // absent: none came
  std::vector<BudgetWindowSummary> windows;    // months, then days
};

struct CacheSummary {
  std::int64_t entries_held = 0;   // expired ones too, until something removes them
  std::int64_t entries_fresh = 0;  // of these, the ones that a request would hit
  std::int64_t capacity = 0;
  std::int64_t hits = 0;
  std::int64_t misses = 0;
  std::optional<Millionths> hit_rate;
  std::int64_t stale_hits = 0;
  std::int64_t evictions = 0;
  bool on = false;  // text only
};

struct FaultSummary {
  std::string id;
  std::string kind;
  std::int64_t phases = 0;
  std::int64_t touched = 0;
  std::int64_t affected = 0;
  std::int64_t min_affected = 0;
};

struct CoverageSummary {
  std::string name;
  std::optional<std::int64_t> count;
  std::optional<std::int64_t> required;
};

struct TimingSummary {
  std::optional<Duration> wall;  // how long the run took on a real clock
  std::optional<std::int64_t> requests_per_second;
};

struct RunSummary {
  ScenarioName scenario;
  std::uint64_t seed = 0;
  std::uint64_t digest = 0;
  sim::Verdict verdict{};
  std::string replay;  // the one command that replays the run
  Instant ended{};
  bool stopped = false;
  std::uint64_t events = 0;
  std::uint64_t arrivals = 0;
  std::int64_t in_flight = 0;
  std::int64_t in_flight_max = 0;
  std::int64_t calls = 0;
  CostSummary cost;
  LedgerSummary ledger;
  RequestSummary users;
  std::vector<ProviderSummary> providers;
  std::optional<ExperimentSummary> experiment;
  std::vector<WorkloadSummary> workloads;
  std::vector<VersionSummary> versions;
  std::vector<RouteSummary> routes;    // in file order
  std::vector<ClientSummary> clients;  // of workloads with a client
  std::optional<RateLimiterSummary> rate_limiter;
  std::optional<TokenLimiterSummary> token_limiter;
  std::optional<CostLimiterSummary> cost_limiter;
  std::optional<CacheSummary> cache;
  std::vector<FaultSummary> faults;
  std::vector<CoverageSummary> coverage;
  std::vector<std::string> checks;
  std::vector<sim::Finding> findings;
  std::vector<std::string> notes;  // beside the verdict
  std::optional<TrialSummary> trial;
  BuildInfo build;
  TimingSummary timing;
  bool seed_is_the_files = true;  // JUnit only: false if the run was given another seed

  // Nothing: no counter has this name.
  [[nodiscard]] const CoverageSummary* counter(std::string_view name) const;
};

// What a run leaves behind.
struct RunReport {
  const sim::Scenario& scenario;
  const sim::RunResult& result;
  const sim::Judgement& judgement;
  std::string replay;
  BuildInfo build;
  std::optional<Duration> wall;
  const AbSamples* samples = nullptr;  // needed if the scenario has an experiment
  // Of a trial: what was counted outside. The result's pipeline, which took no part, is then not asked.
  const monitor::Metrics* seen = nullptr;
  std::vector<std::string> unseen_counters = {};  // of the coverage
};

RunSummary run_summary(const RunReport& report);

// summary.txt is written with the defaults.
struct TextStyle {
  bool color = false;   // ANSI escapes around states and verdicts
  bool unicode = true;  // the seed's coloured marks; without it plain ASCII ones
};

// The seed's statistics block, what we add to it, and the verdict.
std::string summary_text(const RunSummary& summary, TextStyle style = {});
// "97.0 % of 3,000 requests", and before it the wishes of callers that have a client.
std::string answered_text(const RunSummary& summary);
// Ends with a newline.
std::string summary_json(const RunSummary& summary);
// Throws ReportError if the text is no whole summary of version kSummaryVersion; the message names the figure that is
// missing or of a wrong type. `name` is for the message.
RunSummary read_run_summary(std::string_view text, const std::string& name);

}  // namespace windtunnel::reports
