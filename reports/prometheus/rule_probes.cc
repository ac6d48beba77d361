#include "reports/prometheus/rule_probes.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/duration_text.h"
#include "base/json_writer.h"
#include "reports/prometheus/promql_selectors.h"

namespace windtunnel::reports {
namespace {

// Metrics whose absence may be what the rules are about: alerts, and what is recorded with a filter.
std::set<std::string> filtered_metrics(const std::vector<RecordedRule>& recorded) {
  std::set<std::string> filtered{"ALERTS", "ALERTS_FOR_STATE"};
  const auto is_filtered = [&](const RecordedRule& rule) {
    return unfiltered(rule.expression) != rule.expression ||
           std::ranges::any_of(selectors_of(rule.expression), [&](const RuleSelector& selector) {
             return selector.metric.empty() || filtered.contains(selector.metric);
           });
  };
  // Each round adds those that are recorded of those before.
  for (std::size_t known = 0; known != filtered.size();) {
    known = filtered.size();
    for (const RecordedRule& rule : recorded) {
      if (is_filtered(rule)) filtered.insert(rule.metric);
    }
  }
  return filtered;
}

}  // namespace

std::vector<AlertProbe> probes_of(const RuleFile& rules) {
  const std::set<std::string> filtered = filtered_metrics(rules.recorded);
  std::vector<AlertProbe> probes;
  std::set<std::string> open;  // alerts with a rule that has no probe
  for (const AlertRule& rule : rules.alerts) {
    std::string expression = unfiltered(rule.expression);
    const bool is_sign = std::ranges::all_of(selectors_of(rule.expression), [&](const RuleSelector& selector) {
      return !selector.metric.empty() && !filtered.contains(selector.metric);
    });
    if (is_sign && !expression.empty()) {
      probes.push_back({rule.alert, std::move(expression)});
    } else {
      open.insert(rule.alert);
    }
  }
  std::erase_if(probes, [&](const AlertProbe& probe) { return open.contains(probe.alert); });
  return probes;
}

std::string why_not_shown(const std::string& alert, const RuleFile& rules, Duration interval) {
  std::string why = "its expression has no value at any scrape, even without its comparisons";
  for (const AlertRule& rule : rules.alerts) {
    if (rule.alert != alert) continue;
    for (const RuleSelector& selector : selectors_of(rule.expression)) {
      if (selector.range == Duration{0} || selector.range >= 2 * interval) continue;
      return why + ": a range of " + span_text(selector.range) + " holds no two scrapes at " + span_text(interval);
    }
  }
  return why;
}

void write_probes(const std::vector<AlertProbe>& probes, OutputFile& file) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key("groups").begin_array().begin_object();
  json.key("name").text(kShownMetric).key("rules").begin_array();
  for (const AlertProbe& probe : probes) {
    json.begin_object().key("record").text(kShownMetric).key("expr").text("count(" + probe.expression + "\n)");
    json.key("labels").begin_object().key(kShownLabel).text(probe.alert).end_object().end_object();
  }
  json.end_array().end_object().end_array().end_object();
  file.append(text + "\n");
}

}  // namespace windtunnel::reports
