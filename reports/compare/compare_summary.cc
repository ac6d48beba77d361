#include "reports/compare/compare_summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/compare/compare_numbers.h"
#include "sim/statistics/skewed_mean.h"

namespace windtunnel::reports {
namespace {

using sim::CompareMetric;

CompareInterval interval_of(CompareMetric metric, const std::optional<sim::Estimate>& estimate) {
  if (!estimate) return {};
  return {.low = in_program_unit(metric, estimate->low),
          .high = in_program_unit(metric, estimate->high),
          .half_width = in_program_unit(metric, estimate->half_width())};
}

DifferenceSummary difference_of(CompareMetric metric, const sim::Average& average) {
  return {
      .n = average.n, .mean = in_program_unit(metric, average.mean), .interval = interval_of(metric, average.interval)};
}

CompareMetricSummary metric_of(CompareMetric metric, const sim::MetricComparison& comparison) {
  CompareMetricSummary summary{.unit = compare_unit(metric),
                               .differing = comparison.differing,
                               .variance_reduction = comparison.variance_reduction};
  if (comparison.difference) summary.difference = difference_of(metric, *comparison.difference);
  if (!comparison.value) return summary;
  const sim::Average& value = *comparison.value;
  summary.n = value.n;
  if (metric == CompareMetric::p_exceed && (value.mean == 0 || value.mean == 1)) {
    summary.text = extreme_chance_text(value.mean, value.n);
    summary.mean = value.mean;
    const double rest = std::min(1.0, sim::unseen_share(static_cast<std::size_t>(value.n)));
    const double low = value.mean == 0 ? 0 : 1 - rest;
    summary.interval = {.low = low, .high = low + rest, .half_width = rest / 2};
    return summary;
  }
  summary.mean = in_program_unit(metric, value.mean);
  summary.interval = interval_of(metric, value.interval);
  return summary;
}

VariationSummary variation_of(const ComparedVariation& variation, const sim::VariationResult& result) {
  VariationSummary summary{.variation = variation,
                           .requests = result.requests,
                           .answered = result.answered,
                           .verdicts = result.verdicts,
                           .down_phases = result.down_phases,
                           .violations = result.violations};
  for (const sim::CompareMetricEntry& entry : sim::compare_metrics()) {
    summary.metrics[static_cast<std::size_t>(entry.metric)] = metric_of(entry.metric, result.of(entry.metric));
  }
  for (const sim::CompareValues& run : result.runs) {
    auto& values = summary.runs.emplace_back();
    for (std::size_t i = 0; i < run.size(); ++i) {
      if (run[i]) values[i] = in_program_unit(static_cast<CompareMetric>(i), *run[i]);
    }
  }
  return summary;
}

std::string lack_text(const sim::RegressionFinding& finding, const std::string& variation, bool of_forecasts) {
  switch (*finding.lack) {
    case sim::EvidenceLack::no_request:
      return "no request arrived in " + variation;
    case sim::EvidenceLack::only_inconclusive:
      return "every run of " + variation + " is inconclusive by the claims of its scenario";
    case sim::EvidenceLack::no_call_in_a_fault:
      return "no run has a call to a provider on which a fault acted, so nothing could be wasted";
    case sim::EvidenceLack::no_check:
      return "no check was on, so nothing could be violated";
    case sim::EvidenceLack::nothing_spent:
      return "nothing could break it: no run of either spent anything";
    case sim::EvidenceLack::ruled_out:
      return "nothing could break it: by the settings of both it can only be 0";
    case sim::EvidenceLack::one_side_alone:
      return fmt::format(
          "of {} {} with data {} have it in one variation alone, so the {} pairs show nothing of the rest",
          finding.pairs + finding.lone, of_forecasts ? "replications" : "seeds", finding.lone, finding.pairs);
  }
  return {};
}

}  // namespace

CompareSummary compare_summary(const CompareReport& report) {
  CompareSummary summary{
      .seeds = {.first = report.seed_first, .asked = report.seeds, .complete = report.comparison.seeds},
      .forecast_horizon = report.horizon,
      .verdict = verdict_of(report.comparison, report.regressions),
      .interrupted = report.comparison.stopped};
  for (std::size_t i = 0; i < report.variations.size(); ++i) {
    summary.variations.push_back(variation_of(report.variations[i], report.comparison.variations[i]));
  }
  for (const sim::RegressionFinding& finding : report.regressions) {
    const sim::RegressionRule& rule = report.rules[finding.rule];
    const ComparedVariation& variation = report.variations[finding.variation];
    RegressionSummary regression{.variation = variation.name,
                                 .rule = rule.text,
                                 .verdict = finding.verdict,
                                 .seeds_needed = finding.seeds_needed,
                                 .metric = rule.metric,
                                 .file = variation.file};
    if (finding.lack)
      regression.lack = lack_text(finding, report.variations[finding.lacking].name, report.horizon.has_value());
    if (finding.excess) {
      regression.excess = ExcessSummary{compare_unit(rule.metric), difference_of(rule.metric, *finding.excess)};
    }
    if (finding.unseen) regression.unseen = in_program_unit(rule.metric, *finding.unseen);
    regression.text = reason_of(summary, regression);
    summary.regressions.push_back(std::move(regression));
  }
  return summary;
}

}  // namespace windtunnel::reports
