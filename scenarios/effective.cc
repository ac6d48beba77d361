#include "scenarios/effective.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/visible_text.h"
#include "base/words/json_pointer.h"
#include "scenarios/fields/tables.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {
namespace {

using Origins = std::map<std::string, sim::Origin>;

std::string place_text(const sim::Origin& origin) {
  std::string file = visible_text(origin.file);
  if (origin.line == 0) return file;
  return file + ":" + std::to_string(origin.line) + ":" + std::to_string(origin.column);
}

// Where a value was written. A model has what its provider states.
Origins::const_iterator find_place(const Origins& origins, const std::string& pointer) {
  const auto own = origins.find(pointer);
  constexpr std::string_view kProviders = "/providers/";
  constexpr std::string_view kModels = "/models/";
  if (own != origins.end() || !pointer.starts_with(kProviders)) return own;
  const std::size_t account_end = pointer.find('/', kProviders.size());
  if (account_end == std::string::npos || pointer.compare(account_end, kModels.size(), kModels) != 0) return own;
  const std::size_t model_end = pointer.find('/', account_end + kModels.size());
  if (model_end == std::string::npos) return own;
  return origins.find(pointer.substr(0, account_end) + pointer.substr(model_end));
}

// A value that was written as a whole, such as a law or the thresholds: the keys in it have comments of their own where
// they stand on other lines.
void comment_written(JsonMember& member, const std::string& pointer, const Origins& origins) {
  const auto whole = find_place(origins, pointer);
  if (whole == origins.end()) return;
  bool has_lines = false;
  for (JsonMember& part : member.value.members) {
    const auto found = find_place(origins, pointer + pointer_step(part.key));
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
    const auto written = find_place(origins, below);
    const std::string source = written == origins.end() ? member.comment : place_text(written->second);
    member.comment.clear();
    comment_places(member.value, below, source, origins);
  }
}

// --- Settings of several levels ------------------------------------------------------------------------------------

// A setting that a deployment and a route may have in place of the one for all.
struct Levelled {
  const char* key;
  const char* of_all;  // its name in monitor.provider_call
};
constexpr Levelled kLevelled[] = {{"attempt_timeout", "timeout"},
                                  {"first_token_timeout", "first_token_timeout"},
                                  {"idle_timeout", "idle_timeout"},
                                  {"max_attempts", "max_attempts"},
                                  {"backoff", "backoff"}};

// What stands for all calls, as "monitor.provider_call.timeout: 30s, outage.json:7:20".
std::string words_of_all(const JsonValue& json, const char* name) {
  std::string words = std::string("as monitor.provider_call.") + name;
  const JsonMember* monitor = json.find("monitor");
  const JsonMember* call = monitor == nullptr ? nullptr : monitor->value.find("provider_call");
  const JsonMember* member = call == nullptr ? nullptr : call->value.find(name);
  if (member == nullptr || member->value.kind == JsonKind::object) return words;
  words += ": " + (member->value.kind == JsonKind::null ? "none" : member->value.text);
  return member->comment.empty() ? words : words + ", " + member->comment;
}

// The route whose breaker the deployment has.
std::string words_of_breaker(const sim::Scenario& scenario, const std::string& deployment) {
  const auto breakers = breakers_of_routes(scenario.monitor.routing, scenario.providers.size());
  for (std::size_t i = 0; i < breakers.size(); ++i) {
    if (scenario.providers[i].name != deployment || breakers[i] == nullptr) continue;
    for (const monitor::RouteConfig& route : scenario.monitor.routing.routes) {
      if (route.breaker && &*route.breaker == breakers[i]) return "as routes." + visible_text(route.name);
    }
  }
  return {};
}

// A deployment that states nothing of its own has what stands for all, and a route what its targets have.
void comment_levels(JsonValue& object, const JsonValue& json, const sim::Scenario& scenario,
                    const std::string& deployment) {
  for (JsonMember& member : object.members) {
    for (const Levelled& setting : kLevelled) {
      if (member.key != setting.key || member.value.kind != JsonKind::null) continue;
      member.comment = deployment.empty() ? "that of each target" : words_of_all(json, setting.of_all);
    }
    if (member.key == "retry") comment_levels(member.value, json, scenario, deployment);
    if (member.key != "circuit_breaker") continue;
    const std::string of_route = deployment.empty() ? "" : words_of_breaker(scenario, deployment);
    if (!of_route.empty()) {
      member.comment = of_route;
    } else if (member.value.kind == JsonKind::null) {
      member.comment = deployment.empty() ? "that of each target" : "as monitor.circuit_breaker";
    }
  }
}

void comment_levels(JsonValue& json, const sim::Scenario& scenario) {
  const JsonValue plain = json;
  for (JsonMember& block : json.members) {
    for (JsonMember& entry : block.value.members) {
      if (block.key == "routes") comment_levels(entry.value, plain, scenario, "");
      if (block.key != "providers") continue;
      const auto models = std::ranges::find(entry.value.members, "models", &JsonMember::key);
      if (models == entry.value.members.end()) {
        comment_levels(entry.value, plain, scenario, entry.key);
        continue;
      }
      for (JsonMember& model : models->value.members) {
        comment_levels(model.value, plain, scenario, entry.key + "/" + model.key);
      }
    }
  }
}

}  // namespace

std::string effective_scenario(const sim::Scenario& scenario) {
  const Names names = names_of(scenario);
  JsonValue json = write_object(Writing{names, true}, scenario, scenario_table());
  comment_places(json, "", "default", scenario.origins);
  comment_levels(json, scenario);
  JsonValue whole = JsonValue::object();
  whole.add("version", JsonValue::of_number("1"));
  for (JsonMember& member : json.members) whole.members.push_back(std::move(member));
  return json_with_comments(whole) + "\n";
}

}  // namespace windtunnel::scenarios
