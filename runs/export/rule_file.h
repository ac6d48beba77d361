#pragma once
// Reads a file of Prometheus rules: its alerts and what it records, in file order. promtool has the say on whether the
// file is right; what is no rule is passed over here.

#include <string>

#include "reports/prometheus/rule_reach.h"

namespace windtunnel::runs {

// Throws ScenarioError where the file is no YAML, and FileError where it cannot be read.
reports::RuleFile read_rule_file(const std::string& path);
// `name` is what errors call the text.
reports::RuleFile parse_rule_file(const std::string& name, std::string text);

}  // namespace windtunnel::runs
