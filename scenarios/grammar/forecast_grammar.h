#pragma once
// What may be asked of a forecast, and how it is written.
//
//   forecast.p_exceed(1.0)            value       the chance that spend reaches this share of the monthly budget
//   forecast.cost_usd                 avg med p(N)   of the horizon; also {provider:...} or {variant:...}
//   forecast.requests_failed          rate
//   forecast.requests_refused         rate
//   forecast.request_duration         med p(50) p(90) p(95) p(99)
//   forecast.days_to_exhaustion       med p(N)    of the monthly budget
//
// In a scenario: "forecast.p_exceed(1.0)": ["value<=0.05"]. On the command line in one piece, and what has one
// aggregate only may leave it out: forecast.p_exceed(1.0)<=0.05, forecast.cost_usd p(90)<5000. Compared with <, <=, >
// or >=: an interval never equals a number.
//
// When to stop: 'p_exceed:hw=0.01,mean:rel=0.005'. Names are p_exceed, p_exceed(SHARE), mean, p10, p50 and p90 (of
// spend); hw bounds the half-width in the quantity's own unit (USD, or a share), rel as a share of the estimate.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/grammar/threshold_grammar.h"
#include "sim/forecast/forecast_study.h"

namespace windtunnel::scenarios {

struct ForecastRule {
  std::string name;
  sim::ForecastQuantity quantity;
  std::vector<sim::Aggregate> aggregates;
  bool has_share = false;
  bool has_tags = false;
};
// By the name after "forecast."; nullptr: there is none.
const ForecastRule* forecast_rule(std::string_view name);
const std::vector<std::string>& forecast_names();

// The part of a metric before its tags, from "forecast." on: sets `forecast` and `share`.
std::optional<GrammarError> parse_forecast_name(std::string_view text, sim::ThresholdSpec& threshold);
// What only forecasts ask of an expression that has been read.
std::optional<GrammarError> check_forecast_expression(const sim::ThresholdSpec& threshold);

// A metric and its expression in one piece, as after --assert.
std::optional<GrammarError> parse_assertion(std::string_view text, sim::ThresholdSpec& threshold);
// As after --until.
std::optional<GrammarError> parse_stop_rule(std::string_view text, sim::StopRule& rule);

}  // namespace windtunnel::scenarios
