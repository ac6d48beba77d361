#pragma once
// What must hold of a metric, in the words of k6: the metric with its tags and the expression.
//
//   metric      request_duration{provider:openai,outcome:served}
//   expression  p(95)<3s   p(99.9)<=2500   rate<0.01   count>=5   avg<1s   min   med   max   value
//
// Bare numbers of durations are milliseconds. Bounds are exact decimals.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/world/scenario.h"

namespace windtunnel::scenarios {

// Where in the text the grammar was broken.
struct GrammarError {
  int column = 1;  // in code points, from 1
  std::string message;
  std::string help;
};

// A metric that only a forecast has: "forecast." and a name.
bool is_forecast_metric(std::string_view text);

// Sets `metric`, `of` and the tags. Whether the provider and variant exist is for the caller to check.
std::optional<GrammarError> parse_metric(std::string_view text, sim::ThresholdSpec& threshold);
// Sets `text`, aggregate, percentile, comparison and bound; `of` must be set, because it decides what is possible.
std::optional<GrammarError> parse_expression(std::string_view text, sim::ThresholdSpec& threshold);

// The names of all metrics, in the order in which people should see them.
const std::vector<std::string>& metric_names();

}  // namespace windtunnel::scenarios
