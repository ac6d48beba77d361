// The JSON Schema and the reader agree on shape. The validator here knows just the words that our schema uses, and
// fails on any other.

#include "scenarios/schema.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <regex>
#include <string>

#include "scenario_generator.h"
#include "scenarios/json_document.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"

namespace windtunnel::scenarios {
namespace {

JsonValue parsed(const std::string& text) {
  Diagnostics diagnostics("text", text);
  JsonValue value = parse_json(diagnostics);
  diagnostics.throw_if_errors();
  return value;
}

bool has_type(const JsonValue& json, const std::string& type) {
  switch (json.kind) {
    case JsonKind::null:
      return type == "null";
    case JsonKind::boolean:
      return type == "boolean";
    case JsonKind::string:
      return type == "string";
    case JsonKind::array:
      return type == "array";
    case JsonKind::object:
      return type == "object";
    case JsonKind::number:
      return type == "number" || (type == "integer" && std::stold(json.text) == std::floor(std::stold(json.text)));
  }
  return false;
}

bool is_valid(const JsonValue& json, const JsonValue& schema);

bool is_valid_member(const JsonMember& member, const JsonValue& schema) {
  if (const JsonMember* properties = schema.find("properties")) {
    if (const JsonMember* property = properties->value.find(member.key)) return is_valid(member.value, property->value);
  }
  if (const JsonMember* patterns = schema.find("patternProperties")) {
    for (const JsonMember& pattern : patterns->value.members) {
      if (std::regex_search(member.key, std::regex(pattern.key))) return is_valid(member.value, pattern.value);
    }
  }
  const JsonMember* others = schema.find("additionalProperties");
  if (others == nullptr) return true;
  return others->value.kind == JsonKind::boolean ? others->value.flag : is_valid(member.value, others->value);
}

bool holds(const JsonValue& json, const std::string& word, const JsonValue& rule, const JsonValue& schema) {
  const auto number = [](const JsonValue& value) { return std::stold(value.text); };
  const auto same = [&](const JsonValue& value) { return same_json(value, json); };
  if (word == "type" && rule.kind == JsonKind::string) return has_type(json, rule.text);
  if (word == "type")
    return std::any_of(rule.items.begin(), rule.items.end(),
                       [&](const JsonValue& type) { return has_type(json, type.text); });
  if (word == "enum") return std::any_of(rule.items.begin(), rule.items.end(), same);
  if (word == "const") return same_json(json, rule);
  if (word == "anyOf")
    return std::any_of(rule.items.begin(), rule.items.end(),
                       [&](const JsonValue& choice) { return is_valid(json, choice); });
  if (word == "minimum") return json.kind != JsonKind::number || number(json) >= number(rule);
  if (word == "maximum") return json.kind != JsonKind::number || number(json) <= number(rule);
  if (word == "pattern") return json.kind != JsonKind::string || std::regex_search(json.text, std::regex(rule.text));
  if (word == "minLength") return json.kind != JsonKind::string || json.text.size() >= std::stoul(rule.text);
  if (word == "maxLength") return json.kind != JsonKind::string || json.text.size() <= std::stoul(rule.text);
  if (word == "minItems") return json.kind != JsonKind::array || json.items.size() >= std::stoul(rule.text);
  if (word == "maxItems") return json.kind != JsonKind::array || json.items.size() <= std::stoul(rule.text);
  if (word == "minProperties") return json.kind != JsonKind::object || json.members.size() >= std::stoul(rule.text);
  if (word == "maxProperties") return json.kind != JsonKind::object || json.members.size() <= std::stoul(rule.text);
  if (word == "items")
    return std::all_of(json.items.begin(), json.items.end(),
                       [&](const JsonValue& item) { return is_valid(item, rule); });
  if (word == "required") {
    return json.kind != JsonKind::object ||
           std::all_of(rule.items.begin(), rule.items.end(),
                       [&](const JsonValue& key) { return json.find(key.text) != nullptr; });
  }
  if (word == "properties")
    return std::all_of(json.members.begin(), json.members.end(),
                       [&](const JsonMember& member) { return is_valid_member(member, schema); });
  if (word == "additionalProperties")
    return schema.find("properties") != nullptr ||
           std::all_of(json.members.begin(), json.members.end(),
                       [&](const JsonMember& member) { return is_valid_member(member, schema); });
  if (word == "patternProperties" || word == "$schema" || word == "title" || word == "description") return true;
  ADD_FAILURE() << "the validator does not know " << word;
  return false;
}

bool is_valid(const JsonValue& json, const JsonValue& schema) {
  return std::all_of(schema.members.begin(), schema.members.end(),
                     [&](const JsonMember& rule) { return holds(json, rule.key, rule.value, schema); });
}

const JsonValue& schema() {
  static const JsonValue value = parsed(scenario_schema());
  return value;
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
  for (const auto& entry : std::filesystem::directory_iterator(std::string(WINDTUNNEL_ROOT) + "/scenarios/catalog")) {
    if (entry.path().extension() != ".json") continue;
    EXPECT_TRUE(is_valid(parsed(read_whole_file(entry.path().string())), schema())) << entry.path();
  }
  EXPECT_TRUE(is_valid(parsed("{}"), schema()));
  EXPECT_FALSE(is_valid(parsed("[]"), schema()));
  EXPECT_FALSE(is_valid(parsed(R"({"version": 2})"), schema()));
}

RC_GTEST_PROP(Schema, accepts_what_the_writer_writes, ()) {
  const JsonValue json = parsed(write_scenario(arbitrary_scenario()));
  RC_ASSERT(is_valid(json, schema()));
}

RC_GTEST_PROP(Schema, and_reader_refuse_an_unknown_key_anywhere, ()) {
  JsonValue json = parsed(write_scenario(arbitrary_scenario()));
  std::vector<JsonValue*> values;
  collect(json, values);
  std::erase_if(values, [](const JsonValue* value) { return value->kind != JsonKind::object; });
  JsonValue& object = *values[*rc::gen::inRange<std::size_t>(0, values.size())];
  object.add("no_such_key", JsonValue::of_bool(true));
  RC_ASSERT(!is_valid(json, schema()));
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
  RC_CLASSIFY(is_valid(json, schema()), "still valid");
  if (!is_valid(json, schema())) RC_ASSERT(!reader_accepts(json));
}

TEST(Schema, of_a_monitor_is_a_part_of_it) {
  const JsonValue monitor = parsed(monitor_schema());
  EXPECT_TRUE(is_valid(parsed(R"({"circuit_breaker": {"preset": "polly", "open_ms": 5}})"), monitor));
  EXPECT_FALSE(is_valid(parsed(R"({"circuit_breaker": {"preset": "poly"}})"), monitor));
  EXPECT_FALSE(is_valid(parsed(R"({"seed": 1})"), monitor));
}

}  // namespace
}  // namespace windtunnel::scenarios
