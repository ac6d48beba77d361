#pragma once
// A forecast for people, for programs and for spreadsheets: every figure that a report of a forecast shows, computed
// once. forecast.txt, forecast.json, forecast.csv and the HTML page render this struct, and reading forecast.json gives
// it back, with the digits that the file has.
//
// No figure stands without its 95 % interval; in text as a half-width after +-. A chance that never showed is not 0: it
// is printed as "< 3/n" of n replications, and one that always did as "> 1 - 3/n". In forecast.json money is in USD,
// each estimate is {value, low, high, half_width}, and what the replications are too few to estimate is null. Two equal
// forecasts differ in `build` and `timing` only.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "reports/run/run_summary.h"
#include "sim/forecast/forecast.h"
#include "sim/forecast/headroom.h"

namespace windtunnel::reports {

// The number behind "windtunnel_forecast". A reader refuses any other.
inline constexpr int kForecastVersion = 2;

// In USD, in milliseconds, in days or as a share. Infinite: never.
struct EstimateSummary {
  double value = 0;
  double low = 0;  // of the 95 % interval
  double high = 0;
  double half_width = 0;
};

struct MoneyQuantile {
  UsdSum value;
  UsdSum low;
  UsdSum high;
  double half_width_usd = 0;
};

struct MoneyQuantilesSummary {
  std::optional<MoneyQuantile> p10;
  std::optional<MoneyQuantile> p50;
  std::optional<MoneyQuantile> p90;
};

// A share of replications or of requests. Where none or all had it, the value is a bound: above the share (`bound` is
// "upper") or below it ("lower"). No value: there are too few for a bound.
struct ChanceSummary {
  std::optional<double> value;
  std::optional<std::string> bound;
  double low = 0;
  double high = 0;
  std::optional<double> half_width;  // nothing: the value is a bound, about which nothing lies
  std::string text;                  // "< 0.3%", "5.2% ±1.4"

  [[nodiscard]] bool never_showed() const { return bound == "upper" || (!value && low == 0); }
};

struct ShareChance {
  Millionths share;  // of the monthly budget
  ChanceSummary chance;
};

// Timestamps, or "not within horizon".
struct DateSummary {
  std::string value;
  std::string low;
  std::string high;
  std::optional<double> half_width_days;
};

struct DatesSummary {
  std::optional<DateSummary> p10;
  std::optional<DateSummary> p50;
  std::optional<DateSummary> p90;
};

// How it came to this number of replications.
struct ForecastStop {
  std::string until;       // the rule as written
  std::int64_t every = 0;  // it was judged after each so many replications
  bool reached = false;    // false: the most replications were made, and the target was not reached
};

struct CostSpreadSummary {
  std::vector<std::string> shared;  // what `demand` is made of; empty: nothing
  std::optional<EstimateSummary> all;
  std::optional<EstimateSummary> demand;
  std::optional<EstimateSummary> request_noise;
  std::int64_t twins = 0;

  // "demand and sticky users".
  [[nodiscard]] std::string shared_words() const;
};

struct ForecastCost {
  std::optional<EstimateSummary> mean;
  MoneyQuantilesSummary quantiles;
  // The 95 % prediction interval: of one horizon to come, not of a mean.
  std::optional<MoneyQuantile> p2_5;
  std::optional<MoneyQuantile> p97_5;
  CostSpreadSummary sd;
};

struct ForecastBudget {
  Usd monthly;
  std::vector<std::pair<std::string, Usd>> spent_before;  // by provider
  std::vector<ShareChance> p_exceed;                      // the last share is 1
  DatesSummary used_up;
};

struct ForecastDaySummary {
  std::string date;
  MoneyQuantilesSummary month_to_date;
  std::vector<ShareChance> p_exceed;
};

struct SpendLineSummary {
  std::string name;
  std::optional<EstimateSummary> cost;
};

struct ProviderSpendSummary {
  std::string name;
  std::optional<EstimateSummary> cost;
  std::optional<EstimateSummary> settled;  // what the budget counts of it
};

struct SpendSummary {
  std::vector<ProviderSpendSummary> by_provider;
  std::vector<SpendLineSummary> by_variant;
  std::vector<SpendLineSummary> by_feature_version;
  std::vector<SpendLineSummary> by_cause;
};

// Over the requests of all replications together.
struct PooledLatencySummary {
  std::int64_t count = 0;
  std::optional<Duration> min;
  std::optional<Duration> avg;
  std::optional<Duration> max;
  std::optional<Duration> p50;
  std::optional<Duration> p90;
  std::optional<Duration> p95;
  std::optional<Duration> p99;
};

// Milliseconds, of one replication.
struct ForecastLatency {
  std::optional<EstimateSummary> p50;
  std::optional<EstimateSummary> p90;
  std::optional<EstimateSummary> p95;
  std::optional<EstimateSummary> p99;
  PooledLatencySummary pooled;
};

struct HeadroomTrialSummary {
  std::int64_t rate_thousandths = 1000;
  std::int64_t replications = 0;
  ChanceSummary broken;
};

struct HeadroomLimitSummary {
  std::string limit;
  std::string share_of;   // what `broken` is a share of: replications or requests
  double broken_max = 0;  // the largest such share that keeps the limit
  std::optional<std::int64_t> rate_thousandths;
  bool bounded = true;
  bool confirmed = false;
  bool refuted_beyond = false;
  std::optional<HeadroomTrialSummary> at_edge;
  std::optional<HeadroomTrialSummary> beyond;
  std::vector<HeadroomTrialSummary> tried;
};

struct HeadroomSummary {
  std::optional<HeadroomLimitSummary> budget;
  std::optional<HeadroomLimitSummary> latency;
  std::optional<HeadroomLimitSummary> failures;
  std::optional<HeadroomLimitSummary> refusals;

  // Those that there are, in this order.
  [[nodiscard]] std::vector<const HeadroomLimitSummary*> limits() const;
};

struct ForecastFindingSummary {
  std::string metric;
  std::string threshold;
  sim::Verdict verdict{};
  std::optional<EstimateSummary> estimate;
  std::string reason;  // why it is inconclusive; else empty
  sim::Origin origin;  // text only: empty in a summary that was read

  [[nodiscard]] bool is_time() const { return metric.starts_with("forecast.request_duration"); }
  [[nodiscard]] bool is_chance() const { return metric.starts_with("forecast.p_exceed"); }
};

struct ShareFactor {
  Millionths share;  // of the monthly budget
  double factor = 1;
};

// How many times the replications plain estimates would take for the same precision.
struct VarianceReductionSummary {
  std::vector<std::string> controls;  // empty: too few replications, or nothing to control by
  double mean_factor = 1;
  std::vector<ShareFactor> p_exceed_factors;
};

struct ForecastTiming {
  std::optional<Duration> wall;
};

struct ForecastSummary {
  ScenarioName scenario;
  std::uint64_t seed = 0;
  std::uint64_t digest = 0;
  sim::Verdict verdict{};
  std::string replay;  // the one command that does it again
  std::string start;   // an ISO 8601 timestamp
  Duration horizon{};
  std::int64_t replications = 0;
  Millionths confidence{950'000};
  std::optional<ForecastStop> stopping;
  std::optional<VarianceReductionSummary> reduction;  // nothing: a plain forecast
  bool demand_is_uncertain = false;
  std::vector<std::string> notes;                // of the intervals first, then the report's own
  ForecastCost cost;                             // what the providers bill
  std::optional<EstimateSummary> cost_known;     // of that, what the gateway learns; mean
  std::optional<EstimateSummary> cost_reserved;  // what the budget counts for the other calls; mean

  // The budget counts another sum than the providers bill.
  [[nodiscard]] bool has_unknown_bills() const;
  std::optional<ForecastBudget> budget;
  std::vector<ForecastDaySummary> days;
  SpendSummary spend;
  std::optional<EstimateSummary> requests;
  std::optional<ChanceSummary> answered;  // of all requests
  std::optional<ChanceSummary> availability;
  std::array<std::optional<ChanceSummary>, monitor::kOutcomes> outcomes;  // by Outcome: shares of all requests
  ForecastLatency latency;
  std::optional<HeadroomSummary> headroom;
  std::vector<ForecastFindingSummary> findings;
  BuildInfo build;
  ForecastTiming timing;
};

// What a forecast leaves behind.
struct ForecastReport {
  const sim::Forecast& forecast;
  std::optional<ForecastStop> stop;
  std::optional<sim::Headroom> headroom;
  std::vector<std::string> notes;   // further notes for the reader
  std::vector<std::string> causes;  // by outcome, what brings it about; empty: not known
  std::string replay;
  BuildInfo build;
  std::optional<Duration> wall;
};

ForecastSummary forecast_summary(const ForecastReport& report);

std::string forecast_text(const ForecastSummary& forecast, TextStyle style = {});
// Ends with a newline.
std::string forecast_json(const ForecastSummary& forecast);
// A line for each day: spend of the month so far, and the chances that shares of the budget were reached.
std::string forecast_csv(const ForecastSummary& forecast);
// Throws ReportError if the text is no whole forecast of version kForecastVersion; the message names the figure that is
// missing or of a wrong type. `name` is for the message.
ForecastSummary read_forecast_summary(std::string_view text, const std::string& name);

}  // namespace windtunnel::reports
