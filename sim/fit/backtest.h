#pragma once
// Whether a fit would have forecast the log itself: the first part of the log is fitted, and the forecast of it is held
// against the rest, day by day.
//
// The last third of the whole days is forecast, at least 4 and at most 30, from at least 8. Not of logs of fewer than
// 20 requests a day. Costs are those that the log shows, of the day in which a request arrived.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/fit/fit.h"

namespace windtunnel::sim {

inline constexpr double kBacktestBand = 0.8;  // of the replications, from P10 to P90

// USD.
struct ForecastBand {
  double p10 = 0;
  double p50 = 0;
  double p90 = 0;
  double observed = 0;
  [[nodiscard]] bool holds() const { return observed >= p10 && observed <= p90; }
};

struct BacktestDay {
  WallTime day{};
  ForecastBand cost;
};

struct Backtest {
  std::size_t days_fitted = 0;
  std::size_t replications = 0;
  std::vector<BacktestDay> days;
  ForecastBand all;  // of the days together

  [[nodiscard]] std::size_t days_inside() const;
  // So few of them that bands which hold each with 80 % would hold fewer in less than 1 of 40 such logs, or the sum of
  // all is further from its band than the band is wide.
  [[nodiscard]] bool is_poor() const;
  // For a note: how many days lie in their band, and whether all of them together do.
  [[nodiscard]] std::string sentence() const;
};

// What speaks against the fit and the backtest stay with the fitted scenario, in its description, so that a forecast of
// it can show them whenever it is made.
void describe(Scenario& scenario, const std::vector<std::string>& doubts, const std::optional<Backtest>& test);
[[nodiscard]] bool is_fitted(const Scenario& scenario);

// Nothing: the log has too few whole days, or its first part cannot be fitted. The same for any number of threads.
[[nodiscard]] std::optional<Backtest> backtest(const Fitter& fitter, unsigned threads);

}  // namespace windtunnel::sim
