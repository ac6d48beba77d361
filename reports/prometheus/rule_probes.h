#pragma once
// Whether the silence of an alert shows anything: rules that record, beside those under trial, where an alert's
// expression would have a value if it filtered none (promql_selectors.h). Where it has none at any scrape the alert
// could not have fired, whatever had happened: a quantile without its `le`, an operator that joins labels which one
// side has not, a range that holds no two scrapes. Prometheus itself answers, so that its rules of matching stand in
// one place.

#include <string>
#include <vector>

#include "reports/files/output_file.h"
#include "reports/prometheus/rule_reach.h"

namespace windtunnel::reports {

// What is recorded, with the alert's name as its one label.
inline constexpr const char* kShownMetric = "windtunnel:shown";
inline constexpr const char* kShownLabel = "windtunnel_alert";

struct AlertProbe {
  std::string alert;
  std::string expression;
};

// None for an alert that looks at other alerts, at what is absent, or at a recorded metric that is filtered: there
// silence is no sign. Of several rules of one alert each must be probed.
std::vector<AlertProbe> probes_of(const RuleFile& rules);

// Why an alert is silent whose probes had no value.
std::string why_not_shown(const std::string& alert, const RuleFile& rules, Duration interval);

// A rule file, as JSON, which is YAML. Finishing it is the owner's affair.
void write_probes(const std::vector<AlertProbe>& probes, OutputFile& file);

}  // namespace windtunnel::reports
