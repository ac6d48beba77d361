#pragma once
// How the figures of a forecast are written.

#include <cstdint>
#include <optional>
#include <string>

#include "base/units.h"
#include "reports/forecast/forecast_summary.h"
#include "sim/statistics/statistics.h"

namespace windtunnel::reports {

inline constexpr double kPicosPerUsd = 1e12;
inline constexpr double kNanosecondsPerMs = 1e6;

// "1,234.57 ±0.61" with so many decimals; "-" for nothing.
std::string estimate_text(const std::optional<EstimateSummary>& estimate, int decimals);
std::string quantile_text(const std::optional<MoneyQuantile>& quantile, int decimals);  // in USD
// "12.3% ±2.0"; what never showed is not 0: "< 0.00012%"; "-" for nothing.
std::string share_text(const std::optional<sim::Estimate>& share);
// "< 0.3%", "5.2% ±1.4", of a share of n replications.
std::string chance_text(const sim::Estimate& chance, std::size_t trials);
// "1,234.57": thousands separated, halves away from zero.
std::string grouped(double value, int decimals);
// 9 significant digits; null for what is no finite number.
std::string nine_digits(double value);
// A timestamp, and not "not within horizon".
bool is_instant(const std::string& date);
// "2026-01-28 14:05": UTC, to the minute; "not within the horizon" for what is no timestamp.
std::string instant_text(const std::string& date);
// What control variates gained, as one sentence without its full stop; nothing without them.
std::string reduction_words(const ForecastSummary& forecast);
// "80%", "97.5%"
std::string budget_share_text(Millionths share);

}  // namespace windtunnel::reports
