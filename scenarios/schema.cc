#include "scenarios/schema.h"

#include <utility>

#include "scenarios/fields/tables.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {
namespace {

std::string schema_text(const char* title, JsonValue body) {
  JsonValue schema = JsonValue::object();
  schema.add("$schema", JsonValue::of_string("http://json-schema.org/draft-07/schema#"));
  schema.add("title", JsonValue::of_string(title));
  for (JsonMember& member : body.members) schema.add(std::move(member.key), std::move(member.value));
  return json_text(schema) + "\n";
}

}  // namespace

std::string scenario_schema() { return schema_text("Windtunnel scenario", schema_of(scenario_table())); }

std::string monitor_schema() { return schema_text("Windtunnel monitor settings", schema_of(monitor_table())); }

}  // namespace windtunnel::scenarios
