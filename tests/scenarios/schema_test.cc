// The JSON Schema, as another's validator understands it, and the reader agree on shape.

#include "scenarios/schema.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <string>

#include "scenarios/json/json_document.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"
#include "tests/scenarios/parsed_json.h"
#include "tests/scenarios/scenario_generator.h"
#include "tests/scenarios/schema_validator.h"

namespace windtunnel::scenarios::schema_test {
namespace {

const SchemaValidator& schema() {
  static const SchemaValidator validator{scenario_schema()};
  return validator;
}

bool reader_accepts(const JsonValue& json) {
  try {
    read_scenario_text(json_text(json), std::string(WINDTUNNEL_ROOT) + "/scenarios/catalog/f.json");
    return true;
  } catch (const ScenarioError&) {
    return false;
  }
}

// The values of a tree in the order in which they stand.
void collect(JsonValue& json, std::vector<JsonValue*>& values) {
  values.push_back(&json);
  for (JsonValue& item : json.items) collect(item, values);
  for (JsonMember& member : json.members) collect(member.value, values);
}

TEST(Schema, accepts_the_catalogue) {
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::string(WINDTUNNEL_ROOT) + "/scenarios/catalog")) {
    if (entry.path().extension() != ".json") continue;
    EXPECT_TRUE(schema().accepts(parsed(read_whole_file(entry.path().string())))) << entry.path();
  }
  EXPECT_TRUE(schema().accepts(parsed("{}")));
  EXPECT_FALSE(schema().accepts(parsed("[]")));
  EXPECT_FALSE(schema().accepts(parsed(R"({"version": 2})")));
}

RC_GTEST_PROP(Schema, accepts_what_the_writer_writes, ()) {
  const JsonValue json = parsed(write_scenario(arbitrary_scenario()));
  RC_ASSERT(schema().accepts(json));
}

RC_GTEST_PROP(Schema, and_reader_refuse_an_unknown_key_anywhere, ()) {
  JsonValue json = parsed(write_scenario(arbitrary_scenario()));
  std::vector<JsonValue*> values;
  collect(json, values);
  std::erase_if(values, [](const JsonValue* value) { return value->kind != JsonKind::object; });
  JsonValue& object = *values[*rc::gen::inRange<std::size_t>(0, values.size())];
  object.add("no_such_key", JsonValue::of_bool(true));
  RC_ASSERT(!schema().accepts(json));
  RC_ASSERT(!reader_accepts(json));
}

// Whatever the reader accepts the schema accepts: a value is replaced by one of another shape, and where the schema
// says no the reader must too.
RC_GTEST_PROP(Schema, never_refuses_what_the_reader_accepts, ()) {
  JsonValue json = parsed(write_scenario(arbitrary_scenario()));
  std::vector<JsonValue*> values;
  collect(json, values);
  JsonValue& value = *values[*rc::gen::inRange<std::size_t>(0, values.size())];
  value = parsed(*rc::gen::element<std::string>(
      "null", "true", "0", "-1", "0.5", "1.5", "7", "1e30", "\"\"", "\"5s\"", "\"x\"", "[]", "[1]", "{}", "\"*\"",
      R"({"min": 1, "max": 2})", R"({"mean": "5s"})", R"({"input": 1, "output": 2})", "\"gpt-4o\"", "\"12.5\""));
  RC_CLASSIFY(schema().accepts(json), "still valid");
  if (!schema().accepts(json)) RC_ASSERT(!reader_accepts(json));
}

TEST(Schema, of_a_monitor_is_a_part_of_it) {
  const SchemaValidator monitor{monitor_schema()};
  EXPECT_TRUE(monitor.accepts(parsed(R"({"circuit_breaker": {"preset": "polly", "open_ms": 5}})")));
  EXPECT_FALSE(monitor.accepts(parsed(R"({"circuit_breaker": {"preset": "poly"}})")));
  EXPECT_FALSE(monitor.accepts(parsed(R"({"seed": 1})")));
}

}  // namespace
}  // namespace windtunnel::scenarios::schema_test
