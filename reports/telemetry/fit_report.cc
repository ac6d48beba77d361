#include "reports/telemetry/fit_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "base/visible_text.h"
#include "reports/text/text_table.h"

namespace windtunnel::reports {
namespace {

constexpr std::size_t kBadLinesShown = 5;

// For a log of another program, of which no line is a record.
constexpr const char* kWhatIsRead =
    "Logs of LiteLLM, OpenTelemetry, Langfuse, Helicone, OpenRouter, Portkey, of the usage APIs of OpenAI and "
    "Anthropic, and\ntelemetry of windtunnel are read, and any CSV or JSON file by --columns "
    "time=COLUMN,model=COLUMN,input=COLUMN,...\nTraces of arrivals and lengths (Azure, BurstGPT, Mooncake, Vidur) are "
    "played by a workload's executor replay.\nSee docs/logs.md.\n";

// Four significant digits, plain.
std::string figure(double value) {
  if (value == 0) return "0";
  const int digits = std::clamp(3 - static_cast<int>(std::floor(std::log10(std::abs(value)))), 0, 9);
  std::string text = fmt::format("{:.{}f}", value, digits);
  if (text.find('.') != std::string::npos) text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// To the second.
std::string instant(WallTime wall) { return iso8601(wall).substr(0, 19) + "Z"; }

// USD, with the digits of the largest figure of the table in mind.
std::string dollars(double value, double largest) {
  return fmt::format("{:.{}f}", value, largest >= 100 ? 2 : largest >= 1 ? 4 : 6);
}

std::string backtest_text(const sim::Backtest& test) {
  std::string text =
      fmt::format("\nBacktest: fitted to the first {} days, the last {} forecast ({} replications), USD:\n\n",
                  test.days_fitted, test.days.size(), test.replications);
  TextTable table{{"Day", "P10", "P50", "P90", "Observed", ""}};
  const auto add = [&](const std::string& name, const sim::ForecastBand& forecast_band) {
    const auto cell = [&](double value) { return dollars(value, test.all.observed); };
    table.add({name, cell(forecast_band.p10), cell(forecast_band.p50), cell(forecast_band.p90),
               cell(forecast_band.observed),
               forecast_band.holds()                        ? "inside"
               : forecast_band.observed < forecast_band.p10 ? "below"
                                                            : "above"});
  };
  for (const sim::BacktestDay& day : test.days) add(iso8601(day.day).substr(0, 10), day.cost);
  add("all", test.all);
  text += table.text(2) +
          fmt::format("\n  {} of {} days lie in their 80 % band ({:.0f} %)\n", test.days_inside(), test.days.size(),
                      100.0 * static_cast<double>(test.days_inside()) / static_cast<double>(test.days.size()));
  if (test.is_poor()) {
    text += fmt::format(
        "  That, or the sum of all, is further off than chance explains (about {:.0f} days are expected inside): the "
        "fit\n"
        "  does not describe the days of this log, and its forecast is not to be relied upon.\n",
        sim::kBacktestBand * static_cast<double>(test.days.size()));
  }
  return text;
}

}  // namespace

std::string fit_text(const FittedLog& log) {
  const sim::Fit& fit = log.fit;
  std::string text = fmt::format("Fitted to {}: {} requests", visible_text(log.file), with_thousands(fit.requests));
  if (log.title != FittedLog{}.title) text += " of " + log.title;
  if (!fit.problem) text += fmt::format(" from {} to {}", instant(fit.first), instant(fit.last));
  text += "\n";
  if (!fit.problem) {
    TextTable table{{"Figure", "Value", "95 % from", "to", "n", "Unit"}};
    for (const sim::FittedParameter& parameter : fit.parameters) {
      const sim::Estimate& estimate = parameter.estimate;
      table.add({parameter.name, parameter.is_known ? figure(estimate.value) : "-",
                 parameter.has_interval ? figure(estimate.low) : "-",
                 parameter.has_interval ? figure(estimate.high) : "-", with_thousands(parameter.n), parameter.unit});
    }
    text += "\n" + table.text(2);
    if (log.backtest) text += backtest_text(*log.backtest);
    text += "\n";
    for (const std::string& note : fit.notes) text += "note: " + note + "\n";
  }
  if (log.bad_count == 0) return text;
  text += fmt::format("{} {}{} left out:\n", with_thousands(static_cast<Int128>(log.bad_count)), log.unit,
                      log.bad_count == 1 ? " is no record and was" : "s are no records and were");
  for (std::size_t i = 0; i < log.bad_lines.size() && i < kBadLinesShown; ++i) {
    text += fmt::format("  {} {}: {}\n", log.unit, log.bad_lines[i].line, log.bad_lines[i].why);
  }
  if (log.bad_count > kBadLinesShown) text += fmt::format("  and {} more\n", log.bad_count - kBadLinesShown);
  if (fit.requests == 0 && !log.unrecognised.empty())
    text += "The log is of no format that is read: " + log.unrecognised + ".\n";
  if (fit.requests == 0) text += kWhatIsRead;
  return text;
}

}  // namespace windtunnel::reports
