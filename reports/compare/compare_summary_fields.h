#pragma once
// The fields of a comparison's summary, in the order of compare.json: field_writer.h describes their use.

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "reports/compare/compare_numbers.h"
#include "reports/compare/compare_summary.h"
#include "reports/fields/field_writer.h"
#include "reports/run/run_summary_fields.h"

namespace windtunnel::reports {

// Twelve significant digits; null for what is infinite.
struct AsTwelveDigits {
  static constexpr const char* kExpected = "a number";
  static void write(JsonWriter& json, double value) {
    std::isfinite(value) ? json.number(plain_number(value)) : json.null();
  }
  static bool read(const JsonNode& node, double& value) {
    const auto number = double_in(node);
    value = number.value_or(0);
    return number.has_value();
  }
};

inline std::array<std::string_view, sim::kCompareMetrics> names_of_metrics() {
  std::array<std::string_view, sim::kCompareMetrics> names;
  std::ranges::transform(sim::compare_metrics(), names.begin(), &sim::CompareMetricEntry::name);
  return names;
}

void visit_fields(auto& fields, FieldsOf<CompareInterval> auto& interval) {
  fields("low", written_as<AsTwelveDigits>(interval.low));
  fields("high", written_as<AsTwelveDigits>(interval.high));
  fields("half_width", written_as<AsTwelveDigits>(interval.half_width));
}

void visit_fields(auto& fields, FieldsOf<DifferenceSummary> auto& difference) {
  fields("n", difference.n);
  fields("mean", written_as<AsTwelveDigits>(difference.mean));
  visit_fields(fields, difference.interval);
}

void visit_fields(auto& fields, FieldsOf<CompareMetricSummary> auto& metric) {
  fields("unit", metric.unit);
  fields("n", metric.n);
  fields("mean", written_as<AsTwelveDigits>(metric.mean));
  visit_fields(fields, metric.interval);
  fields("text", metric.text);
  fields("difference", metric.difference);
  fields("differing", metric.differing);
  fields("variance_reduction", written_as<AsTwelveDigits>(metric.variance_reduction));
}

void visit_fields(auto& fields, FieldsOf<sim::DownPhases> auto& phases) {
  fields("counted", phases.counted);
  fields("failover_missed", phases.failover_missed);
  fields("ended", phases.ended);
  fields("recovery_missed", phases.recovery_missed);
}

void visit_fields(auto& fields, FieldsOf<sim::ViolationCount> auto& violation) {
  fields("check", violation.check);
  fields("runs", violation.runs);
  fields("seed", violation.seed);
}

void visit_fields(auto& fields, FieldsOf<VariationSummary> auto& summary) {
  fields("name", summary.variation.name);
  fields("file", summary.variation.file);
  fields("sets", summary.variation.sets);
  fields("replay", summary.variation.replay);
  fields("notes", summary.variation.notes);
  fields("requests", summary.requests);
  fields("answered", summary.answered);
  fields.by_name("verdicts", summary.verdicts, names_of<sim::Verdict, sim::kVerdicts>());
  fields("down_phases", summary.down_phases);
  fields("violations", summary.violations);
  fields.by_name("metrics", summary.metrics, names_of_metrics());
}

void visit_fields(auto& fields, FieldsOf<ExcessSummary> auto& excess) {
  fields("unit", excess.unit);
  visit_fields(fields, excess.over_bound);
}

void visit_fields(auto& fields, FieldsOf<RegressionSummary> auto& regression) {
  fields("variation", regression.variation);
  fields("rule", regression.rule);
  fields("verdict", regression.verdict);
  fields("excess", regression.excess);
  fields("unseen", written_as<AsTwelveDigits>(regression.unseen));
  fields("seeds_needed", regression.seeds_needed);
  fields("text", regression.text);
}

void visit_fields(auto& fields, FieldsOf<SeedsSummary> auto& seeds) {
  fields("first", seeds.first);
  fields("asked", seeds.asked);
  fields("complete", seeds.complete);
}

void visit_fields(auto& fields, FieldsOf<CompareSummary> auto& summary) {
  fields("seeds", summary.seeds);
  fields("forecast_horizon_s", written_as<AsSeconds>(summary.forecast_horizon));
  fields("verdict", summary.verdict);
  fields("interrupted", summary.interrupted);
  fields("variations", summary.variations);
  fields("regressions", summary.regressions);
}

}  // namespace windtunnel::reports
