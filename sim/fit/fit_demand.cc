#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/fit/fit_estimates.h"
#include "sim/kernel/real_math.h"

namespace windtunnel::sim {
namespace {

constexpr std::int64_t kHourNs = 3'600'000'000'000;
constexpr std::int64_t kNsOfDay = 24 * kHourNs;
constexpr std::array<const char*, 7> kWeekdays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

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

// A scenario's rate is at most a billion per unit, in whole millionths.
Rate rate_of(double a_day) {
  constexpr double kMost = 1e9;
  const bool by_second = a_day > kMost;
  const double count = by_second ? a_day / 86'400 : a_day;
  return {.count = Millionths{std::max<std::int64_t>(1, std::llround(std::min(count, kMost) * 1e6))},
          .unit = Duration{by_second ? std::int64_t{1'000'000'000} : kNsOfDay}};
}

// The requests of the scenario's first day, where its factors are 1, and how uncertain they are.
struct Level {
  double a_day = 0;
  double error = 0;  // relative
};

void add_weekdays(Fit& fit, Diurnal& diurnal, const DayModel& model, DayRange whole) {
  if (!model.has_weekdays) {
    fit.notes.emplace_back("the weekdays differ by no more than chance");
    return;
  }
  for (std::size_t k = 0; k < 7; ++k) {
    const double factor = model.weekday[k];
    const double a_week = static_cast<double>(whole.size()) / 7;
    const double error =
        std::sqrt(std::max(1.0, model.dispersion) * factor / std::max(1e-9, model.level * a_week)) * kNormal;
    diurnal.weekday[k] = in_millionths(factor);
    fit.parameters.push_back({std::string("weekday_") + kWeekdays[k],
                              "factor",
                              {factor, std::max(0.0, factor - error), factor + error},
                              static_cast<std::int64_t>(whole.size()) / 7});
  }
}

void add_growth(Fit& fit, Diurnal& diurnal, const DayModel& model, DayRange whole, std::int64_t start) {
  if (!model.has_growth) return;
  const auto growth = [](double logarithm) { return exp(logarithm) - 1; };
  diurnal.growth_per_day = std::clamp(in_millionths(growth(model.growth)), -0.9, 10.0);
  diurnal.growth_sd = in_millionths(model.growth_error);
  diurnal.growth_known_days =
      std::clamp<std::int64_t>(std::llround(static_cast<double>(start) - model.pivot), 0, 100'000);
  const double reach = kNormal * model.growth_error;
  fit.parameters.push_back({"growth_per_day",
                            "share",
                            {growth(model.growth), growth(model.growth - reach), growth(model.growth + reach)},
                            static_cast<std::int64_t>(whole.size())});
}

void add_spread(Fit& fit, Diurnal& diurnal, const DayModel& model, DayRange whole) {
  if (whole.size() < kDaysForSpread) return;
  if (model.day_cv == 0) {
    fit.notes.push_back(fmt::format("{} whole days differ by no more than chance: day_factor_cv is 0", whole.size()));
    return;
  }
  const double half_width = kNormal * model.day_cv / std::sqrt(2 * model.freedom);
  diurnal.day_factor_cv = std::min(model.day_cv, 10.0);
  fit.parameters.push_back({"day_factor_cv",
                            "share",
                            {model.day_cv, std::max(0.0, model.day_cv - half_width), model.day_cv + half_width},
                            static_cast<std::int64_t>(whole.size())});
}

// By whole days. What they do not show of the first days to come is the growth since the day that is known best.
Level level_of(const DayModel& model, std::int64_t start) {
  const auto begin = static_cast<double>(start);
  const double since = (begin - model.pivot) * model.growth_error;
  return {.a_day = model.level * exp(model.growth * (begin - model.origin)),
          .error = std::sqrt(model.level_error * model.level_error + since * since)};
}

}  // namespace

DayRange whole_days_of(const std::vector<WallTime>& arrivals) {
  constexpr Duration kMissing{kNsOfDay / 100};
  const std::int64_t begin = utc_day(arrivals.front() - kMissing) + 1;
  return {.begin = begin, .end = std::max(begin, utc_day(arrivals.back() + kMissing))};
}

std::vector<FitTally::Day> days_in(const FitTally& tally, DayRange range) {
  std::vector<FitTally::Day> days(range.size());
  for (auto day = tally.days.lower_bound(range.begin); day != tally.days.end() && day->first < range.end; ++day) {
    days[static_cast<std::size_t>(day->first - range.begin)] = day->second;
  }
  return days;
}

void fit_demand(Fit& fit, WorkloadSpec& workload, const std::vector<WallTime>& arrivals, DayRange whole,
                const std::optional<DayModel>& model, bool shows_hours) {
  const std::array<HourOfDay, 24> hours = hours_of(arrivals);
  const bool has_profile = shows_hours && std::ranges::all_of(hours, [](const HourOfDay& hour_of_day) {
                             return hour_of_day.exposure >= 0.999;
                           });
  double exposure = 0;
  double a_day = 0;  // the sum of the hours' rates, so that a part of a day does not weigh too much
  for (const HourOfDay& hour_of_day : hours) exposure += hour_of_day.exposure;
  const double n = static_cast<double>(arrivals.size());
  if (has_profile) {
    for (const HourOfDay& hour_of_day : hours) a_day += hour_of_day.count / hour_of_day.exposure;
  } else {
    a_day = 24 * n / exposure;
  }
  const std::int64_t start = utc_day(fit.scenario.start);
  Level level{.a_day = a_day, .error = poisson(n, n).half_width() / kNormal};
  if (model) {
    level = level_of(*model, start);
  } else {
    fit.notes.push_back(
        whole.size() < kDaysForStudent
            ? fmt::format("{} whole days: the interval of the rate reflects request noise only", whole.size())
            : fmt::format("the {} whole days of the log are empty: nothing is known of how days differ", whole.size()));
  }
  const double half_width = kNormal * level.error * level.a_day;
  fit.parameters.push_back({"rate",
                            "requests/day",
                            {level.a_day, std::max(0.0, level.a_day - half_width), level.a_day + half_width},
                            std::ssize(arrivals)});
  workload.arrival = Arrival::poisson;
  workload.rate = rate_of(level.a_day);
  Diurnal& diurnal = workload.executor.emplace<Diurnal>();
  diurnal.level_cv = std::min(10.0, in_millionths(model ? model->level_error : level.error));
  if (has_profile) {
    for (std::size_t hour = 0; hour < 24; ++hour) {
      const Estimate factor = poisson(hours[hour].count, hours[hour].exposure * a_day / 24);
      diurnal.hourly[hour] = in_millionths(factor.value);
      fit.parameters.push_back(
          {fmt::format("hour_{:02}", hour), "factor", factor, static_cast<std::int64_t>(hours[hour].count)});
    }
  } else {
    fit.notes.emplace_back(shows_hours ? "the log does not hold each hour of the day: the rate is constant"
                                       : "the log does not show hours: within a day the rate is constant");
  }
  if (!model) return;
  if (whole.size() >= kDaysForSpread) add_weekdays(fit, diurnal, *model, whole);
  add_growth(fit, diurnal, *model, whole, start);
  add_spread(fit, diurnal, *model, whole);
}

}  // namespace windtunnel::sim
