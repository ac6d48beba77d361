// Every key of the schema: a value of the wrong type or out of its range, or a slip in its name, is refused by the
// schema, as another's validator understands it, and by the reader at that very place.

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/words/json_pointer.h"
#include "scenarios/json/json_document.h"
#include "scenarios/reader.h"
#include "scenarios/schema.h"
#include "tests/scenarios/parsed_json.h"
#include "tests/scenarios/schema_validator.h"

namespace windtunnel::scenarios::schema_keys_test {
namespace {

// A key of the schema, by the way to it: an object's key, or "0" for the first element of an array, or "any" for a key
// that the file chooses.
struct SchemaKey {
  std::vector<std::string> way;
  std::vector<bool> is_index;
  std::vector<const JsonValue*> around;  // the rule of the object or array that each step is in
  const JsonValue* rule = nullptr;
};

constexpr const char* kAnyTag = "tag.any";

void collect(const JsonValue& rule, SchemaKey at, std::vector<SchemaKey>& keys) {
  const auto below = [&](const std::string& step, bool index, const JsonValue& next) {
    SchemaKey key = at;
    key.way.push_back(step);
    key.is_index.push_back(index);
    key.around.push_back(&rule);
    key.rule = &next;
    if (!index) keys.push_back(key);
    collect(next, key, keys);
  };
  if (const JsonMember* properties = rule.find("properties")) {
    for (const JsonMember& property : properties->value.members) below(property.key, false, property.value);
  }
  if (const JsonMember* others = rule.find("additionalProperties"); others && others->value.kind == JsonKind::object) {
    below("any", false, others->value);
  }
  if (const JsonMember* patterns = rule.find("patternProperties")) {
    // The names of thresholds are metrics, and those of conditions tags; all others may be called anything.
    for (const JsonMember& pattern : patterns->value.members) {
      below(pattern.key.find("tag\\") != std::string::npos ? kAnyTag : "requests", false, pattern.value);
    }
  }
  if (const JsonMember* items = rule.find("items")) below("0", true, items->value);
  if (const JsonMember* choices = rule.find("anyOf")) {
    for (const JsonValue& choice : choices->value.items) collect(choice, at, keys);
  }
}

const std::vector<SchemaKey>& keys() {
  static const JsonValue schema = parsed(scenario_schema());
  static const std::vector<SchemaKey> all = [] {
    std::vector<SchemaKey> found;
    collect(schema, {}, found);
    return found;
  }();
  return all;
}

std::string pointer_to(const SchemaKey& key) {
  std::string pointer;
  for (const std::string& step : key.way) pointer += pointer_step(step);
  return pointer;
}

// A value that the rule accepts.
JsonValue sample(const JsonValue& rule);

JsonValue sample_object(const JsonValue& rule) {
  JsonValue object = JsonValue::object();
  if (const JsonMember* required = rule.find("required")) {
    for (const JsonValue& key : required->value.items) {
      object.add(key.text, sample(rule.find("properties")->value.find(key.text)->value));
    }
  }
  if (rule.find("minProperties") == nullptr || !object.members.empty()) return object;
  if (const JsonMember* properties = rule.find("properties")) {
    const JsonMember& first = properties->value.members.front();
    object.add(first.key, sample(first.value));
  } else {
    object.add("any", sample(rule.find("additionalProperties")->value));
  }
  return object;
}

JsonValue sample_text(const JsonValue& rule) {
  const SchemaValidator validator{json_text(rule)};
  for (const char* text : {"\"1s\"", "1", "65536", "true", "\"2026-01-20\"", "\"openai\"", "0.5", "\"count>=5\""}) {
    if (validator.accepts(parsed(text))) return parsed(text);
  }
  ADD_FAILURE() << "no sample is accepted by " << json_text(rule).substr(0, 300);
  return {};
}

JsonValue sample(const JsonValue& rule) {
  if (const JsonMember* words = rule.find("enum")) return words->value.items.front();
  if (const JsonMember* choices = rule.find("anyOf")) return sample(choices->value.items.front());
  const JsonMember* type = rule.find("type");
  if (type != nullptr && type->value.text == "object") return sample_object(rule);
  if (type != nullptr && type->value.text == "array") {
    JsonValue array = JsonValue::array();
    const JsonMember* least = rule.find("minItems");
    const std::size_t size = least == nullptr ? 0 : std::stoul(least->value.text);
    for (std::size_t i = 0; i < size; ++i) array.items.push_back(sample(rule.find("items")->value));
    return array;
  }
  // A rule of the schema is asked for a sample in thousands of documents.
  static std::map<const JsonValue*, JsonValue> known;
  const auto [found, is_new] = known.try_emplace(&rule);
  if (is_new) found->second = sample_text(rule);
  return found->second;
}

// {"monitor": {"cache": {KEY: value}}}, with `name` in the last key's place and whatever the objects around require.
JsonValue document_with(const SchemaKey& key, const std::string& name, JsonValue value) {
  for (std::size_t i = key.way.size(); i-- > 0;) {
    JsonValue around = key.is_index[i] ? JsonValue::array() : JsonValue::object();
    if (key.is_index[i]) {
      around.items.push_back(std::move(value));
    } else {
      const std::string& step = i + 1 == key.way.size() ? name : key.way[i];
      around.add(step, std::move(value));
      const JsonMember* required = key.around[i]->find("required");
      for (const JsonValue& other : required ? required->value.items : std::vector<JsonValue>{}) {
        if (other.text == step) continue;
        around.add(other.text, sample(key.around[i]->find("properties")->value.find(other.text)->value));
      }
    }
    value = std::move(around);
  }
  return value;
}

// The reader's errors at this place or below it.
bool reader_refuses_at(const JsonValue& document, const std::string& pointer) {
  try {
    read_scenario_text(json_text(document), std::string(WINDTUNNEL_ROOT) + "/scenarios/catalog/f.json");
    return false;
  } catch (const ScenarioError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) {
      if (diagnostic.pointer == pointer || diagnostic.pointer.starts_with(pointer + "/")) return true;
    }
    return false;
  }
}

const SchemaValidator& validator() {
  static const SchemaValidator schema{scenario_schema()};
  return schema;
}

TEST(SchemaKeys, are_many) {
  std::set<std::string> pointers;
  for (const SchemaKey& key : keys()) pointers.insert(pointer_to(key));
  EXPECT_GT(pointers.size(), 150U);
  EXPECT_TRUE(pointers.contains("/monitor/circuit_breaker/open"));
  EXPECT_TRUE(pointers.contains("/faults/0/kind"));
  EXPECT_TRUE(pointers.contains("/workload/any/tokens/input"));
}

// Whichever of these the schema refuses there, the reader refuses there: they hold every type, and numbers and words
// beyond every range.
TEST(SchemaKeys, values_of_the_wrong_type_or_out_of_range_are_refused_by_both_at_their_place) {
  const std::vector<std::string> values = {"null",  "true",
                                           "0",     "-1",
                                           "0.5",   "1e30",
                                           "-1e30", "1e-9",
                                           "\"\"",  "\"no such word\"",
                                           "[]",    "[[]]",
                                           "{}",    R"({"no such key": 1})"};
  for (const SchemaKey& key : keys()) {
    int refused = 0;
    bool accepted = false;
    for (const std::string& value : values) {
      const JsonValue document = document_with(key, key.way.back(), parsed(value));
      if (validator().accepts(document)) {
        accepted = true;
        continue;
      }
      ++refused;
      EXPECT_TRUE(reader_refuses_at(document, pointer_to(key))) << pointer_to(key) << " = " << value;
    }
    EXPECT_GT(refused, 0) << pointer_to(key) << " takes anything";
    // So it is this value that was refused, and nothing around it.
    if (!accepted) {
      EXPECT_TRUE(validator().accepts(document_with(key, key.way.back(), sample(*key.rule)))) << pointer_to(key);
    }
  }
}

TEST(SchemaKeys, a_misspelled_key_is_refused_by_both_at_its_place) {
  for (const SchemaKey& key : keys()) {
    if (key.way.back() == "any" || key.way.back() == kAnyTag) continue;
    const std::string slip = key.way.back() + "q";
    const JsonValue document = document_with(key, slip, parsed("1"));
    SchemaKey place = key;
    place.way.back() = slip;
    EXPECT_FALSE(validator().accepts(document)) << pointer_to(place);
    EXPECT_TRUE(reader_refuses_at(document, pointer_to(place))) << pointer_to(place);
  }
}

}  // namespace
}  // namespace windtunnel::scenarios::schema_keys_test
