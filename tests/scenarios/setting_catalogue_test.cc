// Every key of the schema says what it means, its default and its unit, and its example can be read.

#include "scenarios/setting_catalogue.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "scenarios/json/json_document.h"
#include "scenarios/reader.h"
#include "scenarios/schema.h"
#include "tests/scenarios/parsed_json.h"
#include "tests/scenarios/schema_validator.h"

namespace windtunnel::scenarios::setting_catalogue_test {
namespace {

// A key of the schema: its path as the catalogue writes it, its rule, and whether its object requires it.
struct Key {
  std::string path;
  const JsonValue* rule;
  bool is_required;
};

void collect(const JsonValue& rule, const std::string& path, std::vector<Key>& keys) {
  const auto below = [&](const std::string& step, const JsonValue& next, bool is_key) {
    const std::string here = path.empty() ? step : path + "." + step;
    bool is_required = false;
    if (const JsonMember* required = rule.find("required")) {
      for (const JsonValue& key : required->value.items) is_required = is_required || key.text == step;
    }
    if (is_key) keys.push_back({here, &next, is_required});
    collect(next, here, keys);
  };
  if (const JsonMember* properties = rule.find("properties")) {
    for (const JsonMember& property : properties->value.members) below(property.key, property.value, true);
  }
  const JsonMember* others = rule.find("additionalProperties");
  if (others != nullptr && others->value.kind == JsonKind::object) below("NAME", others->value, false);
  if (const JsonMember* patterns = rule.find("patternProperties")) {
    const JsonMember& pattern = patterns->value.members.front();
    below(pattern.key.find("tag\\") != std::string::npos ? "tag.NAME" : "METRIC", pattern.value, true);
  }
  if (const JsonMember* items = rule.find("items")) below("N", items->value, false);
  if (const JsonMember* choices = rule.find("anyOf")) {
    for (const JsonValue& choice : choices->value.items) collect(choice, path, keys);
  }
}

const std::vector<Key>& keys() {
  static const JsonValue schema = parsed(scenario_schema());
  static const std::vector<Key> all = [] {
    std::vector<Key> found;
    collect(schema, "", found);
    return found;
  }();
  return all;
}

// Whether a value is a number or a duration, not in an object of its own.
bool is_quantity(const JsonValue& rule) {
  if (const JsonMember* items = rule.find("items")) return is_quantity(items->value);
  if (const JsonMember* choices = rule.find("anyOf")) {
    for (const JsonValue& choice : choices->value.items) {
      if (is_quantity(choice)) return true;
    }
    return false;
  }
  if (rule.find("x-minimum") != nullptr) return true;
  const JsonMember* type = rule.find("type");
  if (type == nullptr) return false;
  std::vector<JsonValue> types = type->value.items;
  if (types.empty()) types.push_back(type->value);
  for (const JsonValue& json_value : types) {
    if (json_value.text == "number" || json_value.text == "integer") return true;
  }
  return false;
}

TEST(SettingCatalogue, every_key_has_a_description_and_a_default_or_is_required) {
  ASSERT_GT(keys().size(), 300U);
  for (const Key& key : keys()) {
    const JsonMember* description = key.rule->find("description");
    EXPECT_TRUE(description != nullptr && !description->value.text.empty()) << key.path;
    const bool has_default = key.rule->find("default") != nullptr || key.rule->find("x-default") != nullptr;
    EXPECT_NE(has_default, key.is_required) << key.path;
  }
}

TEST(SettingCatalogue, every_quantity_has_a_unit) {
  int quantities = 0;
  for (const Key& key : keys()) {
    if (!is_quantity(*key.rule)) continue;
    ++quantities;
    const JsonMember* unit = key.rule->find("x-unit");
    EXPECT_TRUE(unit != nullptr && !unit->value.text.empty()) << key.path;
  }
  EXPECT_GT(quantities, 200);
}

TEST(SettingCatalogue, a_default_is_a_value_that_the_key_may_have) {
  for (const Key& key : keys()) {
    const JsonMember* value = key.rule->find("default");
    if (value == nullptr) continue;
    EXPECT_TRUE(SchemaValidator{json_text(*key.rule)}.accepts(value->value))
        << key.path << " = " << json_line(value->value);
  }
}

TEST(SettingCatalogue, has_every_key_of_the_schema_once) {
  std::set<std::string> paths;
  for (const Key& key : keys()) paths.insert(key.path);
  std::set<std::string> settings;
  for (const Setting& setting : setting_catalogue()) {
    EXPECT_TRUE(settings.insert(setting.path).second) << setting.path;
    EXPECT_FALSE(setting.meaning.empty()) << setting.path;
    EXPECT_FALSE(setting.range.empty()) << setting.path;
    EXPECT_FALSE(setting.example.empty()) << setting.path;
  }
  for (const std::string& path : paths) EXPECT_TRUE(settings.contains(path)) << path;
}

const Setting& setting(const std::string& path) {
  for (const Setting& entry : setting_catalogue()) {
    if (entry.path == path) return entry;
  }
  static const Setting none;
  ADD_FAILURE() << "no setting " << path;
  return none;
}

TEST(SettingCatalogue, has_the_facts_of_a_key) {
  const Setting& open = setting("monitor.circuit_breaker.open");
  EXPECT_EQ(open.meaning, "How long it stays open before it lets a probe through.");
  EXPECT_TRUE(open.unit.starts_with("duration")) << open.unit;
  EXPECT_TRUE(open.default_value.starts_with("\"30s\"")) << open.default_value;
  EXPECT_TRUE(open.range.starts_with("0s to ")) << open.range;
  EXPECT_EQ(open.example, R"({"monitor": {"circuit_breaker": {"open": "30s"}}})");

  const Setting& vus = setting("workload.NAME.vus");
  EXPECT_EQ(vus.used_by, "executor constant-vus");
  EXPECT_EQ(vus.example, R"({"workload": {"chat": {"executor": "constant-vus", "vus": 1}}})");
  EXPECT_EQ(setting("faults.N.id").default_value, "required");
  EXPECT_EQ(setting("monitor.token_limiter.mode").range, "average, per_request, off");
  EXPECT_EQ(setting("monitor.rate_limiter.requests_per_minute").default_value, "null");
}

// A key of thresholds names a fault, which a file with that key alone does not have.
bool refers_to_a_fault(const std::string& path) { return path.ends_with(".during") || path.ends_with(".after"); }
// And some keys of routes name another route.
bool refers_to_a_route(const std::string& path) {
  return path.starts_with("routes.NAME.rules.") || path.starts_with("routes.NAME.fallback.") ||
         path == "routes.NAME.targets.N.route" || path == "workload.NAME.route" ||
         path == "limits.N.on_exhausted.route";
}
// And one names a file beside the scenario, and another a replica, of which a file has one unless it says so.
bool refers_to_more(const std::string& path) { return path == "gateway.files.NAME.from" || path == "faults.N.replica"; }

TEST(SettingCatalogue, the_reader_accepts_every_example) {
  for (const Setting& setting : setting_catalogue()) {
    if (refers_to_a_fault(setting.path) || refers_to_a_route(setting.path)) continue;
    if (refers_to_more(setting.path)) continue;
    try {
      read_scenario_text(setting.example, std::string(WINDTUNNEL_ROOT) + "/scenarios/catalog/f.json");
    } catch (const ScenarioError& error) {
      ADD_FAILURE() << setting.path << ": " << setting.example << "\n" << error.what();
    }
  }
}

TEST(SettingCatalogue, a_key_is_named_by_the_end_of_its_path) {
  EXPECT_TRUE(is_named("monitor.circuit_breaker.open", "monitor.circuit_breaker.open"));
  EXPECT_TRUE(is_named("monitor.circuit_breaker.open", "circuit_breaker.open"));
  EXPECT_TRUE(is_named("monitor.circuit_breaker.open", "open"));
  EXPECT_FALSE(is_named("monitor.circuit_breaker.open", "monitor.open"));
  EXPECT_FALSE(is_named("monitor.circuit_breaker.open", "circuit_breaker"));
  EXPECT_TRUE(is_named("providers.NAME.ttft", "providers.azure.ttft"));
  EXPECT_TRUE(is_named("providers.NAME.ttft", "providers.ttft"));
  EXPECT_TRUE(is_named("faults.N.at", "faults.3.at"));
  EXPECT_TRUE(is_named("faults.N.at", "faults.at"));
  EXPECT_FALSE(is_named("faults.N.at", "3"));
}

}  // namespace
}  // namespace windtunnel::scenarios::setting_catalogue_test
