#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "reports/forecast/forecast_numbers.h"
#include "reports/forecast/forecast_report.h"
#include "reports/text/text_table.h"

namespace windtunnel::reports {
namespace {

using sim::Estimate;
using sim::Forecast;
using sim::HeadroomLimit;
using sim::Verdict;

std::string double_line() { return std::string(60, '=') + "\n"; }

std::string whole_dollars(Usd money) { return with_thousands(money.picos() / 1'000'000'000'000); }

std::string mark(Verdict verdict, TextStyle style) {
  if (!style.unicode) return verdict == Verdict::pass ? "[ok]" : verdict == Verdict::fail ? "[FAIL]" : "[?]";
  return verdict == Verdict::pass ? "✅" : verdict == Verdict::fail ? "❌" : "❔";
}

std::string heading(const ForecastReport& report) {
  const Forecast& forecast = report.forecast;
  std::string text = double_line() + "FORECAST\n" + double_line() + "\n";
  const double days = static_cast<double>(forecast.frame.horizon.count()) / 86'400e9;
  text += fmt::format("{} replications of {} days from {}; ± is half of a 95 % interval\n",
                      with_thousands(static_cast<Int128>(forecast.replications)), nine_digits(days),
                      iso8601(forecast.frame.start).substr(0, 10));
  if (report.stop) {
    text += fmt::format("Stopped by {}: {}\n", report.stop->rule,
                        report.stop->reached ? "target reached" : "TARGET NOT REACHED");
  }
  for (const std::string& note : notes_of(report)) text += "Note: " + note + "\n";
  return text;
}

std::string cost_section(const Forecast& forecast) {
  std::string text = "\nCost of the horizon, USD:\n";
  text += "  Mean: " + estimate_text(forecast.cost, kPicosPerUsd, 2) + "\n";
  const auto& quantiles = forecast.cost_quantiles;
  text += "  P10: " + quantile_text(quantiles.p10, kPicosPerUsd, 2);
  text += ", P50: " + quantile_text(quantiles.p50, kPicosPerUsd, 2);
  text += ", P90: " + quantile_text(quantiles.p90, kPicosPerUsd, 2) + "\n";
  if (!quantiles.p10) text += "  too few replications: P50 takes 6 of them, P10 and P90 take 36\n";
  text += "  Standard deviation: " + estimate_text(forecast.cost_sd.all, kPicosPerUsd, 2);
  text += " (demand " + estimate_text(forecast.cost_sd.demand, kPicosPerUsd, 2);
  text += ", request noise " + estimate_text(forecast.cost_sd.noise, kPicosPerUsd, 2) + ")\n";
  return text;
}

std::string date_with_interval(const Forecast& forecast, const std::optional<sim::QuantileEstimate>& date) {
  if (!date) return "too few replications";
  const auto at = [&](std::int64_t ns) { return instant_text(forecast.frame.start, ns); };
  if (date->low == sim::kNever) return at(date->value);
  return fmt::format("{} ({} .. {})", at(date->value), at(date->low),
                     date->high == sim::kNever ? std::string{"never"} : at(date->high));
}

std::string budget_section(const Forecast& forecast) {
  if (!forecast.frame.monthly) return "\nBudget: no monthly limit\n";
  std::string text = fmt::format("\nMonthly budget of {} USD", whole_dollars(*forecast.frame.monthly));
  if (forecast.frame.spent_total() != Usd{}) {
    text += fmt::format(", of which {} were spent before", grouped(forecast.frame.spent_total().dollars(), 2));
  }
  text += ":\n  Chance to reach";
  for (std::size_t i = 0; i < forecast.p_exceed.size(); ++i) {
    text += fmt::format("{} {}: {}", i == 0 ? "" : ",", budget_share_text(forecast.frame.shares[i]),
                        chance_text(forecast.p_exceed[i], forecast.replications));
  }
  text += "\n  Used up: P10 " + date_with_interval(forecast, forecast.exhaustion.p10);
  text += "\n           P50 " + date_with_interval(forecast, forecast.exhaustion.p50);
  text += "\n           P90 " + date_with_interval(forecast, forecast.exhaustion.p90) + "\n";
  return text;
}

std::string days_section(const Forecast& forecast) {
  std::vector<std::string> columns{"Month to date, USD", "P10", "P50", "P90"};
  if (forecast.frame.monthly) {
    for (const Millionths share : forecast.frame.shares) {
      columns.push_back("P(>" + budget_share_text(share) + ")");
    }
  }
  TextTable table{columns};
  for (const sim::ForecastRow& row : forecast.days) {
    std::vector<std::string> cells{iso8601(row.day.begin).substr(0, 10)};
    for (const auto* quantile : {&row.month_to_date.p10, &row.month_to_date.p50, &row.month_to_date.p90}) {
      cells.push_back(quantile_text(*quantile, kPicosPerUsd, 1));
    }
    for (const Estimate& chance : row.crossed) cells.push_back(chance_text(chance, forecast.replications));
    table.add(std::move(cells));
  }
  return "\nDay by day:\n" + table.text(2);
}

void add_lines(TextTable& table, const char* by, const std::vector<sim::SpendLine>& lines) {
  for (const sim::SpendLine& line : lines) {
    table.add({fmt::format("{} {}", by, line.name.empty() ? "(none)" : line.name),
               estimate_text(line.cost, kPicosPerUsd, 2),
               line.billed ? estimate_text(line.billed, kPicosPerUsd, 2) : ""});
  }
}

std::string spend_section(const Forecast& forecast) {
  TextTable table{{"Spend, USD", "Counted", "Truly billed"}};
  add_lines(table, "provider", forecast.providers);
  add_lines(table, "variant", forecast.variants);
  add_lines(table, "feature version", forecast.features);
  add_lines(table, "cause", forecast.causes);
  return "\nSpend:\n" + table.text(2);
}

// What our own limiters refuse is told even where nothing was.
bool is_refusal(monitor::Outcome outcome) {
  return outcome == monitor::Outcome::refused_rate || outcome == monitor::Outcome::refused_tokens ||
         outcome == monitor::Outcome::refused_budget;
}

std::string traffic_section(const Forecast& forecast) {
  std::string text = "\nTraffic:\n  Requests: " + estimate_text(forecast.requests, 1, 0) + "\n";
  text += "  Availability: " + share_text(forecast.availability) + " of the requests that were not refused\n";
  for (std::size_t i = 0; i < forecast.shares.size(); ++i) {
    const auto outcome = static_cast<monitor::Outcome>(i);
    if (!forecast.shares[i] || (forecast.shares[i]->value == 0 && !is_refusal(outcome))) continue;
    text += fmt::format("  {}: {}\n", name_of(outcome), share_text(forecast.shares[i]));
  }
  static constexpr std::array<const char*, 4> names{"P50", "P90", "P95", "P99"};
  text += "  Latency";
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += fmt::format("{} {}: {}", i == 0 ? " -" : ",", names[i],
                        estimate_text(forecast.latency[i], kNanosecondsPerMs, 1));
    if (forecast.latency[i]) text += " ms";
  }
  return text + "\n";
}

std::string limit_text(const HeadroomLimit& limit) {
  if (!limit.rate_percent) return fmt::format("  {}: broken even at 1 % of the traffic\n", limit.what);
  const auto times = [](std::int64_t percent) { return exact_decimal(percent, 2) + "x"; };
  const auto trial = [&](const sim::HeadroomTrial& one) {
    return fmt::format("broken in {} of {} independent replications", chance_text(one.broken, one.replications),
                       one.replications);
  };
  std::string text =
      fmt::format("  {}: {}{}\n", limit.what, limit.bounded ? "" : "at least ", times(*limit.rate_percent));
  if (limit.at_edge) {
    text += fmt::format("    at {} {}: {}\n", times(limit.at_edge->rate_percent), trial(*limit.at_edge),
                        limit.confirmed ? "confirmed" : "NOT CONFIRMED");
  }
  if (limit.beyond) {
    text += fmt::format("    at {} {}: {}\n", times(limit.beyond->rate_percent), trial(*limit.beyond),
                        limit.refuted ? "refuted" : "not refuted, the edge is not sharp");
  }
  return text;
}

std::string headroom_section(const ForecastReport& report) {
  if (!report.headroom) return {};
  std::string text = "\nHeadroom (largest traffic at which at most 5 % of the replications break it):\n";
  if (report.headroom->budget) text += limit_text(*report.headroom->budget);
  if (report.headroom->latency) text += limit_text(*report.headroom->latency);
  if (!report.headroom->budget && !report.headroom->latency) {
    text += "  no limit: the scenario has neither a monthly budget nor a bound on request_duration\n";
  }
  return text;
}

double unit_of(const sim::ThresholdSpec& threshold) {
  return threshold.forecast == sim::ForecastQuantity::request_duration ? kNanosecondsPerMs : 1;
}

// Five digits are more than an interval is worth.
std::string five_digits(double value) { return std::isfinite(value) ? fmt::format("{:.5g}", value) : "never"; }

std::string findings_section(const ForecastReport& report, TextStyle style) {
  if (report.forecast.findings.empty()) return {};
  std::string text = "\nChecks:\n";
  for (const sim::ForecastFinding& one : report.forecast.findings) {
    const double unit = unit_of(one.threshold);
    text += fmt::format("  {} {} {}", mark(one.verdict, style), one.threshold.metric, one.threshold.text);
    if (!one.estimate) {
      text += " - there are too few replications, or no budget, to tell\n";
      continue;
    }
    const bool is_chance = one.threshold.forecast == sim::ForecastQuantity::p_exceed;
    text += fmt::format(
        " - it is {} (95 %: {} to {})",
        is_chance ? chance_text(*one.estimate, report.forecast.replications) : five_digits(one.estimate->value / unit),
        five_digits(one.estimate->low / unit), five_digits(one.estimate->high / unit));
    if (one.verdict == Verdict::inconclusive) text += ", which the limit divides: more replications decide";
    if (one.verdict != Verdict::pass && one.threshold.origin.line > 0) {
      text +=
          fmt::format(" [{}:{}:{}]", one.threshold.origin.file, one.threshold.origin.line, one.threshold.origin.column);
    }
    text += "\n";
  }
  return text;
}

std::string verdict_block(const ForecastReport& report) {
  const Forecast& forecast = report.forecast;
  const Verdict verdict = verdict_of(report);
  std::string word = name_of(verdict);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  std::string text = "\n" + double_line() + "Verdict: " + word + "\nScenario: " + forecast.frame.file;
  if (!forecast.frame.title.empty()) text += (forecast.frame.file.empty() ? "" : " - ") + forecast.frame.title;
  text += "\nSeed: " + std::to_string(forecast.frame.seed) + "\nDigest: " + hex_digits(forecast.digest) + "\n";
  if (verdict != Verdict::pass && !report.replay.empty()) text += "Replay: " + report.replay + "\n";
  return text + double_line();
}

}  // namespace

// Fail if any threshold fails, else inconclusive if one is or the target was not reached, else pass.
Verdict verdict_of(const ForecastReport& report) {
  Verdict verdict = Verdict::pass;
  if (report.forecast.replications == 0) verdict = Verdict::inconclusive;
  if (report.stop && !report.stop->reached) verdict = Verdict::inconclusive;
  for (const sim::ForecastFinding& one : report.forecast.findings) {
    if (one.verdict == Verdict::fail) return Verdict::fail;
    if (one.verdict == Verdict::inconclusive) verdict = Verdict::inconclusive;
  }
  return verdict;
}

std::vector<std::string> notes_of(const ForecastReport& report) {
  std::vector<std::string> notes;
  if (!report.forecast.frame.uncertain) {
    notes.emplace_back(
        "interval reflects request noise only; demand is as certain as the file states it (see day_factor_cv, "
        "level_cv, prompts.count_cv, random_outages)");
  }
  notes.insert(notes.end(), report.notes.begin(), report.notes.end());
  return notes;
}

std::string forecast_text(const ForecastReport& report, TextStyle style) {
  const Forecast& forecast = report.forecast;
  return heading(report) + cost_section(forecast) + budget_section(forecast) + days_section(forecast) +
         spend_section(forecast) + traffic_section(forecast) + headroom_section(report) +
         findings_section(report, style) + verdict_block(report);
}

std::string forecast_csv(const ForecastReport& report) {
  const Forecast& forecast = report.forecast;
  std::string text = "date";
  for (const char* name : {"p10", "p50", "p90"}) text += fmt::format(",{0}_usd,{0}_usd_low,{0}_usd_high", name);
  if (forecast.frame.monthly) {
    for (const Millionths share : forecast.frame.shares) {
      text += fmt::format(",p_exceed_{0},p_exceed_{0}_low,p_exceed_{0}_high", exact_decimal(share.value, 6));
    }
  }
  text += "\n";
  for (const sim::ForecastRow& row : forecast.days) {
    text += iso8601(row.day.begin).substr(0, 10);
    for (const auto* quantile : {&row.month_to_date.p10, &row.month_to_date.p50, &row.month_to_date.p90}) {
      for (const std::int64_t value : {(*quantile) ? (*quantile)->value : 0, (*quantile) ? (*quantile)->low : 0,
                                       (*quantile) ? (*quantile)->high : 0}) {
        text += "," + (*quantile ? exact_decimal(value, kDollarDecimals) : std::string{});
      }
    }
    for (const Estimate& chance : row.crossed) {
      // A chance that never showed is not 0: its cell says what it is below.
      text += "," + (chance.value == 0 || chance.value == 1 ? chance_text(chance, forecast.replications)
                                                            : nine_digits(chance.value));
      text += "," + nine_digits(chance.low) + "," + nine_digits(chance.high);
    }
    text += "\n";
  }
  return text;
}

}  // namespace windtunnel::reports
