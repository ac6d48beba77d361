#pragma once
// The parts of a fit, each a function of the log's values: it writes its piece of the scenario and says what it fitted.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "sim/fit/fit.h"

namespace windtunnel::sim {

// A law with the values' percentiles 0 to 100 as its table, in whole steps, and with their mean, for which the greatest
// is moved. At least one value.
[[nodiscard]] Law law_of(std::vector<std::int64_t> values, std::int64_t step = 1);

// "NAME.mean", "NAME.p50" and "NAME.p95" as far as there are values enough, divided by `unit_size`.
void add_law_parameters(Fit& fit, const std::string& name, const std::string& unit, double unit_size,
                        std::vector<std::int64_t> values);

// UTC days, counted since 1970.
[[nodiscard]] std::int64_t utc_day(WallTime at);

// The days [begin, end) of which a log misses a hundredth at most: its first request may come a while after it was
// begun. At least one arrival.
struct DayRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;  // not before begin
  [[nodiscard]] bool contains(std::int64_t day) const { return day >= begin && day < end; }
};
[[nodiscard]] DayRange whole_days_of(const std::vector<WallTime>& arrivals);

// So many whole days tell how days differ, and how uncertain a mean over days is.
inline constexpr std::size_t kDaysForStudent = 8;
inline constexpr std::size_t kDaysForSpread = 14;

// Rate, hourly profile, spread of days. Sets the workload's executor, arrival, rate and diurnal factors.
void fit_demand(Fit& fit, WorkloadSpec& workload, std::vector<WallTime> arrivals);

// Latency, price and errors of one provider.
[[nodiscard]] ProviderSpec fit_provider(Fit& fit, const std::string& name, const Fitter::Calls& calls);

// The gateway's settings, so that none forbids what the log shows. After demand and providers.
void fit_settings(Fit& fit, const Fitter::Seen& seen);

// Prompts and cache, so that a run of the whole scenario has this share of hits. Last: it runs the scenario.
void fit_hits(Fit& fit, const std::map<std::int64_t, Fitter::Lookups>& by_day, DayRange whole);

}  // namespace windtunnel::sim
