#include "scenarios/json/reading.h"

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

}  // namespace windtunnel::scenarios
