#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/exact_decimal.h"
#include "reports/compare/compare_numbers.h"
#include "reports/compare/compare_report.h"
#include "reports/text/text_table.h"

namespace windtunnel::reports {
namespace {

using sim::CompareMetric;
using sim::Verdict;

std::string seeds_phrase(const CompareReport& report) {
  const std::uint64_t last = report.seed_first + report.seeds - 1;
  std::string text = fmt::format("seeds {}..{}", report.seed_first, last);
  if (report.seeds == 1) text = fmt::format("seed {}", report.seed_first);
  if (report.horizon) {
    text = fmt::format("forecasts over {} days, {} replications",
                       exact_decimal(report.horizon->count() / 86'400'000, 6), report.seeds);
  }
  if (report.comparison.stopped) text += fmt::format(", stopped after {} of {}", report.comparison.seeds, report.seeds);
  return text;
}

std::string files_phrase(const CompareReport& report) {
  const std::string& file = report.variations.front().file;
  const bool same = std::ranges::all_of(report.variations, [&](const auto& one) { return one.file == file; });
  return same ? "variations of " + file : "scenarios";
}

std::string intro(const CompareReport& report) {
  return fmt::format("{} {}: {}, the same random numbers for each", report.variations.size(), files_phrase(report),
                     seeds_phrase(report));
}

// What the table shows: metrics of which a variation has data, and refusals only where there were any.
std::vector<CompareMetric> columns_of(const CompareReport& report) {
  std::vector<CompareMetric> columns;
  for (const sim::CompareMetricEntry& entry : sim::compare_metrics()) {
    const bool may_be_zero = entry.metric != CompareMetric::requests_refused;
    const bool shown = std::ranges::any_of(report.comparison.variations, [&](const sim::VariationResult& one) {
      const auto& value = one.of(entry.metric).value;
      return value && (may_be_zero || value->mean != 0);
    });
    if (shown) columns.push_back(entry.metric);
  }
  return columns;
}

constexpr const char* kLegend =
    "The mean of each metric; its paired difference to the first with the 95 % interval; the variance-reduction "
    "factor.";

// What is not a column: which phases were missed, what was violated, which runs did not pass.
std::vector<std::string> notes_of(const CompareReport& report) {
  std::vector<std::string> notes;
  for (std::size_t i = 0; i < report.variations.size(); ++i) {
    const ComparedVariation& variation = report.variations[i];
    const sim::VariationResult& result = report.comparison.variations[i];
    const sim::DownPhases& phases = result.down_phases;
    if (phases.failover_missed > 0) {
      notes.push_back(fmt::format("{}: in {} of {} down phases the breaker did not open; they count with their length",
                                  variation.name, phases.failover_missed, phases.counted));
    }
    if (phases.recovery_missed > 0) {
      notes.push_back(
          fmt::format("{}: after {} of {} down phases the breaker did not close in time; they count with the "
                      "time until the next one or the end",
                      variation.name, phases.recovery_missed, phases.ended));
    }
    for (const sim::ViolationCount& count : result.violations) {
      notes.push_back(fmt::format("{}: {} violated in {} of {} runs: {} --seed {}", variation.name, count.check,
                                  count.runs, report.comparison.seeds, variation.replay, count.seed));
    }
    const auto failed = result.verdicts[static_cast<std::size_t>(Verdict::fail)];
    const auto inconclusive = result.verdicts[static_cast<std::size_t>(Verdict::inconclusive)];
    if (failed + inconclusive > 0) {
      notes.push_back(fmt::format("{}: of {} runs {} failed their scenario and {} were inconclusive", variation.name,
                                  report.comparison.seeds, failed, inconclusive));
    }
  }
  return notes;
}

std::string bound_phrase(const CompareReport& report, const sim::RegressionFinding& finding) {
  const sim::RegressionRule& rule = report.rules[finding.rule];
  if (!finding.excess) return "no seed has data for both";
  if (!finding.excess->half_width) return "one pair of runs shows nothing";
  const std::string interval = compare_interval(rule.metric, *finding.excess);
  switch (finding.verdict) {
    case Verdict::pass:
      return fmt::format("beyond the bound by {}: all of the interval is within it", interval);
    case Verdict::fail:
      return fmt::format("beyond the bound by {}: all of the interval is worse", interval);
    case Verdict::inconclusive:
      break;
  }
  const std::string text = fmt::format("beyond the bound by {}: the interval lies on both sides", interval);
  if (!finding.seeds_needed) return text;
  return text +
         fmt::format("; about {} {} would decide", *finding.seeds_needed, report.horizon ? "replications" : "seeds");
}

const char* word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::fail:
      return "regression";
    case Verdict::inconclusive:
      return "undecided";
  }
  return "";
}

std::string markdown_cell(std::string_view text) {
  std::string out;
  for (const char symbol : text) {
    if (symbol == '|' || symbol == '<' || symbol == '&' || symbol == '*' || symbol == '_' || symbol == '`') {
      out += fmt::format("&#{};", static_cast<int>(symbol));
    } else {
      out += symbol == '\n' ? ' ' : symbol;
    }
  }
  return out;
}

std::string markdown_row(const ComparedVariation& variation, const sim::VariationResult& result, bool is_first,
                         const std::vector<CompareMetric>& columns) {
  std::string row = "| " + markdown_cell(variation.name) + " |";
  for (const CompareMetric column : columns) {
    const sim::MetricComparison& metric = result.of(column);
    row += " " + compare_mean(column, metric.value);
    const std::string difference = compare_difference(column, metric.difference);
    if (!is_first && difference != "-") {
      const std::string reduction = compare_reduction(metric.variance_reduction);
      row += " (" + difference + (reduction.empty() || difference == "=" ? "" : ", " + reduction) + ")";
    }
    row += " |";
  }
  return row + "\n";
}

}  // namespace

std::string regression_line(const CompareReport& report, const sim::RegressionFinding& finding) {
  const sim::RegressionRule& rule = report.rules[finding.rule];
  return fmt::format("{} {} {}: {}", word_of(finding.verdict), report.variations[finding.variation].name, rule.text,
                     bound_phrase(report, finding));
}

std::string compare_text(const CompareReport& report) {
  const std::vector<CompareMetric> columns = columns_of(report);
  std::vector<std::string> heading{"Variation"};
  for (const CompareMetric column : columns) heading.push_back(compare_heading(column));
  TextTable table{heading};
  for (std::size_t i = 0; i < report.variations.size(); ++i) {
    const sim::VariationResult& result = report.comparison.variations[i];
    std::vector<std::string> means{report.variations[i].name};
    std::vector<std::string> differences{"  difference"};
    std::vector<std::string> reductions{"  reduction"};
    for (const CompareMetric column : columns) {
      const sim::MetricComparison& metric = result.of(column);
      means.push_back(compare_mean(column, metric.value));
      differences.push_back(compare_difference(column, metric.difference));
      const bool is_same = differences.back() == "=" || differences.back() == "-";
      reductions.push_back(is_same ? "" : compare_reduction(metric.variance_reduction));
    }
    table.add(means);
    if (i == 0) continue;
    table.add(differences);
    if (report.comparison.seeds > 1) table.add(reductions);
  }
  std::string text = intro(report) + "\n" + kLegend + "\n\n" + table.text(0);
  const std::vector<std::string> notes = notes_of(report);
  if (!notes.empty()) text += "\n";
  for (const std::string& note : notes) text += "note: " + note + "\n";
  if (!report.rules.empty()) text += "\n";
  for (const sim::RegressionFinding& finding : report.regressions) text += regression_line(report, finding) + "\n";
  return text;
}

std::string compare_markdown(const CompareReport& report) {
  std::string text = intro(report) + ". " + kLegend + "\n\n| Variation |";
  std::string rule = "| --- |";
  const std::vector<CompareMetric> columns = columns_of(report);
  for (const CompareMetric column : columns) {
    text += " " + compare_heading(column) + " |";
    rule += " ---: |";
  }
  text += "\n" + rule + "\n";
  for (std::size_t i = 0; i < report.variations.size(); ++i) {
    text += markdown_row(report.variations[i], report.comparison.variations[i], i == 0, columns);
  }
  std::vector<std::string> items = notes_of(report);
  for (const sim::RegressionFinding& finding : report.regressions) items.push_back(regression_line(report, finding));
  if (!items.empty()) text += "\n";
  for (const std::string& item : items) text += "- " + markdown_cell(item) + "\n";
  return text;
}

}  // namespace windtunnel::reports
