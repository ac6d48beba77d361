#pragma once
// What `compare` is asked, in words: which values to vary, and how much worse a variation may be than the first.
//
//   vary            monitor.circuit_breaker.open=5s,30s            one variation for each value
//                   monitor.circuit_breaker.preset=all             one for each preset, as they are listed
//                   cache={"ttl":"1h"},{"ttl":"2h"}                commas within brackets or quotes divide nothing
//   max-regression  wasted_calls<=0   p95<=50ms   p95<=5%   cost_usd<=0.25   requests_lost<=-1%
//
// A bound without % is in the metric's unit, as in thresholds: bare durations are milliseconds, money is dollars. With
// % it is a share of the first variation's mean. Both are exact decimals of at most 6 places.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/grammar/threshold_grammar.h"
#include "sim/compare/regression.h"

namespace windtunnel::scenarios {

// One way to vary a scenario: a value of it takes each of these in turn.
struct Vary {
  std::string path;
  std::vector<std::string> values;
};

std::optional<GrammarError> parse_vary(std::string_view text, Vary& vary);

// A point in the product of several ways to vary: the last one changes first.
struct VariedSets {
  // "preset=polly open=5s": of each path the last step, or all of it where two paths end alike.
  std::string name;
  std::vector<std::string> sets;  // "path=value", as --set takes them
};
inline constexpr std::size_t kVariationsMax = 1000;
// Nothing: there are more than kVariationsMax.
std::optional<std::vector<VariedSets>> product_of(const std::vector<Vary>& varied);

// Settings of the breaker that the file writes beside the preset hold in every variation, so that no preset is compared
// as it is. A warning for each of them, ready to print; none if the preset is not varied.
std::vector<std::string> kept_beside_presets(const sim::Scenario& scenario, const std::vector<VariedSets>& varied);

std::optional<GrammarError> parse_max_regression(std::string_view text, sim::RegressionRule& rule);

}  // namespace windtunnel::scenarios
