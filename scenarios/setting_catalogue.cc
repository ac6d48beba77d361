#include "scenarios/setting_catalogue.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "scenarios/fields/tables.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {
namespace {

// One step to a key: in `around` its rule is `rule`.
struct SchemaStep {
  std::string name;  // the key, or NAME, METRIC, N
  const JsonValue* around;
  const JsonValue* rule;
};
using Way = std::vector<SchemaStep>;

const JsonValue* below(const JsonValue& rule, std::string_view key) {
  const JsonMember* member = rule.find(key);
  return member == nullptr ? nullptr : &member->value;
}

std::string text_below(const JsonValue& rule, std::string_view key) {
  const JsonValue* value = below(rule, key);
  return value == nullptr ? "" : value->text;
}

std::string path_of(const Way& way) {
  std::string path;
  for (const SchemaStep& step : way) path += (path.empty() ? "" : ".") + step.name;
  return path;
}

bool is_required(const SchemaStep& step) {
  const JsonValue* required = below(*step.around, "required");
  return required != nullptr &&
         std::ranges::any_of(required->items, [&](const JsonValue& key) { return key.text == step.name; });
}

std::string default_of(const SchemaStep& step) {
  std::string words = text_below(*step.rule, "x-default");
  if (const JsonValue* value = below(*step.rule, "default")) {
    return json_line(*value) + (words.empty() ? "" : " (" + words + ")");
  }
  if (is_required(step)) return "required";
  return words;
}

std::string joined(const std::vector<JsonValue>& values, const char* between) {
  std::string text;
  for (const JsonValue& value : values) {
    text += (text.empty() ? "" : between) + (value.kind == JsonKind::string ? value.text : json_line(value));
  }
  return text;
}

std::string between(const JsonValue& rule, const char* least, const char* most) {
  const std::string from = text_below(rule, least);
  const std::string to = text_below(rule, most);
  if (from.empty() && to.empty()) return "";
  return to.empty() ? "at least " + from : (from.empty() ? "0" : from) + " to " + to;
}

std::string range_of(const JsonValue& rule);

// The shapes of a value that may have several.
std::string range_of_choices(const std::vector<JsonValue>& choices) {
  std::string text;
  for (const JsonValue& choice : choices) {
    const JsonValue* required = below(choice, "required");
    const std::string shape = required != nullptr ? "{" + joined(required->items, ", ") + "}" : range_of(choice);
    text += (text.empty() ? "" : ", or ") + shape;
  }
  return text;
}

std::string range_of_type(const JsonValue& rule, const std::string& type) {
  if (type == "boolean") return "true or false";
  if (type == "object") return "an object";
  if (type == "array") {
    const std::string lengths = between(rule, "minItems", "maxItems");
    const JsonValue* items = below(rule, "items");
    const std::string of = items == nullptr ? "" : range_of(*items);
    return "a list" + (lengths.empty() ? "" : " of " + lengths) + (of.empty() ? "" : ", each " + of);
  }
  if (type == "null") return "null";
  const bool is_text = type == "string";
  std::string range = between(rule, is_text ? "x-minimum" : "minimum", is_text ? "x-maximum" : "maximum");
  if (is_text && range.empty()) {
    const std::string length = between(rule, "minLength", "maxLength");
    range = length.empty() ? "any text" : "a text of " + length + " bytes";
  }
  return range;
}

std::string range_of(const JsonValue& rule) {
  if (const JsonValue* value = below(rule, "const")) return json_line(*value);
  if (const JsonValue* words = below(rule, "enum")) return joined(words->items, ", ");
  if (const JsonValue* choices = below(rule, "anyOf")) return range_of_choices(choices->items);
  const JsonValue* type = below(rule, "type");
  if (type == nullptr) return "";
  if (type->kind == JsonKind::string) return range_of_type(rule, type->text);
  std::string range = range_of_type(rule, type->items.front().text);
  const bool may_be_null = type->items.back().text == "null";
  return may_be_null ? range + ", or null" : range;
}

// A value that the rule accepts.
JsonValue example_of(const JsonValue& rule);

JsonValue example_object(const JsonValue& rule) {
  JsonValue object = JsonValue::object();
  if (const JsonValue* required = below(rule, "required")) {
    for (const JsonValue& key : required->items) {
      object.add(key.text, example_of(*below(*below(rule, "properties"), key.text)));
    }
  }
  return object;
}

JsonValue example_of_type(const JsonValue& rule, const std::string& type) {
  if (type == "object") return example_object(rule);
  if (type == "boolean") return JsonValue::of_bool(true);
  if (type == "array") {
    JsonValue list = JsonValue::array();
    const std::string least = text_below(rule, "minItems");
    if (!least.empty()) list.items.assign(std::stoul(least), example_of(*below(rule, "items")));
    return list;
  }
  if (type == "string") return JsonValue::of_string(rule.find("x-minimum") != nullptr ? "30s" : "text");
  const std::string least = text_below(rule, "minimum");
  return JsonValue::of_number(least.empty() || least.front() == '-' || least == "0" ? "1" : least);
}

JsonValue example_of(const JsonValue& rule) {
  if (const JsonValue* examples = below(rule, "examples")) return examples->items.front();
  const JsonValue* usual = below(rule, "default");
  const bool is_container = usual != nullptr && (usual->kind == JsonKind::object || usual->kind == JsonKind::array);
  const bool is_empty = usual == nullptr || usual->kind == JsonKind::null ||
                        (is_container && usual->members.empty() && usual->items.empty());
  if (!is_empty) return *usual;
  if (const JsonValue* value = below(rule, "const")) return *value;
  if (const JsonValue* words = below(rule, "enum")) return words->items.front();
  if (const JsonValue* choices = below(rule, "anyOf")) return example_of(choices->items.front());
  const JsonValue* type = below(rule, "type");
  if (type == nullptr) return JsonValue{};
  return example_of_type(rule, type->kind == JsonKind::string ? type->text : type->items.front().text);
}

// What must stand beside the key: what its object requires, the word under which it is used, and what that word needs.
void add_neighbours(JsonValue& object, const SchemaStep& step) {
  const JsonValue* properties = below(*step.around, "properties");
  if (properties == nullptr) return;
  const auto add = [&](const std::string& key, JsonValue value) {
    if (key != step.name && object.find(key) == nullptr) object.add(key, std::move(value));
  };
  if (const JsonValue* beside = below(*step.rule, "x-beside")) {
    for (const JsonMember& other : beside->members) add(other.key, other.value);
  }
  std::string word;
  if (const JsonValue* used_by = below(*step.rule, "x-used-by")) {
    const JsonMember& chooser = used_by->members.front();
    word = chooser.value.items.front().text;
    add(chooser.key, JsonValue::of_string(word));
  }
  if (const JsonValue* required = below(*step.around, "required")) {
    for (const JsonValue& key : required->items) add(key.text, example_of(*below(*properties, key.text)));
  }
  // Another spelling of what is needed stands for all that is.
  const JsonValue* const same_as = below(*step.rule, "x-same-as");
  const JsonValue* const other_spelling = same_as == nullptr ? nullptr : below(*properties, same_as->text);
  if (other_spelling != nullptr && other_spelling->find("x-needed") != nullptr) return;
  for (const JsonMember& other : properties->members) {
    const JsonValue* used_by = below(other.value, "x-used-by");
    if (used_by == nullptr || other.value.find("x-needed") == nullptr) continue;
    const std::vector<JsonValue>& words = used_by->members.front().value.items;
    const bool is_needed =
        std::ranges::any_of(words, [&](const JsonValue& json_value) { return json_value.text == word; });
    if (is_needed) add(other.key, example_of(other.value));
  }
}

// A key that the file chooses, or a place in a list, as an example has it.
std::string chosen_name(const Way& way, std::size_t place) {
  if (way[place].name == "METRIC") return "request_duration";
  return way.front().name == "workload" ? "chat" : "openai";
}

std::string example_file(const Way& way) {
  JsonValue value = example_of(*way.back().rule);
  for (std::size_t i = way.size(); i-- > 0;) {
    const SchemaStep& step = way[i];
    if (step.name == "N") {
      JsonValue list = JsonValue::array();
      list.items.push_back(std::move(value));
      value = std::move(list);
      continue;
    }
    JsonValue object = JsonValue::object();
    const bool is_chosen = step.name == "NAME" || step.name == "METRIC";
    if (!is_chosen) add_neighbours(object, step);
    object.add(is_chosen ? chosen_name(way, i) : step.name, std::move(value));
    value = std::move(object);
  }
  return json_line(value);
}

std::string used_by_of(const SchemaStep& step) {
  const JsonValue* used_by = below(*step.rule, "x-used-by");
  if (used_by == nullptr) return "";
  return used_by->members.front().key + " " + joined(used_by->members.front().value.items, ", ");
}

class Walk {
 public:
  void collect(const JsonValue& rule, const Way& way) {
    if (const JsonValue* properties = below(rule, "properties")) {
      for (const JsonMember& property : properties->members) key(rule, way, property.key, property.value);
    }
    const JsonValue* others = below(rule, "additionalProperties");
    if (others != nullptr && others->kind == JsonKind::object) key(rule, way, "NAME", *others);
    if (const JsonValue* patterns = below(rule, "patternProperties")) {
      const JsonMember& pattern = patterns->members.front();
      key(rule, way, pattern.key.find("tag\\") != std::string::npos ? "tag.NAME" : "METRIC", pattern.value);
    }
    if (const JsonValue* items = below(rule, "items")) collect(*items, with(way, {"N", &rule, items}));
    if (const JsonValue* choices = below(rule, "anyOf")) {
      for (const JsonValue& choice : choices->items) collect(choice, way);
    }
  }
  std::vector<Setting> all;

 private:
  static Way with(Way way, SchemaStep step) {
    way.push_back(std::move(step));
    return way;
  }

  // A key that several shapes of a value have is one setting.
  void key(const JsonValue& around, const Way& way, const std::string& name, const JsonValue& rule) {
    const Way here = with(way, {name, &around, &rule});
    const SchemaStep& step = here.back();
    std::string path = path_of(here);
    if (known_.insert(path).second) {
      all.push_back({.path = std::move(path),
                     .meaning = text_below(rule, "description"),
                     .unit = text_below(rule, "x-unit"),
                     .default_value = default_of(step),
                     .range = range_of(rule),
                     .used_by = used_by_of(step),
                     .example = example_file(here)});
    }
    collect(rule, here);
  }

  std::set<std::string> known_;
};

std::vector<std::string_view> path_steps(std::string_view path) {
  std::vector<std::string_view> steps;
  while (true) {
    const std::size_t dot = path.find('.');
    steps.push_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return steps;
    path.remove_prefix(dot + 1);
  }
}

bool may_be_left_out(std::string_view step) { return step == "NAME" || step == "METRIC" || step == "N"; }

// Whether the words are the last steps of the path, compared from the last on.
bool are_last(std::span<const std::string_view> path, std::span<const std::string_view> words) {
  if (words.empty()) return true;
  if (path.empty()) return false;
  const auto shorter = path.first(path.size() - 1);
  const auto fewer = words.first(words.size() - 1);
  if (may_be_left_out(path.back())) return are_last(shorter, words) || are_last(shorter, fewer);
  return path.back() == words.back() && are_last(shorter, fewer);
}

}  // namespace

const std::vector<Setting>& setting_catalogue() {
  static const std::vector<Setting> all = [] {
    const JsonValue schema = schema_of(scenario_table());
    Walk walk;
    walk.collect(schema, {});
    return std::move(walk.all);
  }();
  return all;
}

bool is_named(std::string_view path, std::string_view words) {
  const std::vector<std::string_view> steps = path_steps(path);
  const std::vector<std::string_view> written = path_steps(words);
  // The last step is the key itself: it is meant by its own name only, unless it is a name that the file chooses.
  return are_last(steps, written) && (steps.back() == written.back() || steps.size() == written.size());
}

}  // namespace windtunnel::scenarios
