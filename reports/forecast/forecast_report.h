#pragma once
// A forecast for people, for programs and for spreadsheets.
//
// No figure stands without its 95 % interval; in text as a half-width after +-. A chance that never showed is not 0: it
// is printed as "< 3/n" of n replications, and one that always did as "> 1 - 3/n". In forecast.json money is in USD,
// each estimate is {value, low, high, half_width}, and what the replications are too few to tell is null. Two equal
// forecasts differ in `build` and `timing` only.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "reports/run/summary.h"
#include "sim/forecast/forecast.h"
#include "sim/forecast/headroom.h"

namespace windtunnel::reports {

// The number behind "windtunnel_forecast".
inline constexpr int kForecastVersion = 1;

// How it came to this number of replications.
struct ForecastStop {
  std::string rule;      // as written
  bool reached = false;  // false: the most replications were made, and the target was not reached
};

struct ForecastReport {
  const sim::Forecast& forecast;
  std::optional<ForecastStop> stop;
  std::optional<sim::Headroom> headroom;
  std::vector<std::string> notes;  // more that a reader should know
  std::string replay;              // the one command that does it again
  BuildInfo build;                 // in JSON only
  std::optional<Duration> wall;
};

[[nodiscard]] sim::Verdict verdict_of(const ForecastReport& report);
// What a reader should know of where the intervals come from, then the report's own notes.
[[nodiscard]] std::vector<std::string> notes_of(const ForecastReport& report);

[[nodiscard]] std::string forecast_text(const ForecastReport& report, TextStyle style = {});
// Ends with a newline.
[[nodiscard]] std::string forecast_json(const ForecastReport& report);
// A line for each day: spend of the month so far, and the chances that shares of the budget were reached.
[[nodiscard]] std::string forecast_csv(const ForecastReport& report);

// "< 0.3%", "5.2% +-1.4", of a share of n.
[[nodiscard]] std::string chance_text(const sim::Estimate& chance, std::size_t trials);

}  // namespace windtunnel::reports
