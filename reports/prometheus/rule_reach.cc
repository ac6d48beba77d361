#include "reports/prometheus/rule_reach.h"

#include <algorithm>
#include <regex>
#include <utility>

#include "base/duration_text.h"

namespace windtunnel::reports {
class ExportedSeries::Collector final : public MetricSink {
 public:
  explicit Collector(std::vector<One>& series) : series_(series) {}
  void family(const MetricFamily& family) override { name_ = family.name; }
  void metric(const MetricLabels& labels, std::span<const MetricSeries> series) override {
    for (const MetricSeries& curve : series) {
      series_.push_back({name_ + curve.suffix, labels});
      if (curve.label) series_.back().labels.push_back(*curve.label);
    }
  }

 private:
  std::vector<One>& series_;
  std::string name_;
};

ExportedSeries::ExportedSeries(const sim::Timeline& timeline, const Scrapes& scrapes, const MetricLabels& added) {
  Collector collector{series_};
  write_metrics(timeline, scrapes, added, collector);
}

bool ExportedSeries::has(std::string_view metric) const {
  return std::ranges::any_of(series_, [&](const One& entry) { return entry.name == metric; });
}

std::vector<const ExportedSeries::One*> ExportedSeries::of(const RuleSelector& selector) const {
  const auto matches = [](const RuleMatcher& matcher, const One& entry) {
    const auto label = std::ranges::find(entry.labels, matcher.label, &MetricLabel::name);
    const std::string of_label = label == entry.labels.end() ? std::string{} : label->value;
    const std::string& value = matcher.label == "__name__" ? entry.name : of_label;
    const bool is_pattern = matcher.how.ends_with('~');
    bool is_same = value == matcher.value;
    if (is_pattern) {
      try {
        is_same = std::regex_match(value, std::regex{matcher.value});
      } catch (const std::regex_error&) {
        return true;  // a pattern that only Prometheus reads
      }
    }
    return is_same != matcher.how.starts_with('!');
  };
  std::vector<const One*> found;
  for (const One& entry : series_) {
    if (!selector.metric.empty() && entry.name != selector.metric) continue;
    const auto is_matched = [&](const RuleMatcher& matcher) { return matches(matcher, entry); };
    if (std::ranges::all_of(selector.matchers, is_matched)) found.push_back(&entry);
  }
  return found;
}

bool ExportedSeries::has(const RuleSelector& selector) const { return !of(selector).empty(); }

namespace {

class Reach {
 public:
  Reach(const std::vector<RecordedRule>& recorded, const ExportedSeries& series, Duration run)
      : recorded_(recorded), series_(series), run_(run) {}

  std::string why_not(std::string_view expression, Duration held_for) const {
    const std::vector<RuleSelector> selectors = selectors_of(expression);
    Duration back{0};
    for (const RuleSelector& selector : selectors) {
      if (std::string why = why_not(selector); !why.empty()) return why;
      back = std::max(back, selector.offset);
    }
    if (held_for + back <= run_) return {};
    const std::string after = back > Duration{0} ? " after the first " + span_text(back) : "";
    return "it must hold for " + span_text(held_for) + after + ", and the run is only " + span_text(run_) + " long";
  }

 private:
  [[nodiscard]] const RecordedRule* recorded_as(const RuleSelector& selector) const {
    const auto found = std::ranges::find(recorded_, selector.metric, &RecordedRule::metric);
    return found == recorded_.end() ? nullptr : &*found;
  }
  [[nodiscard]] bool is_computed(const RuleSelector& selector) const {
    return selector.metric == "ALERTS" || recorded_as(selector) != nullptr;
  }

  [[nodiscard]] std::string why_not(const RuleSelector& selector) const {
    const std::string length = ", and the run is only " + span_text(run_) + " long";
    if (const RecordedRule* rule = recorded_as(selector); rule != nullptr && depth_ < kDepthMost) {
      const Reach inner{*this};
      const std::string why = inner.why_not(rule->expression, Duration{0});
      if (!why.empty()) return rule->metric + " is recorded of what cannot be there: " + why;
    } else if (!is_computed(selector) && !selector.metric.empty() && !series_.has(selector.metric)) {
      return "the run has no metric " + selector.metric;
    } else if (!is_computed(selector) && !series_.has(selector)) {
      std::string labels;
      for (const RuleMatcher& matcher : selector.matchers) {
        labels += (labels.empty() ? "" : ",") + matcher.label + matcher.how + "\"" + matcher.value + "\"";
      }
      return "no series " + (selector.metric.empty() ? "" : "of " + selector.metric + " ") + "has {" + labels + "}";
    }
    if (selector.is_at_fixed_time) return "it looks at a fixed time, and rules are tried from the start of the run";
    if (-selector.offset > run_) return "it looks " + span_text(-selector.offset) + " ahead" + length;
    const Duration back = selector.range + std::max(selector.offset, Duration{0});
    return back > run_ ? "it looks back " + span_text(back) + length : "";
  }

  static constexpr int kDepthMost = 8;  // rules that are recorded of each other end here
  Reach(const Reach& outer) : Reach(outer.recorded_, outer.series_, outer.run_) { depth_ = outer.depth_ + 1; }

  const std::vector<RecordedRule>& recorded_;
  const ExportedSeries& series_;
  Duration run_;
  int depth_ = 0;
};

}  // namespace

std::string why_unreachable(const AlertRule& rule, const RuleFile& rules, const ExportedSeries& series, Duration run) {
  const std::string& expression = rule.expression;
  const std::vector<RuleSelector> selectors = selectors_of(expression);
  // What stands behind these is no selector, and may be all that there is.
  const bool may_lack =
      expression.find("absent") != std::string::npos || expression.find("unless") != std::string::npos;
  if (selectors.empty() && !may_lack) return "it looks at no metric of the run";
  for (const RuleSelector& selector : selectors) {
    const auto name = std::ranges::find(selector.matchers, "alertname", &RuleMatcher::label);
    if (selector.metric != "ALERTS" || name == selector.matchers.end() || name->how != "=") continue;
    if (std::ranges::find(rules.alerts, name->value, &AlertRule::alert) == rules.alerts.end()) {
      return "no rule has the alert " + name->value;
    }
  }
  return Reach{rules.recorded, series, run}.why_not(expression, rule.held_for);
}

}  // namespace windtunnel::reports
