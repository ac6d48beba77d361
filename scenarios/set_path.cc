// `--set path=value`.

#include <charconv>
#include <optional>
#include <utility>

#include "base/utf8.h"
#include "base/words/json_pointer.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {
namespace {

std::vector<std::string> steps_of(std::string_view path) {
  std::vector<std::string> steps;
  while (true) {
    const std::size_t dot = path.find('.');
    steps.emplace_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return steps;
    path.remove_prefix(dot + 1);
  }
}

void mark(JsonValue& value, Place place) {
  value.place = place;
  for (JsonValue& item : value.items) mark(item, place);
  for (JsonMember& member : value.members) {
    member.place = place;
    mark(member.value, place);
  }
}

JsonValue value_of(std::string_view text, Place place) {
  Diagnostics aside("value", std::string(text));
  JsonValue value = parse_json(aside);
  if (aside.has_errors()) value = JsonValue::of_string(std::string(text));
  mark(value, place);
  return value;
}

// One walk down the path; each step either finds its child or returns the reason why it cannot.
class Descent {
 public:
  Descent(std::vector<std::string> steps, Place place, Diagnostics& diagnostics)
      : steps_(std::move(steps)), place_(place), diagnostics_(diagnostics) {}

  // The value that the path names, made if it was not there; null after an error.
  JsonValue* find(JsonValue& root) {
    JsonValue* value = &root;
    while (value != nullptr && next_ < steps_.size()) {
      switch (value->kind) {
        case JsonKind::object:
          value = member_of(*value);
          break;
        case JsonKind::array:
          value = item_of(*value);
          break;
        case JsonKind::null:
          *value = steps_[next_] == "+" ? JsonValue::array() : JsonValue::object();
          value->place = place_;
          break;
        case JsonKind::boolean:
        case JsonKind::number:
        case JsonKind::string:
          value = fail(std::string("this is ") + name_of(value->kind) + ", nothing stands below it");
          break;
      }
    }
    return value;
  }

 private:
  JsonValue* fail(std::string message, std::string help = {}) {
    diagnostics_.error(place_, pointer_, std::move(message), std::move(help));
    return nullptr;
  }

  JsonValue* member_of(JsonValue& object) {
    std::string key;
    for (std::size_t i = next_; i < steps_.size(); ++i) key += (i == next_ ? "" : ".") + steps_[i];
    for (std::size_t end = steps_.size(); end > next_; --end) {
      for (JsonMember& member : object.members) {
        if (member.key != key) continue;
        next_ = end;
        pointer_ += pointer_step(key);
        return &member.value;
      }
      if (end > next_ + 1) key.resize(key.size() - steps_[end - 1].size() - 1);
    }
    if (key.empty()) return fail("a step of the path is empty");
    ++next_;
    pointer_ += pointer_step(key);
    object.members.push_back({key, place_, {}});
    object.members.back().value.place = place_;
    return &object.members.back().value;
  }

  JsonValue* item_of(JsonValue& array) {
    const std::string& step = steps_[next_];
    if (step == "+") {
      array.items.emplace_back().place = place_;
      return enter(array, array.items.size() - 1);
    }
    std::vector<std::string> names;
    for (std::size_t i = 0; i < array.items.size(); ++i) {
      for (const char* key : {"id", "name"}) {
        const JsonMember* member = array.items[i].find(key);
        if (member == nullptr || member->value.kind != JsonKind::string) continue;
        if (member->value.text == step) return enter(array, i);
        names.push_back(member->value.text);
      }
    }
    std::size_t index = 0;
    const auto [end, problem] = std::from_chars(step.data(), step.data() + step.size(), index);
    if (problem != std::errc{} || end != step.data() + step.size()) {
      return fail("no element of this list has the id or name \"" + excerpt(step) + "\"", help_with_words(step, names));
    }
    if (index > array.items.size()) {
      return fail("the list has " + std::to_string(array.items.size()) + " elements, counted from 0");
    }
    if (index == array.items.size()) array.items.emplace_back().place = place_;
    return enter(array, index);
  }

  JsonValue* enter(JsonValue& array, std::size_t index) {
    ++next_;
    pointer_ += '/' + std::to_string(index);
    return &array.items[index];
  }

  std::vector<std::string> steps_;
  Place place_;
  Diagnostics& diagnostics_;
  std::size_t next_ = 0;
  std::string pointer_;
};

}  // namespace

void apply_set(JsonValue& root, const std::string& set, Diagnostics& diagnostics) {
  Place place;
  place.set = diagnostics.add_set(set);
  const std::size_t equals = set.find('=');
  if (equals == std::string::npos || equals == 0) {
    diagnostics.error(place, {}, "write it as path=value", "for example --set monitor.circuit_breaker.open=5s");
    return;
  }
  if (!is_utf8(set)) {
    diagnostics.error(place, {}, "this is not UTF-8");
    return;
  }
  Descent descent(steps_of(std::string_view(set).substr(0, equals)), place, diagnostics);
  if (JsonValue* target = descent.find(root)) *target = value_of(std::string_view(set).substr(equals + 1), place);
}

}  // namespace windtunnel::scenarios
