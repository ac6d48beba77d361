#include "runs/export/rule_file.h"

#include <utility>

#include "reports/prometheus/promql_selectors.h"
#include "scenarios/import/source/config_text.h"
#include "scenarios/json/diagnostics.h"

namespace windtunnel::runs {
namespace {

using scenarios::JsonValue;

// Of a word or a number; empty: the key is not there.
std::string text_at(const JsonValue& map, const char* key) {
  const scenarios::JsonMember* member = map.find(key);
  return member == nullptr ? std::string{} : member->value.text;
}

void add_rule(const JsonValue& rule, reports::RuleFile& file) {
  std::string expression = text_at(rule, "expr");
  if (rule.find("alert") != nullptr) {
    file.alerts.push_back({.alert = text_at(rule, "alert"),
                           .expression = std::move(expression),
                           .held_for = reports::promql_duration(text_at(rule, "for"))});
  } else if (rule.find("record") != nullptr) {
    file.recorded.push_back({.metric = text_at(rule, "record"), .expression = std::move(expression)});
  }
}

}  // namespace

reports::RuleFile parse_rule_file(const std::string& name, std::string text) {
  scenarios::Diagnostics diagnostics{name, std::move(text)};
  const scenarios::ConfigText yaml = scenarios::read_yaml(diagnostics);
  reports::RuleFile file;
  for (const JsonValue& document : yaml.root.items) {
    const scenarios::JsonMember* groups = document.find("groups");
    if (groups == nullptr) continue;
    for (const JsonValue& group : groups->value.items) {
      const scenarios::JsonMember* rules = group.find("rules");
      if (rules == nullptr) continue;
      for (const JsonValue& rule : rules->value.items) add_rule(rule, file);
    }
  }
  return file;
}

reports::RuleFile read_rule_file(const std::string& path) {
  return parse_rule_file(path, scenarios::read_whole_file(path, scenarios::kConfigBytesMax + 1));
}

}  // namespace windtunnel::runs
