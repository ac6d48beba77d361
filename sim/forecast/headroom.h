#pragma once
// How far traffic can grow before something breaks: the largest multiplier of every rate that keeps a limit.
//
// Four limits are asked for apart. Of the monthly budget and of the latency bound of the scenario's thresholds it is
// the share of replications that break it (their spend reaches the budget within the horizon, their percentile misses
// the bound), which may be at most 5 %. Of a bound on requests_failed or requests_refused it is the share of requests,
// over all replications together, which must keep the bound. Multipliers are whole percents, of shares of requests
// whole thousandths. Every multiplier is tried on the same random numbers, so that a share hardly ever falls as traffic
// grows, and a bisection finds the edge. The search ends a trial early, after each 20 replications, when the interval
// of its share lies on one side of what may break.
//
// The answer x is then tried on independent random numbers. Of replications x is confirmed if at most 5 % break the
// limit there; while it is not, it is lowered by one percent and tried on further numbers, at most kHeadroomStepsMax
// times; fewer than 60 replications confirm nothing, because 3/n of them may all be missed. Of requests it is confirmed
// unless the whole interval lies above the bound. Either is the edge if 1.05 x is refuted, that is, if the whole
// interval lies above what may break.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/forecast/forecast_study.h"

namespace windtunnel::sim {

inline constexpr double kBrokenMax = 0.05;
inline constexpr std::int64_t kRateThousandthsMax = 4000;  // the model is not valid beyond four times the traffic
inline constexpr int kHeadroomStepsMax = 10;

struct HeadroomTrial {
  std::int64_t rate_thousandths = 1000;
  std::size_t replications = 0;
  Estimate broken;  // share of the replications, or of the requests
};

struct HeadroomLimit {
  std::string what;          // "the monthly budget of 5000 USD", "request_duration p(95)<3s"
  bool of_requests = false;  // `broken` is a share of requests, else of replications
  double broken_max = kBrokenMax;
  std::optional<std::int64_t> rate_thousandths;  // nothing: broken even at the least one
  bool bounded = true;                           // false: not broken up to kRateThousandthsMax
  bool confirmed = false;
  bool refuted = false;                  // at 1.05 x
  std::vector<HeadroomTrial> tried;      // the search's own, ascending by rate: on the same random numbers
  std::optional<HeadroomTrial> at_edge;  // on independent numbers, as is the next
  std::optional<HeadroomTrial> beyond;
};

struct Headroom {
  // Nothing: there is none, or the thresholds state no bound.
  std::optional<HeadroomLimit> budget;
  std::optional<HeadroomLimit> latency;
  std::optional<HeadroomLimit> failures;
  std::optional<HeadroomLimit> refusals;
  std::uint64_t replications = 0;  // the most of a trial
  // Thresholds that more traffic may break and that are no limit here: those from above of a part of the traffic or of
  // the run, of counts and of other metrics, of forecast.* too, and those from below of the days to exhaustion.
  std::vector<std::string> not_asked{};
};

// `thresholds` are those of the forecast and of the scenario. The bounds are the first ones from above without tags
// over the whole run: a percentile of request_duration, a rate of requests_failed and of requests_refused, the last two
// also of forecast.*. Nothing: interrupted.
[[nodiscard]] std::optional<Headroom> headroom_of(ReplicationMaker& maker, const ForecastFrame& frame,
                                                  const std::vector<ThresholdSpec>& thresholds,
                                                  std::uint64_t replications);

}  // namespace windtunnel::sim
