#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/fit/fit_estimates.h"

namespace windtunnel::sim {
namespace {

constexpr std::int64_t kHourNs = 3'600'000'000'000;
constexpr std::int64_t kNsOfDay = 24 * kHourNs;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

// A Poisson count of n has a root whose standard deviation is nearly 1/2 whatever its mean.
Estimate poisson(double n, double of) {
  const double root = std::sqrt(n);
  const double low = std::max(0.0, root - 0.98);
  const double high = root + 0.98;
  return {n / of, low * low / of, high * high / of};
}

// By UTC hour: requests, and how many hours of the log fall into it.
struct HourOfDay {
  double count = 0;
  double exposure = 0;
};

std::array<HourOfDay, 24> hours_of(const std::vector<WallTime>& sorted) {
  std::array<HourOfDay, 24> hours;
  const std::int64_t first = sorted.front().time_since_epoch().count();
  const std::int64_t last = sorted.back().time_since_epoch().count();
  const auto place = [](std::int64_t hour) { return static_cast<std::size_t>(hour - floor_div(hour, 24) * 24); };
  for (const WallTime at : sorted) hours[place(floor_div(at.time_since_epoch().count(), kHourNs))].count += 1;
  for (std::int64_t hour = floor_div(first, kHourNs); hour * kHourNs < last; ++hour) {
    const std::int64_t begin = std::max(first, hour * kHourNs);
    const std::int64_t end = std::min(last, (hour + 1) * kHourNs);
    hours[place(hour)].exposure += static_cast<double>(end - begin) / static_cast<double>(kHourNs);
  }
  return hours;
}

// Requests of each whole day.
std::vector<std::int64_t> counts_of_days(const std::vector<WallTime>& arrivals) {
  const DayRange whole = whole_days_of(arrivals);
  std::vector<std::int64_t> days(static_cast<std::size_t>(whole.end - whole.begin));
  for (const WallTime at : arrivals) {
    const std::int64_t day = utc_day(at);
    if (whole.contains(day)) ++days[static_cast<std::size_t>(day - whole.begin)];
  }
  return days;
}

// What the days differ by beyond Poisson's noise.
void fit_spread(Fit& fit, Diurnal& diurnal, const std::vector<std::int64_t>& days) {
  const Moments moments = moments_of(std::span<const std::int64_t>{days});
  if (moments.mean == 0) {
    fit.notes.push_back(
        fmt::format("the {} whole days of the log are empty: nothing is known of how days differ", days.size()));
    return;
  }
  const double freedom = static_cast<double>(days.size()) - 1;
  const double dispersion = moments.variance / moments.mean;
  // About the 99 % point of a chi-square over its degrees of freedom.
  if (dispersion <= 1 + 2.33 * std::sqrt(2 / freedom)) {
    fit.notes.push_back(fmt::format("{} whole days differ by no more than chance: day_factor_cv is 0", days.size()));
    return;
  }
  const double cv = std::sqrt(moments.variance - moments.mean) / moments.mean;
  const double half_width = 1.96 * cv / std::sqrt(2 * freedom);
  diurnal.day_factor_cv = std::min(cv, 10.0);
  fit.parameters.push_back(
      {"day_factor_cv", "share", {cv, std::max(0.0, cv - half_width), cv + half_width}, std::ssize(days)});
}

// A scenario's rate is at most a billion per unit, in whole millionths.
Rate rate_of(double a_day) {
  constexpr double kMost = 1e9;
  const bool by_second = a_day > kMost;
  const double count = by_second ? a_day / 86'400 : a_day;
  return {.count = Millionths{std::max<std::int64_t>(1, std::llround(std::min(count, kMost) * 1e6))},
          .unit = Duration{by_second ? std::int64_t{1'000'000'000} : kNsOfDay}};
}

}  // namespace

std::int64_t utc_day(WallTime at) { return floor_div(at.time_since_epoch().count(), kNsOfDay); }

DayRange whole_days_of(const std::vector<WallTime>& arrivals) {
  constexpr Duration kMissing{kNsOfDay / 100};
  const auto [first, last] = std::ranges::minmax(arrivals);
  const std::int64_t begin = utc_day(first - kMissing) + 1;
  return {.begin = begin, .end = std::max(begin, utc_day(last + kMissing))};
}

void fit_demand(Fit& fit, WorkloadSpec& workload, std::vector<WallTime> arrivals) {
  std::ranges::sort(arrivals);
  const std::array<HourOfDay, 24> hours = hours_of(arrivals);
  const bool has_profile = std::ranges::all_of(hours, [](const HourOfDay& one) { return one.exposure >= 0.999; });
  double exposure = 0;
  double a_day = 0;  // the sum of the hours' rates, so that a part of a day does not weigh too much
  for (const HourOfDay& one : hours) exposure += one.exposure;
  const double n = static_cast<double>(arrivals.size());
  if (has_profile) {
    for (const HourOfDay& one : hours) a_day += one.count / one.exposure;
  } else {
    a_day = 24 * n / exposure;
  }
  const std::vector<std::int64_t> days = counts_of_days(arrivals);
  Estimate rate = poisson(n, n / a_day);
  if (days.size() >= kDaysForStudent) {
    const double half_width = estimate_mean(std::span<const std::int64_t>{days})->half_width();
    rate = {a_day, a_day - half_width, a_day + half_width};
  } else {
    fit.notes.push_back(
        fmt::format("{} whole days: the interval of the rate reflects request noise only", days.size()));
  }
  fit.parameters.push_back({"rate", "requests/day", rate, std::ssize(arrivals)});
  workload.arrival = Arrival::poisson;
  workload.rate = rate_of(a_day);
  if (!has_profile) {
    fit.notes.emplace_back("the log does not hold each hour of the day: the rate is constant");
    return;
  }
  Diurnal& diurnal = workload.executor.emplace<Diurnal>();
  for (std::size_t hour = 0; hour < 24; ++hour) {
    const Estimate factor = poisson(hours[hour].count, hours[hour].exposure * a_day / 24);
    diurnal.hourly[hour] = std::round(factor.value * 1e6) / 1e6;
    fit.parameters.push_back(
        {fmt::format("hour_{:02}", hour), "factor", factor, static_cast<std::int64_t>(hours[hour].count)});
  }
  if (days.size() >= kDaysForSpread) fit_spread(fit, diurnal, days);
}

}  // namespace windtunnel::sim
