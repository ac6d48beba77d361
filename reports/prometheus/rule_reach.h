#pragma once
// Whether a run can make an alert fire at all. An alert on a metric that the run does not have, on a label value that
// is never exported, on a range that is longer than the run or on a fixed time stays silent whatever happens, so that
// its silence shows nothing. These reasons are found in the selectors of its expression (promql_selectors.h); what only
// the values of a run can show, rule_probes.h asks promtool.
//
// A metric that a `record` key of the rules names is there if its own expression
// can be. What stands behind `unless` or inside absent() counts as there, because an alert can fire without it.

#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "reports/prometheus/promql_selectors.h"
#include "reports/prometheus/run_metrics.h"

namespace windtunnel::reports {

struct AlertRule {
  std::string alert;
  std::string expression;
  Duration held_for{0};
};
struct RecordedRule {
  std::string metric;
  std::string expression;
};
struct RuleFile {
  std::vector<AlertRule> alerts;
  std::vector<RecordedRule> recorded;
};

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
  [[nodiscard]] std::vector<const One*> of(const RuleSelector& selector) const;
  std::vector<One> series_;
};

// Why the alert cannot fire in a run of this length; empty: no reason was found.
// `rules` are all that are tried with it.
std::string why_unreachable(const AlertRule& rule, const RuleFile& rules, const ExportedSeries& series, Duration run);

}  // namespace windtunnel::reports
