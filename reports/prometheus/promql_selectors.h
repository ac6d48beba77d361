#pragma once
// What a PromQL expression looks at: its selectors with their matchers, ranges, offsets and fixed times, its
// subqueries, and which two selectors an operator joins by all their labels. What stands behind `unless` or inside
// absent() is left out, because an alert can fire without it.

#include <string>
#include <string_view>
#include <utility>
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
std::vector<RuleSelector> selectors_of(std::string_view expression);
// By their places in selectors_of(): those that an operator joins by all their labels. None where an aggregation or a
// function makes other labels.
std::vector<std::pair<std::size_t, std::size_t>> joined_selectors_of(std::string_view expression);

}  // namespace windtunnel::reports
