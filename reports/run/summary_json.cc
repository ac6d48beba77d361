// summary.json, written and read by the one list of its fields.

#include "base/json_writer.h"
#include "reports/fields/field_reader.h"
#include "reports/run/run_summary_fields.h"

namespace windtunnel::reports {
namespace {

constexpr const char* kVersionKey = "windtunnel_summary";

}  // namespace

std::string summary_json(const RunSummary& summary) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key(kVersionKey).integer(kSummaryVersion);
  FieldWriter fields{json};
  visit_fields(fields, summary);
  json.end_object();
  return text + "\n";
}

RunSummary read_run_summary(std::string_view text, const std::string& name) {
  const JsonNode root = parse_json(text, name);
  check_version(root, name, kVersionKey, kSummaryVersion);
  RunSummary summary;
  FieldReader fields{root, name};
  visit_fields(fields, summary);
  return summary;
}

}  // namespace windtunnel::reports
