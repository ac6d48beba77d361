#pragma once
// What a PromQL expression looks at: its selectors with their matchers, ranges, offsets and fixed times, and its
// subqueries. What stands behind `unless` or inside absent() is left out, because an alert can fire without it.

#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace windtunnel::reports {

struct RuleMatcher {
  std::string label;
  std::string how;  // = != =~ !~
  std::string value;
};

// One selector of an expression, such as errors_total{kind="timeout"}[5m] offset 1h, or what a subquery looks at.
struct RuleSelector {
  std::string metric;  // empty: any
  std::vector<RuleMatcher> matchers;
  Duration range{0};
  Duration offset{0};             // back; below 0: ahead
  bool is_at_fixed_time = false;  // @ a number: rules are tried on another clock than that of the run
};
// "5m", "1h30m"; 0 if it is no duration of PromQL.
Duration promql_duration(std::string_view text);

std::vector<RuleSelector> selectors_of(std::string_view expression);

// The expression without what filters its values: `a > 5 and b == 0 unless c` becomes `a > bool 5 and b == bool 0`. It
// has a value wherever the expression could have one. Empty where that is not so: inside absent() values are missing on
// purpose.
std::string unfiltered(std::string_view expression);

}  // namespace windtunnel::reports
