#pragma once
// Whether a run can make an alert fire at all. An alert on a metric that the run does not have, on a label value that
// is never exported, or on a range that is longer than the run stays silent whatever happens, so that its silence shows
// nothing.
//
// Rules are read as they are commonly written: the `alert`, `expr` and `for` keys line by line, and of PromQL the
// selectors with their matchers, ranges and offsets. A metric that a `record` key of the rules names counts as there,
// and so does what stands behind `unless` or inside absent(), because an alert can fire without it.

#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "reports/prometheus/run_metrics.h"

namespace windtunnel::reports {

struct RuleMatcher {
  std::string label;
  std::string how;  // = != =~ !~
  std::string value;
};

// One selector of an expression, such as errors_total{kind="timeout"}[5m] offset 1h.
struct RuleSelector {
  std::string metric;  // empty: any
  std::vector<RuleMatcher> matchers;
  Duration range{0};  // with its offset
};
std::vector<RuleSelector> selectors_of(std::string_view expression);

struct AlertRule {
  std::string alert;
  std::string expression;
  Duration held_for{0};
};
struct RuleFile {
  std::vector<AlertRule> alerts;
  std::vector<std::string> recorded;  // metrics that the file computes
};
RuleFile read_rule_file(std::string_view text);

// The series that a run exports.
class ExportedSeries {
 public:
  ExportedSeries(const sim::Timeline& timeline, const Scrapes& scrapes, const MetricLabels& added);

  [[nodiscard]] bool has(std::string_view metric) const;
  [[nodiscard]] bool has(const RuleSelector& selector) const;

 private:
  struct One {
    std::string name;
    MetricLabels labels;
  };
  class Collector;
  std::vector<One> series_;
};

// Why the alert cannot fire in a run of this length; empty: no reason was found.
std::string why_unreachable(const AlertRule& rule, const std::vector<std::string>& recorded,
                            const ExportedSeries& series, Duration run);

}  // namespace windtunnel::reports
