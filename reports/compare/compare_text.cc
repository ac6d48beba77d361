#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/exact_decimal.h"
#include "reports/compare/compare_numbers.h"
#include "reports/compare/compare_summary.h"
#include "reports/text/text_table.h"

namespace windtunnel::reports {
namespace {

using sim::CompareMetric;
using sim::Verdict;

std::string seeds_phrase(const CompareSummary& summary) {
  const auto& [first, asked, complete] = summary.seeds;
  std::string text = fmt::format("seeds {}..{}", first, first + asked - 1);
  if (asked == 1) text = fmt::format("seed {}", first);
  if (summary.forecast_horizon) {
    text = fmt::format("forecasts over {} days, {} replications",
                       exact_decimal(summary.forecast_horizon->count() / 86'400'000, 6), asked);
  }
  if (summary.interrupted) text += fmt::format(", stopped after {} of {}", complete, asked);
  return text;
}

std::string files_phrase(const CompareSummary& summary) {
  const std::string& file = summary.variations.front().variation.file;
  const bool same =
      std::ranges::all_of(summary.variations, [&](const auto& entry) { return entry.variation.file == file; });
  return same ? "variations of " + file : "scenarios";
}

std::string intro(const CompareSummary& summary) {
  return fmt::format("{} {}: {}, the same random numbers for each", summary.variations.size(), files_phrase(summary),
                     seeds_phrase(summary));
}

// What the table shows: metrics of which a variation has data, and refusals only where there were any.
std::vector<CompareMetric> columns_of(const CompareSummary& summary) {
  std::vector<CompareMetric> columns;
  for (const sim::CompareMetricEntry& entry : sim::compare_metrics()) {
    const bool may_be_zero = entry.metric != CompareMetric::requests_refused;
    const bool shown = std::ranges::any_of(summary.variations, [&](const VariationSummary& variation_summary) {
      const CompareMetricSummary& metric = variation_summary.of(entry.metric);
      return metric.n > 0 && (may_be_zero || metric.mean != 0);
    });
    if (shown) columns.push_back(entry.metric);
  }
  return columns;
}

constexpr const char* kLegend =
    "The mean of each metric; its paired difference to the first with the 95 % interval (±, or how far it reaches down "
    "and up); the variance-reduction factor.";

bool is_alike(const std::optional<DifferenceSummary>& difference) {
  return difference && difference->n > 1 && !difference->interval.low;
}

// What "=" and "each" leave open.
std::string note_of_alike(const CompareSummary& summary) {
  std::int64_t n = 0;
  for (const VariationSummary& variation : summary.variations) {
    for (const CompareMetricSummary& metric : variation.metrics) {
      if (is_alike(metric.difference)) n = std::max(n, metric.difference->n);
    }
  }
  if (n == 0) return {};
  const char* seeds = summary.forecast_horizon ? "replications" : "seeds";
  return fmt::format("= and each: the same in all {} {}; up to {} of all {} may still differ", n, seeds, unseen_text(n),
                     seeds);
}

// An interval is of what the seeds show. So few may all miss what a tenth of the seeds have.
std::string note_of_few(const CompareSummary& summary) {
  constexpr std::int64_t kEnough = 30;
  std::int64_t n = 0;
  for (const VariationSummary& variation : summary.variations) {
    for (const CompareMetricSummary& metric : variation.metrics) {
      if (metric.difference && metric.difference->interval.low) n = std::max(n, metric.difference->n);
    }
  }
  if (n == 0 || n >= kEnough) return {};
  return fmt::format("{} {}: an effect that fewer than {} of all have may be missing from every interval", n,
                     summary.forecast_horizon ? "replications" : "seeds", unseen_text(n));
}

// What is true of each variation is said once.
std::vector<std::string> notes_of_settings(const CompareSummary& summary) {
  std::vector<std::string> notes;
  const std::vector<std::string>& first = summary.variations.front().variation.notes;
  const auto is_of_all = [&](const std::string& note) {
    return std::ranges::all_of(summary.variations, [&](const VariationSummary& variation) {
      return std::ranges::find(variation.variation.notes, note) != variation.variation.notes.end();
    });
  };
  std::ranges::copy_if(first, std::back_inserter(notes), is_of_all);
  for (const VariationSummary& variation : summary.variations) {
    for (const std::string& note : variation.variation.notes) {
      if (!is_of_all(note)) notes.push_back(variation.variation.name + ": " + note);
    }
  }
  return notes;
}

// What is not a column: which phases were missed, what was violated, which runs did not pass.
std::vector<std::string> notes_of(const CompareSummary& summary) {
  std::vector<std::string> notes;
  for (std::string note : {note_of_alike(summary), note_of_few(summary)}) {
    if (!note.empty()) notes.push_back(std::move(note));
  }
  for (const VariationSummary& variation : summary.variations) {
    const std::string& name = variation.variation.name;
    const sim::DownPhases& phases = variation.down_phases;
    if (phases.failover_missed > 0) {
      notes.push_back(fmt::format(
          "{}: in {} of {} fault phases the breaker did not open, or the provider's share of the answers did "
          "not fall; they count with their length",
          name, phases.failover_missed, phases.counted));
    }
    if (phases.recovery_missed > 0) {
      notes.push_back(
          fmt::format("{}: after {} of {} fault phases the breaker did not close, or the share did not come back; they "
                      "count with the time until the next one or the end",
                      name, phases.recovery_missed, phases.ended));
    }
    if (100 * variation.answered < 99 * variation.requests) {
      notes.push_back(
          fmt::format("{}: {:.1f} % of the requests were answered", name,
                      100 * static_cast<double>(variation.answered) / static_cast<double>(variation.requests)));
    }
    if (variation.requests == 0) notes.push_back(name + ": no request arrived in any seed");
    for (const sim::ViolationCount& count : variation.violations) {
      notes.push_back(fmt::format("{}: {} violated in {} of {} runs: {} --seed {}", name, count.check, count.runs,
                                  summary.seeds.complete, variation.variation.replay, count.seed));
    }
    const auto failed = variation.verdicts[static_cast<std::size_t>(Verdict::fail)];
    const auto inconclusive = variation.verdicts[static_cast<std::size_t>(Verdict::inconclusive)];
    if (failed + inconclusive > 0) {
      notes.push_back(fmt::format("{}: of {} runs {} failed their scenario and {} were inconclusive", name,
                                  summary.seeds.complete, failed, inconclusive));
    }
  }
  std::ranges::move(notes_of_settings(summary), std::back_inserter(notes));
  return notes;
}

const char* side_of(Verdict verdict, const DifferenceSummary& excess) {
  switch (verdict) {
    case Verdict::pass:
      return "all of the interval is within it";
    case Verdict::fail:
      return "all of the interval is worse";
    case Verdict::inconclusive:
    case Verdict::nothing_claimed:
      break;
  }
  const bool is_across = *excess.interval.low <= 0 && *excess.interval.high > 0;
  return is_across ? "the interval lies on both sides" : "so few that are all alike decide nothing";
}

const char* word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::fail:
      return "regression";
    case Verdict::inconclusive:
      return "undecided";
    case Verdict::nothing_claimed:
      break;
  }
  return "";
}

// Last, because a person reads it last.
std::string verdict_line(const CompareSummary& summary) {
  return "Verdict: " + sim::verdict_words(summary.verdict) +
         (summary.verdict == Verdict::nothing_claimed ? ", because there is no --max-regression\n" : "\n");
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

std::string markdown_row(const VariationSummary& variation, bool is_first, const std::vector<CompareMetric>& columns) {
  std::string row = "| " + markdown_cell(variation.variation.name) + " |";
  for (const CompareMetric column : columns) {
    const CompareMetricSummary& metric = variation.of(column);
    row += " " + compare_mean(column, metric);
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

std::string reason_of(const CompareSummary& summary, const RegressionSummary& regression) {
  if (!regression.lack.empty()) return regression.lack;
  if (!regression.excess) return "no seed has data for both";
  const DifferenceSummary& excess = regression.excess->over_bound;
  if (excess.n < 2) return "one pair of runs shows nothing";
  const char* seeds = summary.forecast_horizon ? "replications" : "seeds";
  if (!excess.interval.low) {
    return fmt::format("it is the same in all {} {}, which shows nothing of rare ones", excess.n, seeds);
  }
  std::string text = fmt::format("beyond the bound by {}: {}", compare_interval(regression.metric, excess),
                                 side_of(regression.verdict, excess));
  if (regression.unseen) {
    text += fmt::format("; every {} has the same difference, so up to {} of all {} are taken to deviate, each by {}",
                        summary.forecast_horizon ? "replication" : "seed", unseen_text(excess.n), seeds,
                        compare_amount(regression.metric, *regression.unseen));
  }
  if (regression.verdict != Verdict::inconclusive) return text;
  if (regression.seeds_needed) return text + fmt::format("; about {} {} would decide", *regression.seeds_needed, seeds);
  if (!regression.unseen) return text;
  return text + fmt::format("; a rule that allows {} more passes, and no number of {} excludes every rare one",
                            compare_amount(regression.metric, *excess.interval.high), seeds);
}

std::string regression_line(const RegressionSummary& regression) {
  return fmt::format("{} {} {}: {}", word_of(regression.verdict), regression.variation, regression.rule,
                     regression.text);
}

std::string compare_text(const CompareSummary& summary) {
  const std::vector<CompareMetric> columns = columns_of(summary);
  std::vector<std::string> heading{"Variation"};
  for (const CompareMetric column : columns) heading.push_back(compare_heading(column));
  TextTable table{heading};
  for (std::size_t i = 0; i < summary.variations.size(); ++i) {
    std::vector<std::string> means{summary.variations[i].variation.name};
    std::vector<std::string> differences{"  difference"};
    std::vector<std::string> reductions{"  reduction"};
    for (const CompareMetric column : columns) {
      const CompareMetricSummary& metric = summary.variations[i].of(column);
      means.push_back(compare_mean(column, metric));
      differences.push_back(compare_difference(column, metric.difference));
      const bool is_same = differences.back() == "=" || differences.back() == "-";
      reductions.push_back(is_same ? "" : compare_reduction(metric.variance_reduction));
    }
    table.add(means);
    if (i == 0) continue;
    table.add(differences);
    if (summary.seeds.complete > 1) table.add(reductions);
  }
  std::string text = intro(summary) + "\n" + kLegend + "\n\n" + table.text(0);
  const std::vector<std::string> notes = notes_of(summary);
  if (!notes.empty()) text += "\n";
  for (const std::string& note : notes) text += "note: " + note + "\n";
  if (!summary.regressions.empty()) text += "\n";
  for (const RegressionSummary& regression : summary.regressions) text += regression_line(regression) + "\n";
  return text + "\n" + verdict_line(summary);
}

std::string compare_markdown(const CompareSummary& summary) {
  std::string text = intro(summary) + ". " + kLegend + "\n\n| Variation |";
  std::string rule = "| --- |";
  const std::vector<CompareMetric> columns = columns_of(summary);
  for (const CompareMetric column : columns) {
    text += " " + compare_heading(column) + " |";
    rule += " ---: |";
  }
  text += "\n" + rule + "\n";
  for (std::size_t i = 0; i < summary.variations.size(); ++i) {
    text += markdown_row(summary.variations[i], i == 0, columns);
  }
  std::vector<std::string> items = notes_of(summary);
  for (const RegressionSummary& regression : summary.regressions) items.push_back(regression_line(regression));
  if (!items.empty()) text += "\n";
  for (const std::string& item : items) text += "- " + markdown_cell(item) + "\n";
  return text;
}

}  // namespace windtunnel::reports
