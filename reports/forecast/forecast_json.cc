// forecast.json, written and read by the one list of its fields.

#include "base/json_writer.h"
#include "base/words/json_pointer.h"
#include "reports/fields/field_reader.h"
#include "reports/forecast/forecast_summary_fields.h"

namespace windtunnel::reports {
namespace {

constexpr const char* kVersionKey = "windtunnel_forecast";

}  // namespace

std::string forecast_json(const ForecastSummary& forecast) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key(kVersionKey).integer(kForecastVersion);
  FieldWriter fields{json};
  visit_fields(fields, forecast);
  json.end_object();
  return text + "\n";
}

ForecastSummary read_forecast_summary(std::string_view text, const std::string& name) {
  const JsonNode root = parse_json(text, name);
  check_version(root, name, kVersionKey, kForecastVersion);
  ForecastSummary forecast;
  FieldReader fields{root, name};
  visit_fields(fields, forecast);
  if (!forecast.budget) return forecast;
  // The providers are the keys of one object and the names of a list.
  for (const ProviderSpendSummary& provider : forecast.spend.by_provider) {
    const auto& spent = forecast.budget->spent_before;
    if (std::ranges::find(spent, provider.name, [](const auto& known) { return known.first; }) != spent.end()) continue;
    throw ReportError(name, "read", "/budget/spent_before_usd" + pointer_step(provider.name) + " is missing");
  }
  return forecast;
}

}  // namespace windtunnel::reports
