#include "scenarios/fields/fields.h"

#include <algorithm>

namespace windtunnel::scenarios {

Place Reading::place_of(std::string_view pointer) const {
  std::string path(pointer);
  while (true) {
    if (const auto found = places_.find(path); found != places_.end()) return found->second;
    if (path.empty()) return {};
    path.resize(path.rfind('/'));
  }
}

void Reading::error_at(std::string_view pointer, std::string message, std::string help) {
  diagnostics_.error(place_of(pointer), pointer, std::move(message), std::move(help));
}

void Reading::warning_at(std::string_view pointer, std::string message, std::string help) {
  diagnostics_.warning(place_of(pointer), pointer, std::move(message), std::move(help));
}

bool refuse_unknown_keys(Reading& reading, const JsonValue& json, const std::vector<std::string>& known) {
  bool good = true;
  for (const JsonMember& member : json.members) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    const Reading::Step step(reading, member.key);
    good = reading.error(member.place, "unknown key \"" + excerpt(member.key) + "\"",
                         help_with_words(member.key, known, "keys"));
  }
  return good;
}

bool require_kind(Reading& reading, const JsonValue& json, JsonKind kind) {
  if (json.kind == kind) return true;
  return reading.error(json.place, std::string(name_of(kind)) + " is needed here, not " + name_of(json.kind));
}

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

JsonValue list_schema(JsonValue item, std::size_t least, std::size_t most) {
  JsonValue schema = JsonValue::object();
  schema.add("type", JsonValue::of_string("array"));
  schema.add("items", std::move(item));
  if (least > 0) schema.add("minItems", JsonValue::of_number(std::to_string(least)));
  if (most < kAnyLength) schema.add("maxItems", JsonValue::of_number(std::to_string(most)));
  return schema;
}

bool check_length(Reading& reading, const JsonValue& json, std::size_t least, std::size_t most) {
  const std::size_t length = json.items.size();
  if (length >= least && length <= most) return true;
  if (least == most) {
    return reading.error(json.place,
                         "a list of " + std::to_string(least) + " is needed here, not " + std::to_string(length));
  }
  if (length < least)
    return reading.error(json.place,
                         "at least " + std::to_string(least) + (least == 1 ? " is" : " are") + " needed here");
  return reading.error(json.place,
                       "at most " + std::to_string(most) + " are possible here, not " + std::to_string(length));
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
