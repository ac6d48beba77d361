#include "scenarios/fields/fields.h"

#include <algorithm>

#include "base/check.h"

namespace windtunnel::scenarios {

bool is_used(const Condition& condition, const std::string& chosen) {
  return std::find(condition.words.begin(), condition.words.end(), chosen) != condition.words.end();
}

std::string used_by_message(const std::string& key, const Condition& condition, const std::string& chosen) {
  std::string text = "\"" + key + "\" is used by " + condition.key + " ";
  for (std::size_t i = 0; i < condition.words.size(); ++i) text += (i == 0 ? "" : ", ") + condition.words[i];
  return text + " only; here it is " + (chosen.empty() ? "none" : chosen);
}

bool add_null_to(JsonValue& schema) {
  for (JsonMember& member : schema.members) {
    if (member.key == "type" && member.value.kind == JsonKind::string) {
      JsonValue types = JsonValue::array();
      types.items = {member.value, JsonValue::of_string("null")};
      member.value = std::move(types);
    } else if (member.key == "type") {
      member.value.items.push_back(JsonValue::of_string("null"));
    } else if (member.key == "enum") {
      member.value.items.emplace_back();
    } else if (member.key == "anyOf") {
      JsonValue nothing = JsonValue::object();
      nothing.add("type", JsonValue::of_string("null"));
      member.value.items.push_back(std::move(nothing));
    }
  }
  return true;
}

void annotate(JsonValue& property, const KeyNotes& notes) {
  const auto add = [&](const char* key, const std::string& text) {
    if (!text.empty() && property.find(key) == nullptr) property.add(key, JsonValue::of_string(text));
  };
  add("description", notes.description);
  if (notes.default_value) property.add("default", *notes.default_value);
  add("x-default", notes.default_words);
  add("x-unit", notes.unit);
  if (notes.used_by) {
    JsonValue words = JsonValue::array();
    for (const std::string& word : notes.used_by->words) words.items.push_back(JsonValue::of_string(word));
    property.add("x-used-by", JsonValue::object()).add(notes.used_by->key, std::move(words));
  }
  if (notes.is_needed) property.add("x-needed", JsonValue::of_bool(true));
  add("x-same-as", notes.same_as);
  const auto parsed = [](const std::string& text) {
    Diagnostics diagnostics("an example", text);
    JsonValue value = parse_json(diagnostics);
    check(!diagnostics.has_errors(), "an example is JSON");
    return value;
  };
  if (!notes.beside.empty()) property.add("x-beside", parsed(notes.beside));
  if (!notes.example.empty()) property.add("examples", JsonValue::array()).items.push_back(parsed(notes.example));
}

JsonValue list_schema(JsonValue item, std::size_t least, std::size_t most) {
  JsonValue schema = JsonValue::object();
  schema.add("type", JsonValue::of_string("array"));
  schema.add("items", std::move(item));
  if (least > 0) schema.add("minItems", JsonValue::of_number(std::to_string(least)));
  if (most < kAnyLength) schema.add("maxItems", JsonValue::of_number(std::to_string(most)));
  return schema;
}

std::size_t read_word(Reading& reading, const JsonValue& json, const std::vector<std::string>& words) {
  if (!require_kind(reading, json, JsonKind::string)) return words.size();
  const auto found = std::find(words.begin(), words.end(), json.text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  reading.error(json.place, "\"" + excerpt(json.text) + "\" is none of the words here",
                help_with_words(json.text, words));
  return words.size();
}

JsonValue word_schema(const std::vector<std::string>& words) {
  JsonValue schema = JsonValue::object();
  schema.add("type", JsonValue::of_string("string"));
  JsonValue list = JsonValue::array();
  for (const std::string& word : words) list.items.push_back(JsonValue::of_string(word));
  schema.add("enum", std::move(list));
  return schema;
}

}  // namespace windtunnel::scenarios
