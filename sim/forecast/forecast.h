#pragma once
// The figures of a set of replications: each with its 95 % interval, computed once, in the order of the replications.
//
// Money is in pico-dollars, time in nanoseconds, shares are of 1. Which interval belongs to which figure, and why, is
// described in sim/statistics. Replications are independent, so that the intervals hold whatever happens
// inside one.
//
// Demand and request noise. A month differs from another for two reasons: the environment that its requests share
// (level of demand, day factors, bursts, outages, who the sticky users are) and the noise of each request (arrival,
// length, arm, error). By the law of total variance Var(Y) = Var(E[Y | environment]) + E[Var(Y | environment)]. Every
// tenth replication has a twin Y' with the same environment and other noise, so that (Y - Y')^2 / 2 is an unbiased
// estimate of the second term, whatever limiters and caches do to independence; what is left of Var(Y) is the first.
// (Summing squared bills, which needs no twin, is right only while requests do not affect each other.) Without a drawn
// environment all of it is request noise.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/checks/findings/verdict.h"
#include "sim/forecast/replication.h"
#include "sim/statistics/statistics.h"

namespace windtunnel::sim {

// Replications 0 to size - 1, without their histograms, which are merged.
struct ReplicationSet {
  ForecastFrame frame;
  std::vector<Replication> all;
  Histogram latency;
  DemandReference reference = {};  // of the control variates; grows with the replications
};

template <class Value>
struct QuantilesOf {
  std::optional<QuantileOf<Value>> p10;
  std::optional<QuantileOf<Value>> p50;
  std::optional<QuantileOf<Value>> p90;
};
using MoneyQuantiles = QuantilesOf<Int128>;
using TimeQuantiles = QuantilesOf<std::int64_t>;

struct ForecastRow {
  ForecastDay day;
  MoneyQuantiles month_to_date;
  std::vector<Estimate> crossed;  // by share; empty without a budget
};

// Part of the cost. `settled`: what the budget counts of it, of providers only.
struct SpendLine {
  std::string name;
  std::optional<Estimate> cost;
  std::optional<Estimate> settled;
};

struct Spread {
  std::optional<Estimate> all;
  std::optional<Estimate> demand;
  std::optional<Estimate> noise;
  std::size_t twins = 0;
};

// A forecast's judgement of one threshold.
struct ForecastFinding {
  ThresholdSpec threshold;
  std::optional<Estimate> estimate;  // in the unit of the bound: USD, ns, days, or a share
  Verdict verdict = Verdict::inconclusive;
  bool selects_nothing = false;  // the provider was never called, or the variant has no request
  std::string lack = {};         // why nothing could break what holds, which then is inconclusive
};

// What control variates gained: how many times the replications the plain estimate would take for the same precision.
struct VarianceReduction {
  std::vector<std::string> controls;  // "demand", "counts"; empty: too few replications
  double cost = 1;                    // of the mean
  std::vector<double> p_exceed;       // by share
};

struct Forecast {
  ForecastFrame frame;
  std::size_t replications = 0;
  std::uint64_t digest = 0;  // of the replications' digests, in order
  std::optional<Estimate> requests;
  std::optional<Estimate> cost;           // mean of what the providers bill
  std::optional<Estimate> cost_known;     // of that, what the gateway learns
  std::optional<Estimate> cost_reserved;  // what the budget counts for the calls whose bill it never learns
  MoneyQuantiles cost_quantiles;
  // The 95 % prediction interval, within which 95 % of the replications lie; nothing: they are fewer than 146.
  std::optional<QuantileOf<Int128>> cost_p2_5;
  std::optional<QuantileOf<Int128>> cost_p97_5;
  Spread cost_sd;
  std::vector<Estimate> p_exceed;  // by share, in any month of the horizon; empty without a budget
  TimeQuantiles exhaustion;        // kNever: not within the horizon
  std::vector<ForecastRow> days;
  std::vector<SpendLine> providers;
  std::vector<SpendLine> variants;
  std::vector<SpendLine> features;
  std::vector<SpendLine> causes;
  std::optional<Estimate> answered;                                // of all requests
  std::optional<Estimate> availability;                            // answered, of those not refused by our own limiters
  std::array<std::optional<Estimate>, monitor::kOutcomes> shares;  // of all requests
  std::array<std::optional<Estimate>, kLatencyShares.size()> latency;
  Histogram latency_pooled;  // of all replications
  std::vector<ForecastFinding> findings;
  std::optional<VarianceReduction> reduction;  // nothing: a plain forecast
};

[[nodiscard]] Forecast forecast_of(const ReplicationSet& set, const std::vector<ThresholdSpec>& thresholds);

// Whether no replication has a call of the threshold's provider, or a request of its variant. A spend of 0 then shows
// nothing.
[[nodiscard]] bool selects_nothing(const ReplicationSet& set, const ThresholdSpec& threshold);
// One quantity, in the unit of a threshold's bound; nothing if the replications are too few or there is nothing to
// tell.
[[nodiscard]] std::optional<Estimate> measure(const ReplicationSet& set, const ThresholdSpec& threshold);
// Pass if the whole interval keeps the bound, fail if none of it does, else inconclusive.
[[nodiscard]] Verdict judge(const std::optional<Estimate>& estimate, const ThresholdSpec& threshold);

// The first crossing of each replication: of the share at this place, in any month.
[[nodiscard]] std::vector<std::int64_t> first_crossings(const ReplicationSet& set, std::size_t share);

}  // namespace windtunnel::sim
