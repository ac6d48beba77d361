#include "scenarios/import/source/config_reading.h"

#include "scenarios/json/exact_numbers.h"

namespace windtunnel::scenarios {
namespace {

// Beyond every duration, rate or price of a scenario, and with room to multiply.
constexpr std::int64_t kNumberMost = 1'000'000'000'000'000'000;

}  // namespace

void ConfigReading::error(const JsonValue& value, std::string message, std::string help) {
  if (!reported_.emplace(&value, message).second) return;
  diagnostics_.error(value.place, keys_.path_of(value), std::move(message), std::move(help));
}

const JsonValue* ConfigReading::find(const JsonValue& map, std::string_view key) {
  const JsonMember* member = map.kind == JsonKind::object ? map.find(key) : nullptr;
  return member == nullptr || member->value.kind == JsonKind::null ? nullptr : &member->value;
}

bool ConfigReading::require_map(const JsonValue& value) {
  if (value.kind == JsonKind::object) return true;
  error(value, std::string("a map is needed here, not ") + name_of(value.kind), "write keys and values");
  return false;
}

bool ConfigReading::require_list(const JsonValue& value) {
  if (value.kind == JsonKind::array) return true;
  error(value, std::string("a list is needed here, not ") + name_of(value.kind),
        "write a list, of one item if need be");
  return false;
}

const JsonValue* ConfigReading::map(const JsonValue& parent, std::string_view key) {
  const JsonValue* value = find(parent, key);
  return value != nullptr && require_map(*value) ? value : nullptr;
}

const JsonValue* ConfigReading::list(const JsonValue& parent, std::string_view key) {
  const JsonValue* value = find(parent, key);
  return value != nullptr && require_list(*value) ? value : nullptr;
}

bool ConfigReading::is_elsewhere(const JsonValue& value) {
  if (value.kind != JsonKind::string) return false;
  if (!value.text.starts_with("os.environ/") && !value.text.starts_with("env::") && !value.text.starts_with("${")) {
    return false;
  }
  keys_.drop(value, "its value stands in the environment; write it into a copy of the file to carry it");
  return true;
}

std::optional<std::string> ConfigReading::text_of(const JsonValue& value) {
  if (is_elsewhere(value)) return std::nullopt;
  // A model may be named 4.1 without quotes.
  if (value.kind == JsonKind::string || value.kind == JsonKind::number) return value.text;
  error(value, std::string("a text is needed here, not ") + name_of(value.kind), "write a text in quotes");
  return std::nullopt;
}

std::optional<std::string> ConfigReading::text(const JsonValue& map, std::string_view key) {
  const JsonValue* value = find(map, key);
  return value == nullptr ? std::nullopt : text_of(*value);
}

std::vector<std::string> ConfigReading::texts(const JsonValue& map, std::string_view key) {
  std::vector<std::string> result;
  const JsonValue* items = list(map, key);
  if (items == nullptr) return result;
  for (const JsonValue& item : items->items) {
    if (auto word = text_of(item)) result.push_back(std::move(*word));
  }
  return result;
}

std::optional<bool> ConfigReading::flag(const JsonValue& map, std::string_view key) {
  const JsonValue* value = find(map, key);
  if (value == nullptr || is_elsewhere(*value)) return std::nullopt;
  if (value->kind == JsonKind::boolean) return value->flag;
  error(*value, std::string("true or false is needed here, not ") + name_of(value->kind), "write true or false");
  return std::nullopt;
}

std::optional<std::int64_t> ConfigReading::number_of(const JsonValue& value, int places, std::int64_t least) {
  if (is_elsewhere(value)) return std::nullopt;
  const bool may_be_number = value.kind == JsonKind::number || value.kind == JsonKind::string;
  if (!may_be_number) {
    error(value, std::string("a number is needed here, not ") + name_of(value.kind), "write a number");
    return std::nullopt;
  }
  const ExactNumber number = exact_number(value.text, places);
  if (number.problem == NumberProblem::none && number.value >= least && number.value <= kNumberMost)
    return number.value;
  if (number.problem == NumberProblem::too_fine) {
    error(value, "this number has more than " + std::to_string(places) + " decimal places", "round it");
  } else if (number.problem == NumberProblem::malformed) {
    error(value, "\"" + excerpt(value.text) + "\" is no number", "write a number");
  } else {
    error(value, "this number is out of range", least > 0 ? "write a larger one" : "write one that is not negative");
  }
  return std::nullopt;
}

std::optional<std::int64_t> ConfigReading::number(const JsonValue& map, std::string_view key, int places,
                                                  std::int64_t least) {
  const JsonValue* value = find(map, key);
  return value == nullptr ? std::nullopt : number_of(*value, places, least);
}

std::optional<Duration> ConfigReading::seconds(const JsonValue& map, std::string_view key) {
  const auto ns = number(map, key, 9);
  return ns ? std::optional{Duration{*ns}} : std::nullopt;
}

std::optional<Duration> ConfigReading::milliseconds(const JsonValue& map, std::string_view key) {
  const auto ns = number(map, key, 6);
  return ns ? std::optional{Duration{*ns}} : std::nullopt;
}

}  // namespace windtunnel::scenarios
