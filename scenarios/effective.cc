#include "scenarios/effective.h"

#include <utility>

#include "base/visible_text.h"
#include "scenarios/fields/tables.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {
namespace {

using Origins = std::map<std::string, sim::Origin>;

std::string place_text(const sim::Origin& origin) {
  const std::string file = visible_text(origin.file);
  if (origin.line == 0) return file;
  return file + ":" + std::to_string(origin.line) + ":" + std::to_string(origin.column);
}

// A value that was written as a whole, such as a law or the thresholds: the keys in it have comments of their own where
// they stand on other lines.
void comment_written(JsonMember& member, const std::string& pointer, const Origins& origins) {
  const auto whole = origins.find(pointer);
  if (whole == origins.end()) return;
  bool has_lines = false;
  for (JsonMember& part : member.value.members) {
    const auto found = origins.find(pointer + pointer_step(part.key));
    if (found == origins.end() || found->second.line == whole->second.line) continue;
    part.comment = place_text(found->second);
    has_lines = true;
  }
  member.comment = has_lines ? "" : place_text(whole->second);
}

// Replaces the source of a default by the place where the value was written, if it was. `around` is the source of the
// object or list that the value is.
void comment_places(JsonValue& value, const std::string& pointer, const std::string& around, const Origins& origins) {
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    comment_places(value.items[i], pointer + "/" + std::to_string(i), around, origins);
  }
  for (JsonMember& member : value.members) {
    const std::string below = pointer + pointer_step(member.key);
    if (member.comment == kFromAround) member.comment = around;
    if (!has_comments(member.value)) {
      comment_written(member, below, origins);
      continue;
    }
    const auto written = origins.find(below);
    const std::string source = written == origins.end() ? member.comment : place_text(written->second);
    member.comment.clear();
    comment_places(member.value, below, source, origins);
  }
}

}  // namespace

std::string effective_scenario(const sim::Scenario& scenario) {
  const Names names = names_of(scenario);
  JsonValue json = write_object(Writing{names, true}, scenario, scenario_table());
  comment_places(json, "", "default", scenario.origins);
  JsonValue whole = JsonValue::object();
  whole.add("version", JsonValue::of_number("1"));
  for (JsonMember& member : json.members) whole.members.push_back(std::move(member));
  return json_with_comments(whole) + "\n";
}

}  // namespace windtunnel::scenarios
