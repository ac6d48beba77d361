#pragma once
// How the figures of a forecast are written.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "sim/statistics/statistics.h"

namespace windtunnel::reports {

inline constexpr double kPicosPerUsd = 1e12;
inline constexpr double kNanosecondsPerMs = 1e6;

// "1,234.57 ±0.61" in units of `unit`, with so many decimals; "-" for nothing.
std::string estimate_text(const std::optional<sim::Estimate>& estimate, double unit, int decimals);
std::string quantile_text(const std::optional<sim::QuantileEstimate>& quantile, double unit, int decimals);
// "12.3% ±2.0"; what never showed is not 0: "< 0.00012%"; "-" for nothing.
std::string share_text(const std::optional<sim::Estimate>& share);
// "1,234.57": thousands separated, halves away from zero.
std::string grouped(double value, int decimals);
// 9 significant digits; null for what is no finite number.
std::string nine_digits(double value);
// "2026-01-28 14:05": UTC, to the minute; "not within the horizon" for kNever.
std::string instant_text(WallTime start, std::int64_t since_start_ns);
// "80%", "97.5%"
std::string budget_share_text(Millionths share);

}  // namespace windtunnel::reports
