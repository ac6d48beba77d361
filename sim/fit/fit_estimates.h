#pragma once
// The parts of a fit, each a function of the log's values: it writes its piece of the scenario and reports what it
// fitted.

#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "sim/fit/fit.h"
#include "sim/fit/fit_days.h"
#include "sim/fit/fit_tally.h"

namespace windtunnel::sim {

// A law with the values' percentiles 0 to 100 as its table, in whole steps, and with their mean, for which the greatest
// is moved. At least one value.
[[nodiscard]] Law law_of(std::vector<std::int64_t> values, std::int64_t step = 1);

// "NAME.mean", "NAME.p50" and "NAME.p95" as far as there are values enough, divided by `unit_size`.
void add_law_parameters(Fit& fit, const std::string& name, const std::string& unit, double unit_size,
                        std::vector<std::int64_t> values);

// Standard errors on one side of a 95 % interval.
inline constexpr double kNormal = 1.959964;
// As a scenario writes it, so that what is written is what was fitted.
[[nodiscard]] inline double in_millionths(double value) { return std::round(value * 1e6) / 1e6; }
// The beginning of a UTC day since 1970.
[[nodiscard]] inline WallTime midnight_of(std::int64_t day) { return WallTime{std::chrono::hours{24} * day}; }

// The days [begin, end) of which a log misses a hundredth at most: its first request may come a while after it was
// begun. At least one arrival, ascending.
struct DayRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;  // not before begin
  [[nodiscard]] bool contains(std::int64_t day) const { return day >= begin && day < end; }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end - begin); }
};
[[nodiscard]] DayRange whole_days_of(const std::vector<WallTime>& arrivals);

// The days of the tally in the range, empty ones too.
[[nodiscard]] std::vector<FitTally::Day> days_in(const FitTally& tally, DayRange range);

// So many whole days tell how uncertain a mean over days is, and how days differ.
inline constexpr std::size_t kDaysForStudent = 8;
inline constexpr std::size_t kDaysForSpread = 14;
// The days to come that a fitted scenario is for.
inline constexpr double kDaysToCome = 30;

// Rate, hourly profile, weekdays, growth, spread of days. Sets the workload's executor, arrival, rate and factors.
// `whole` and `model` are of all days before the scenario's start, `arrivals` of those that the profile is of, unless
// the log does not show hours.
void fit_demand(Fit& fit, WorkloadSpec& workload, const std::vector<WallTime>& arrivals, DayRange whole,
                const std::optional<DayModel>& model, bool shows_hours);

// What a call can be made to, and its calls.
struct FitTarget {
  const std::string* name = nullptr;
  const FitTally::Calls* calls = nullptr;
};

// The lengths of a workload and of the kinds of tokens that one of the providers has a price for, or that are
// reasoning.
void fit_lengths(Fit& fit, WorkloadSpec& workload, const std::vector<FitTarget>& targets, const std::string& prefix);
// Whether a target's answers are of other lengths than all of them by more than chance, and by more than a hundredth.
[[nodiscard]] bool lengths_differ(const std::vector<FitTarget>& targets, const std::vector<ProviderSpec>& providers);

// The prices that the bills are by; the sum that bills come to by them is the bills' own.
void fit_price(Fit& fit, ProviderSpec& spec, const FitTally::Calls& calls);

// The sum that bills come to by the prices is the bills' own.
[[nodiscard]] ProviderSpec fit_provider(Fit& fit, const std::string& name, const FitTally::Calls& calls);

// The gateway's settings, so that none forbids what the log shows. After demand and providers.
void fit_settings(Fit& fit, const FitTally::Seen& seen);

// At the base rate, before hours, weekdays and growth.
[[nodiscard]] double requests_a_day(const WorkloadSpec& workload);
[[nodiscard]] double requests_a_day(const Scenario& scenario);

// Prompts and cache, so that runs of the whole scenario have this share of hits. It runs the scenario.
void fit_hits(Fit& fit, const FitTally& tally, DayRange whole);

// How uncertain error rates and the cost of a request are, and whether the scenario's own runs come to the log's cost.
// Last: it runs the scenario.
void fit_cost(Fit& fit, const FitTally& tally, DayRange whole);

// The coefficient of variation, and its interval, of a mean of `days` days and of the 30 to come that days with this
// variation give.
[[nodiscard]] Estimate cv_estimate(double cv, std::size_t days);

}  // namespace windtunnel::sim
