// For programs: JSON and CSV.

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "base/json_writer.h"
#include "reports/compare/compare_numbers.h"
#include "reports/compare/compare_summary_fields.h"

namespace windtunnel::reports {
namespace {

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

std::string csv_interval(const CompareInterval& interval) {
  if (!interval.low || !interval.high) return ",";
  return plain_number(*interval.low) + "," + plain_number(*interval.high);
}

std::string csv_mean(const CompareMetricSummary& metric) {
  const std::string mean = metric.mean ? plain_number(*metric.mean) : "";
  return fmt::format("{},{},{}", metric.n, mean, csv_interval(metric.interval));
}

std::string csv_difference(const std::optional<DifferenceSummary>& difference) {
  if (!difference) return "0,,,";
  return fmt::format("{},{},{}", difference->n, plain_number(difference->mean), csv_interval(difference->interval));
}

std::string csv_factor(const std::optional<double>& factor) {
  if (!factor) return {};
  return std::isfinite(*factor) ? plain_number(*factor) : "infinite";
}

}  // namespace

std::string compare_json(const CompareSummary& summary) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key("windtunnel_compare").integer(kCompareVersion);
  FieldWriter fields{json};
  visit_fields(fields, summary);
  json.end_object();
  return text + "\n";
}

std::string compare_csv(const CompareSummary& summary) {
  std::string text =
      "variation,metric,unit,n,mean,low,high,difference_n,difference_mean,difference_low,difference_high,"
      "variance_reduction\n";
  for (const VariationSummary& variation : summary.variations) {
    for (const sim::CompareMetricEntry& entry : sim::compare_metrics()) {
      const CompareMetricSummary& metric = variation.of(entry.metric);
      text += fmt::format("{},{},{},{},{},{}\n", csv_cell(variation.variation.name), entry.name, metric.unit,
                          csv_mean(metric), csv_difference(metric.difference), csv_factor(metric.variance_reduction));
    }
  }
  return text;
}

std::string compare_runs_csv(const CompareSummary& summary) {
  std::string text = "variation,seed";
  for (const sim::CompareMetricEntry& entry : sim::compare_metrics()) {
    const bool is_time = entry.unit == sim::CompareUnit::nanoseconds;
    text += fmt::format(",{}{}", entry.name, is_time ? "_ms" : "");
  }
  text += "\n";
  for (const VariationSummary& variation : summary.variations) {
    for (std::size_t seed = 0; seed < variation.runs.size(); ++seed) {
      text += fmt::format("{},{}", csv_cell(variation.variation.name), summary.seeds.first + seed);
      for (const std::optional<double>& value : variation.runs[seed]) {
        text += "," + (value ? plain_number(*value) : std::string{});
      }
      text += "\n";
    }
  }
  return text;
}

}  // namespace windtunnel::reports
