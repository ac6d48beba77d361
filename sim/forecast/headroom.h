#pragma once
// How far traffic can grow before something breaks: the largest multiplier of every rate at which at most 5 % of the
// replications break it.
//
// Two limits are asked for apart: the monthly budget (a replication breaks it when its spend reaches the budget within
// the horizon) and the latency bound of the scenario's thresholds (when the percentile misses the bound). Multipliers
// are whole percents. Every multiplier is tried on the same random numbers, so that the share of broken replications
// hardly ever falls as traffic grows, and a bisection finds the edge. The search ends a trial early, after each 20
// replications, when the interval of its share lies on one side of 5 %.
//
// The answer x is then tried on independent random numbers: x is confirmed if at most 5 % of those replications break
// the limit, and it is the edge if 1.05 x is refuted there, that is, if the whole interval lies above 5 %. While x is
// not confirmed it is lowered by one percent and tried on further numbers, at most kHeadroomStepsMax times.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/forecast/forecast_study.h"

namespace windtunnel::sim {

inline constexpr double kBrokenMax = 0.05;
inline constexpr std::int64_t kRatePercentMax = 400;  // the model is not valid beyond four times the traffic
inline constexpr int kHeadroomStepsMax = 10;

struct HeadroomTrial {
  std::int64_t rate_percent = 100;
  std::size_t replications = 0;
  Estimate broken;  // share
};

struct HeadroomLimit {
  std::string what;                          // "the monthly budget of 5000 USD", "request_duration p(95)<3s"
  std::optional<std::int64_t> rate_percent;  // nothing: broken even at 1 %
  bool bounded = true;                       // false: not broken up to kRatePercentMax
  bool confirmed = false;
  bool refuted = false;                  // at 1.05 x
  std::vector<HeadroomTrial> tried;      // the search's own, ascending by rate: on the same random numbers
  std::optional<HeadroomTrial> at_edge;  // on independent numbers, as is the next
  std::optional<HeadroomTrial> beyond;
};

struct Headroom {
  std::optional<HeadroomLimit> budget;   // nothing: there is none
  std::optional<HeadroomLimit> latency;  // nothing: the scenario states no bound
  std::uint64_t replications = 0;        // the most of a trial
};

// `thresholds` are those of the scenario; the first of request_duration over the whole run, without tags, is the bound.
// Nothing: interrupted.
[[nodiscard]] std::optional<Headroom> headroom_of(ReplicationMaker& maker, const ForecastFrame& frame,
                                                  const std::vector<ThresholdSpec>& thresholds,
                                                  std::uint64_t replications);

}  // namespace windtunnel::sim
