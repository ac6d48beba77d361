#include "sim/load/diurnal.h"

#include <algorithm>

#include "base/check.h"
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

}  // namespace

void Diurnal::begin(const LoadFrame& frame, State& state) const {
  state.level = factor_of_mean_one(level_cv, draw(frame.state_stream, 0, 0, kLevelLane).a);
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
      return factor_of_mean_one(day_factor_cv, draw(frame.state_stream, day, 0, kDayLane).a);
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

LoadPeak Diurnal::peak(double per_second, double /*unit_seconds*/, double /*latency*/, std::size_t /*listed*/) const {
  per_second *= *std::ranges::max_element(hourly) * *std::ranges::max_element(weekday);
  per_second *= 1 + 4 * (day_factor_cv + level_cv) + std::max(0.0, 30 * (growth_per_day + 4 * growth_sd));
  return {.per_second = per_second, .at_once = 0};
}

}  // namespace windtunnel::sim
