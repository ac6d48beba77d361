#include "reports/telemetry/fit_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <thread>
#include <utility>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "reports/text/text_table.h"

namespace windtunnel::reports {
namespace {

constexpr std::size_t kBadLinesShown = 5;

// For a log of another program, of which no line is a record.
constexpr const char* kWhatIsRead =
    "A log is read one JSON object a line. Each needs `timestamp` (ISO 8601) and `tokens` {input, output}; provider, "
    "model,\n"
    "latency_ms, cost_usd and success are read where they are there. Convert a log of another format to that first.\n";

template <class Word, std::size_t N>
std::optional<Word> word_named(const std::string& name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (name == name_of(static_cast<Word>(i))) return static_cast<Word>(i);
  }
  return std::nullopt;
}

// A month for one answer, or more tokens than a request may have.
std::optional<std::string> beyond_reason(const TelemetryRecord& record, const sim::FitSample& sample) {
  constexpr Duration kLongest = std::chrono::hours{24 * 30};
  if (record.input > kTokensMax || record.output > kTokensMax) return "tokens: more than a request may have";
  bool too_long = record.latency > kLongest || record.time_to_first_token.value_or(Duration{0}) > kLongest;
  for (const sim::FitAttempt& attempt : sample.attempts) too_long = too_long || attempt.latency > kLongest;
  if (too_long) return "latency_ms: longer than 30 days";
  return std::nullopt;
}

// Why the record is of no use; nothing: it is.
std::optional<std::string> sample_of(TelemetryRecord& record, sim::FitSample& sample) {
  sample = {.finished = record.timestamp,
            .latency = record.latency,
            .answered = record.success,
            .provider = std::move(record.provider).value_or(""),
            .model = std::move(record.model).value_or(""),
            .experiment = std::move(record.experiment_id).value_or(""),
            .variant = std::move(record.variant_id).value_or(""),
            .user = std::move(record.user).value_or(""),
            .input = record.input,
            .output = record.output,
            .cost = record.cost,
            .time_to_first_token = record.time_to_first_token};
  if (record.outcome) {
    sample.outcome = word_named<monitor::Outcome, monitor::kOutcomes>(*record.outcome);
    if (!sample.outcome) return "outcome: no outcome is named \"" + *record.outcome + "\"";
  }
  for (TelemetryAttempt& attempt : record.attempts) {
    const auto kind = word_named<monitor::ReplyKind, monitor::kReplyKinds>(attempt.outcome);
    if (!kind) return "attempts: no outcome of a call is named \"" + attempt.outcome + "\"";
    if (attempt.provider.empty()) return "attempts: a call names no provider";
    sample.attempts.push_back({std::move(attempt.provider), *kind, attempt.latency, attempt.cost});
  }
  return beyond_reason(record, sample);
}

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
  return text + table.text(2) +
         fmt::format("\n  {} of {} days lie in their 80 % band ({:.0f} %)\n", test.days_inside(), test.days.size(),
                     100.0 * static_cast<double>(test.days_inside()) / static_cast<double>(test.days.size()));
}

}  // namespace

FittedLog read_fit(const std::string& file, unsigned threads) {
  FittedLog log{.file = file};
  TelemetryReader reader{file};
  sim::Fitter fitter;
  TelemetryRecord record;
  sim::FitSample sample;
  std::vector<BadLine> useless;
  while (reader.next(record)) {
    const auto why = sample_of(record, sample);
    if (!why) {
      fitter.add(sample);
      continue;
    }
    ++log.bad_count;
    if (useless.size() < TelemetryReader::kBadLinesKept) useless.push_back({reader.line(), *why});
  }
  log.bad_count += reader.bad_count();
  std::ranges::merge(reader.bad_lines(), useless, std::back_inserter(log.bad_lines), {}, &BadLine::line,
                     &BadLine::line);
  log.fit = fitter.fit();
  if (log.fit.problem) return log;
  log.backtest = sim::backtest(fitter, threads > 0 ? threads : std::max(1U, std::thread::hardware_concurrency()));
  if (log.backtest) {
    describe(log.fit.scenario, *log.backtest);
  } else {
    log.fit.notes.emplace_back("the log has fewer than 12 whole days or 20 requests a day: it is not backtested");
  }
  return log;
}

std::string fit_text(const FittedLog& log) {
  const sim::Fit& fit = log.fit;
  std::string text = fmt::format("Fitted to {}: {} requests", log.file, with_thousands(fit.requests));
  if (!fit.problem) text += fmt::format(" from {} to {}", instant(fit.first), instant(fit.last));
  text += "\n";
  if (!fit.problem) {
    TextTable table{{"Figure", "Value", "95 % from", "to", "n", "Unit"}};
    for (const sim::FittedParameter& parameter : fit.parameters) {
      const sim::Estimate& estimate = parameter.estimate;
      table.add({parameter.name, figure(estimate.value), parameter.has_interval ? figure(estimate.low) : "-",
                 parameter.has_interval ? figure(estimate.high) : "-", with_thousands(parameter.n), parameter.unit});
    }
    text += "\n" + table.text(2);
    if (log.backtest) text += backtest_text(*log.backtest);
    text += "\n";
    for (const std::string& note : fit.notes) text += "note: " + note + "\n";
  }
  if (log.bad_count == 0) return text;
  text += fmt::format("{} {} left out:\n", with_thousands(static_cast<Int128>(log.bad_count)),
                      log.bad_count == 1 ? "line is no record and was" : "lines are no records and were");
  for (std::size_t i = 0; i < log.bad_lines.size() && i < kBadLinesShown; ++i) {
    text += fmt::format("  line {}: {}\n", log.bad_lines[i].line, log.bad_lines[i].why);
  }
  if (log.bad_count > kBadLinesShown) text += fmt::format("  and {} more\n", log.bad_count - kBadLinesShown);
  if (fit.requests == 0) text += kWhatIsRead;
  return text;
}

}  // namespace windtunnel::reports
