// For programs: JSON and CSV.

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "base/json_writer.h"
#include "reports/compare/compare_numbers.h"
#include "reports/compare/compare_report.h"

namespace windtunnel::reports {
namespace {

using sim::CompareMetric;
using sim::Verdict;

void write_average(JsonWriter& json, CompareMetric metric, const sim::Average& average) {
  json.key("n").integer(average.n).key("mean").number(compare_number(metric, average.mean)).key("half_width");
  average.half_width ? json.number(compare_number(metric, *average.half_width)) : json.null();
}

void write_metric(JsonWriter& json, CompareMetric metric, const sim::MetricComparison& comparison) {
  json.begin_object().key("unit").text(compare_unit(metric));
  if (comparison.value && is_extreme_chance(metric, *comparison.value)) {
    json.key("n").integer(comparison.value->n).key("mean").null().key("half_width").null();
    json.key("text").text(compare_mean(metric, comparison.value));
  } else if (comparison.value) {
    write_average(json, metric, *comparison.value);
  } else {
    json.key("n").integer(0).key("mean").null().key("half_width").null();
  }
  json.key("difference");
  if (comparison.difference) {
    json.begin_object();
    write_average(json, metric, *comparison.difference);
    json.end_object();
  } else {
    json.null();
  }
  json.key("variance_reduction");
  const auto& factor = comparison.variance_reduction;
  factor&& std::isfinite(*factor) ? json.number(plain_number(*factor)) : json.null();
  json.end_object();
}

void write_variation(JsonWriter& json, const ComparedVariation& variation, const sim::VariationResult& result) {
  json.begin_object().key("name").text(variation.name).key("file").text(variation.file).key("sets").begin_array();
  for (const std::string& set : variation.sets) json.text(set);
  json.end_array().key("replay").text(variation.replay);
  json.key("verdicts").begin_object();
  for (const Verdict verdict : {Verdict::pass, Verdict::fail, Verdict::inconclusive}) {
    json.key(name_of(verdict)).integer(result.verdicts[static_cast<std::size_t>(verdict)]);
  }
  json.end_object().key("down_phases").begin_object();
  json.key("counted").integer(result.down_phases.counted);
  json.key("failover_missed").integer(result.down_phases.failover_missed);
  json.key("ended").integer(result.down_phases.ended);
  json.key("recovery_missed").integer(result.down_phases.recovery_missed);
  json.end_object().key("violations").begin_array();
  for (const sim::ViolationCount& count : result.violations) {
    json.begin_object().key("check").text(count.check).key("runs").integer(count.runs);
    json.key("seed").integer(static_cast<Int128>(count.seed)).end_object();
  }
  json.end_array().key("metrics").begin_object();
  for (const sim::CompareMetricEntry& entry : sim::compare_metrics()) {
    json.key(entry.name);
    write_metric(json, entry.metric, result.of(entry.metric));
  }
  json.end_object().end_object();
}

void write_regression(JsonWriter& json, const CompareReport& report, const sim::RegressionFinding& finding) {
  const sim::RegressionRule& rule = report.rules[finding.rule];
  json.begin_object().key("variation").text(report.variations[finding.variation].name);
  json.key("rule").text(rule.text).key("verdict").text(name_of(finding.verdict)).key("excess");
  if (finding.excess) {
    json.begin_object().key("unit").text(compare_unit(rule.metric));
    write_average(json, rule.metric, *finding.excess);
    json.end_object();
  } else {
    json.null();
  }
  json.key("seeds_needed");
  finding.seeds_needed ? json.integer(*finding.seeds_needed) : json.null();
  json.end_object();
}

// RFC 4180.
std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char symbol : text) {
    if (symbol == '"') out += '"';
    out += symbol;
  }
  return out + "\"";
}

std::string csv_average(CompareMetric metric, const std::optional<sim::Average>& average) {
  if (!average) return "0,,";
  const std::string half_width = average->half_width ? compare_number(metric, *average->half_width) : "";
  return fmt::format("{},{},{}", average->n, compare_number(metric, average->mean), half_width);
}

std::string csv_factor(const std::optional<double>& factor) {
  if (!factor) return {};
  return std::isfinite(*factor) ? plain_number(*factor) : "infinite";
}

}  // namespace

std::string compare_json(const CompareReport& report) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key("windtunnel_compare").integer(kCompareVersion);
  json.key("seeds").begin_object().key("first").integer(static_cast<Int128>(report.seed_first));
  json.key("asked").integer(static_cast<Int128>(report.seeds));
  json.key("complete").integer(static_cast<Int128>(report.comparison.seeds)).end_object();
  json.key("forecast_horizon_s");
  report.horizon ? json.decimal(report.horizon->count(), kSecondDecimals) : json.null();
  json.key("interrupted").boolean(report.comparison.stopped);
  json.key("variations").begin_array();
  for (std::size_t i = 0; i < report.variations.size(); ++i) {
    write_variation(json, report.variations[i], report.comparison.variations[i]);
  }
  json.end_array().key("regressions").begin_array();
  for (const sim::RegressionFinding& finding : report.regressions) write_regression(json, report, finding);
  json.end_array().end_object();
  return text + "\n";
}

std::string compare_csv(const CompareReport& report) {
  std::string text =
      "variation,metric,unit,n,mean,half_width,difference_n,difference_mean,difference_half_width,"
      "variance_reduction\n";
  for (std::size_t i = 0; i < report.variations.size(); ++i) {
    for (const sim::CompareMetricEntry& entry : sim::compare_metrics()) {
      const sim::MetricComparison& metric = report.comparison.variations[i].of(entry.metric);
      const std::string value = metric.value && is_extreme_chance(entry.metric, *metric.value)
                                    ? fmt::format("{},{},", metric.value->n, compare_mean(entry.metric, metric.value))
                                    : csv_average(entry.metric, metric.value);
      text += fmt::format("{},{},{},{},{},{}\n", csv_cell(report.variations[i].name), entry.name,
                          compare_unit(entry.metric), value, csv_average(entry.metric, metric.difference),
                          csv_factor(metric.variance_reduction));
    }
  }
  return text;
}

std::string compare_runs_csv(const CompareReport& report) {
  std::string text = "variation,seed";
  for (const sim::CompareMetricEntry& entry : sim::compare_metrics()) {
    const bool is_time = entry.unit == sim::CompareUnit::nanoseconds;
    text += fmt::format(",{}{}", entry.name, is_time ? "_ms" : "");
  }
  text += "\n";
  for (std::size_t i = 0; i < report.variations.size(); ++i) {
    const std::vector<sim::CompareValues>& runs = report.comparison.variations[i].runs;
    for (std::size_t seed = 0; seed < runs.size(); ++seed) {
      text += fmt::format("{},{}", csv_cell(report.variations[i].name), report.seed_first + seed);
      for (const sim::CompareMetricEntry& entry : sim::compare_metrics()) {
        const std::optional<double>& value = runs[seed][static_cast<std::size_t>(entry.metric)];
        text += "," + (value ? compare_number(entry.metric, *value) : std::string{});
      }
      text += "\n";
    }
  }
  return text;
}

}  // namespace windtunnel::reports
