#include "sim/load/diurnal.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "sim/kernel/real_math.h"
#include "sim/kernel/samplers.h"

namespace windtunnel::sim {
namespace {

constexpr std::uint32_t kDayLane = 1;
constexpr std::uint32_t kLevelLane = 2;
constexpr std::uint32_t kGrowthLane = 4;  // 3 is that of the prompts
constexpr double kGrowthLeast = -0.99;
// A gamma variable takes all lanes of its index, so that its indices lie beyond those of the other draws.
constexpr std::uint64_t kGammaDays = std::uint64_t{1} << 40U;

// Integer power by repeated squaring: libm's would differ between machines.
double power(double base, std::int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base) {
    if ((exponent & 1) != 0) result *= base;
  }
  return result;
}

double shift_of_day(const LoadFrame& frame, std::uint64_t day) {
  return frame.shift != nullptr && day < frame.shift->by_day.size() ? frame.shift->by_day[day] : 0;
}

double shifted_factor(double cv, std::uint64_t bits, double shift) {
  if (shift == 0 || cv == 0) return factor_of_mean_one(cv, bits);
  return factor_of_mean_one(cv, bits) * exp(shift * std::sqrt(log(1 + cv * cv)));
}

// The logarithm of the density of a normal value by that of the value from which the shift came to it.
double log_ratio(std::uint64_t bits, double shift) {
  return shift == 0 ? 0 : -shift * (standard_normal(unit_open(bits)) + shift / 2);
}

}  // namespace

void Diurnal::begin(const LoadFrame& frame, State& state) const {
  const double shift = frame.shift == nullptr ? 0 : frame.shift->level;
  state.level = shifted_factor(level_cv, draw(frame.state_stream, 0, 0, kLevelLane).a, shift);
  state.growth = growth_per_day;
  if (growth_sd == 0) return;
  const double z = standard_normal(unit_open(draw(frame.state_stream, 0, 0, kGrowthLane).a));
  state.growth = std::max(kGrowthLeast, growth_per_day + growth_sd * z);
  // What the level at the start is by this growth, and not by the expected one.
  state.level *= power((1 + state.growth) / (1 + std::max(kGrowthLeast, growth_per_day)), growth_known_days);
}

double Diurnal::day_factor(const LoadFrame& frame, std::uint64_t day) const {
  if (day_factor_cv == 0) return 1;
  switch (day_factor_law) {
    case FactorLaw::lognormal:
      return shifted_factor(day_factor_cv, draw(frame.state_stream, day, 0, kDayLane).a, shift_of_day(frame, day));
    case FactorLaw::gamma: {
      const double variance = day_factor_cv * day_factor_cv;
      return gamma(frame.state_stream, kGammaDays + day, 1 / variance, variance);
    }
  }
  fail_check("a factor has a law", __FILE__, __LINE__);
}

RatePiece Diurnal::hour_at(const LoadFrame& frame, Instant at, const State& state) const {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  const std::int64_t wall = (frame.wall_start + at.time_since_epoch()).time_since_epoch().count();
  const std::int64_t hours = wall >= 0 ? wall / kHour : -((-wall + kHour - 1) / kHour);
  const std::int64_t days = hours >= 0 ? hours / 24 : -((-hours + 23) / 24);
  const auto hour = static_cast<std::size_t>(hours - days * 24);
  const auto day_of_week = static_cast<std::size_t>(((days + 3) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
  const std::int64_t start = frame.wall_start.time_since_epoch().count();
  const std::int64_t day = days - (start >= 0 ? start / (24 * kHour) : -((-start + 24 * kHour - 1) / (24 * kHour)));
  const double rate = frame.base_rate * hourly[hour] * weekday[day_of_week] * power(1 + state.growth, day) *
                      day_factor(frame, static_cast<std::uint64_t>(day)) * state.level;
  return {.rate = rate, .slope = 0, .end = at + Duration{(hours + 1) * kHour - wall}};
}

double Diurnal::likelihood_ratio(const LoadFrame& frame, std::uint64_t days) const {
  if (frame.shift == nullptr) return 1;
  double sum = 0;
  if (level_cv > 0) sum += log_ratio(draw(frame.state_stream, 0, 0, kLevelLane).a, frame.shift->level);
  for (std::uint64_t day = 0; has_lognormal_days() && day < days; ++day) {
    sum += log_ratio(draw(frame.state_stream, day, 0, kDayLane).a, shift_of_day(frame, day));
  }
  return exp(sum);
}

double Diurnal::day_multiplier(const LoadFrame& frame, std::uint64_t day, const State& state) const {
  return power(1 + state.growth, static_cast<std::int64_t>(day)) * day_factor(frame, day) * state.level;
}

// The level and the day's factor have mean 1 and are independent of growth. Growth is normal: the trapezoidal rule on
// an even grid is exact to the last digits for such an integrand.
double Diurnal::mean_day_multiplier(std::uint64_t day) const {
  const auto days = static_cast<std::int64_t>(day);
  if (growth_sd == 0) return power(1 + growth_per_day, days);
  constexpr int kSteps = 800;
  constexpr double kReach = 8;
  double sum = 0;
  double weights = 0;
  for (int i = 0; i <= kSteps; ++i) {
    const double z = kReach * (2.0 * i / kSteps - 1);
    const double weight = exp(-z * z / 2);
    const double drawn = std::max(kGrowthLeast, growth_per_day + growth_sd * z);
    const double before = (1 + drawn) / (1 + std::max(kGrowthLeast, growth_per_day));
    sum += weight * power(before, growth_known_days) * power(1 + drawn, days);
    weights += weight;
  }
  return sum / weights;
}

LoadPeak Diurnal::peak(double per_second, double /*unit_seconds*/, double /*latency*/, std::size_t /*listed*/) const {
  per_second *= *std::ranges::max_element(hourly) * *std::ranges::max_element(weekday);
  per_second *= 1 + 4 * (day_factor_cv + level_cv) + std::max(0.0, 30 * (growth_per_day + 4 * growth_sd));
  return {.per_second = per_second, .at_once = 0};
}

}  // namespace windtunnel::sim
