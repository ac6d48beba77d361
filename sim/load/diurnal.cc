#include "sim/load/diurnal.h"

#include <algorithm>

#include "sim/kernel/samplers.h"

namespace windtunnel::sim {
namespace {

constexpr std::uint32_t kDayLane = 1;
constexpr std::uint32_t kLevelLane = 2;

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
}

RatePiece Diurnal::hour_at(const LoadFrame& frame, Instant at, double level) const {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  const std::int64_t wall = (frame.wall_start + at.time_since_epoch()).time_since_epoch().count();
  const std::int64_t hours = wall >= 0 ? wall / kHour : -((-wall + kHour - 1) / kHour);
  const std::int64_t days = hours >= 0 ? hours / 24 : -((-hours + 23) / 24);
  const auto hour = static_cast<std::size_t>(hours - days * 24);
  const auto day_of_week = static_cast<std::size_t>(((days + 3) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
  const std::int64_t start = frame.wall_start.time_since_epoch().count();
  const std::int64_t day = days - (start >= 0 ? start / (24 * kHour) : -((-start + 24 * kHour - 1) / (24 * kHour)));
  const double day_factor =
      factor_of_mean_one(day_factor_cv, draw(frame.state_stream, static_cast<std::uint64_t>(day), 0, kDayLane).a);
  const double rate =
      frame.base_rate * hourly[hour] * weekday[day_of_week] * power(1 + growth_per_day, day) * day_factor * level;
  return {.rate = rate, .slope = 0, .end = at + Duration{(hours + 1) * kHour - wall}};
}

LoadPeak Diurnal::peak(double per_second, double /*unit_seconds*/, double /*latency*/, std::size_t /*listed*/) const {
  per_second *= *std::ranges::max_element(hourly) * *std::ranges::max_element(weekday);
  per_second *= 1 + 4 * (day_factor_cv + level_cv) + std::max(0.0, 30 * growth_per_day);
  return {.per_second = per_second, .at_once = 0};
}

}  // namespace windtunnel::sim
