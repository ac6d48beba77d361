#include "scenarios/grammar/forecast_grammar.h"

#include <algorithm>

#include "scenarios/json/diagnostics.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::scenarios {
namespace {

using sim::Aggregate;
using sim::Comparison;
using sim::ForecastQuantity;
using sim::ThresholdSpec;

constexpr std::string_view kPrefix = "forecast.";

const std::vector<ForecastRule>& forecast_rules() {
  static const std::vector<ForecastRule> rules{
      {"p_exceed", ForecastQuantity::p_exceed, {Aggregate::value}, true, false},
      {"cost_usd", ForecastQuantity::cost_usd, {Aggregate::avg, Aggregate::med, Aggregate::percentile}, false, true},
      {"requests_failed", ForecastQuantity::requests_failed, {Aggregate::rate}, false, false},
      {"requests_refused", ForecastQuantity::requests_refused, {Aggregate::rate}, false, false},
      {"request_duration", ForecastQuantity::request_duration, {Aggregate::med, Aggregate::percentile}, false, false},
      {"days_to_exhaustion",
       ForecastQuantity::days_to_exhaustion,
       {Aggregate::med, Aggregate::percentile},
       false,
       false},
  };
  return rules;
}

int column_in(std::string_view whole, std::string_view part) {
  return static_cast<int>(part.data() - whole.data()) + 1;
}

// "(0.9)" after a name.
std::optional<GrammarError> parse_share(std::string_view written, int column, Millionths& share) {
  const GrammarError wrong{column, "\"" + excerpt(written) + "\" is not a share of the budget",
                           "write a number above 0 and up to 1 in parentheses: p_exceed(0.9)"};
  if (written.size() < 3 || written.back() != ')') return wrong;
  const ExactNumber number = exact_number(trimmed(written.substr(1, written.size() - 2)), 6);
  if (number.problem != NumberProblem::none || number.value <= 0 || number.value > 1'000'000) return wrong;
  share = Millionths{number.value};
  return std::nullopt;
}

// One target of a stop rule: NAME:hw=X or NAME:rel=X.
std::optional<GrammarError> parse_target(std::string_view whole, std::string_view text, sim::StopTarget& target) {
  target.text = text;
  const std::size_t colon = text.find(':');
  const std::string_view name = trimmed(text.substr(0, colon));
  ThresholdSpec& what = target.what;
  what.forecast = ForecastQuantity::cost_usd;
  what.aggregate = Aggregate::percentile;
  const std::vector<std::string> names{"p_exceed", "mean", "p10", "p50", "p90"};
  if (name.substr(0, name.find('(')) == "p_exceed") {
    what.forecast = ForecastQuantity::p_exceed;
    what.aggregate = Aggregate::value;
    if (name != "p_exceed") {
      if (auto error = parse_share(name.substr(8), column_in(whole, name) + 8, what.share)) return error;
    }
  } else if (name == "mean") {
    what.aggregate = Aggregate::avg;
  } else if (name == "p10" || name == "p50" || name == "p90") {
    what.percentile = Millionths{name == "p10" ? 100'000 : name == "p50" ? 500'000 : 900'000};
  } else {
    return GrammarError{column_in(whole, name), "no target is named \"" + excerpt(name) + "\"",
                        help_with_words(std::string(name), names)};
  }
  if (colon == std::string_view::npos) {
    return GrammarError{column_in(whole, text), "\"" + excerpt(text) + "\" has no precision",
                        "write " + std::string(name) + ":hw=0.01 or " + std::string(name) + ":rel=0.005"};
  }
  const std::string_view bound = trimmed(text.substr(colon + 1));
  const std::size_t equals = bound.find('=');
  const std::string_view word = trimmed(bound.substr(0, equals));
  if (equals == std::string_view::npos || (word != "hw" && word != "rel")) {
    return GrammarError{column_in(whole, bound), "\"" + excerpt(bound) + "\" is neither hw=X nor rel=X",
                        "hw is a half-width, rel a half-width by the estimate"};
  }
  const ExactNumber number = exact_number(trimmed(bound.substr(equals + 1)), 6);
  if (number.problem != NumberProblem::none || number.value <= 0) {
    return GrammarError{column_in(whole, bound), "\"" + excerpt(bound) + "\" is not a precision above 0"};
  }
  target.relative = word == "rel";
  target.limit = static_cast<double>(number.value) / 1e6;
  return std::nullopt;
}

}  // namespace

const ForecastRule* forecast_rule(std::string_view name) {
  const auto found = std::find_if(forecast_rules().begin(), forecast_rules().end(),
                                  [&](const ForecastRule& rule) { return rule.name == name; });
  return found == forecast_rules().end() ? nullptr : &*found;
}

const std::vector<std::string>& forecast_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const ForecastRule& rule : forecast_rules()) result.push_back(std::string(kPrefix) + rule.name);
    return result;
  }();
  return names;
}

std::optional<GrammarError> parse_forecast_name(std::string_view text, ThresholdSpec& threshold) {
  const std::size_t parenthesis = std::min(text.find('('), text.size());
  const std::string_view name = trimmed(text.substr(0, parenthesis));
  const ForecastRule* rule = name.starts_with(kPrefix) ? forecast_rule(name.substr(kPrefix.size())) : nullptr;
  if (rule == nullptr) {
    return GrammarError{1, "no metric is named \"" + excerpt(name) + "\"",
                        help_with_words(std::string(name), forecast_names())};
  }
  threshold.forecast = rule->quantity;
  const std::string_view argument = trimmed(text.substr(parenthesis));
  const int column = static_cast<int>(parenthesis) + 1;
  if (!rule->has_share) {
    if (argument.empty()) return std::nullopt;
    return GrammarError{column, std::string(name) + " takes no argument"};
  }
  if (argument.empty()) {
    return GrammarError{column, std::string(name) + " is of a share of the budget", "write forecast.p_exceed(1.0)"};
  }
  return parse_share(argument, column, threshold.share);
}

std::optional<GrammarError> check_forecast_expression(const ThresholdSpec& threshold) {
  if (threshold.comparison == Comparison::equal || threshold.comparison == Comparison::not_equal) {
    return GrammarError{1, "a forecast is an interval, which never equals a number", "compare with <, <=, > or >="};
  }
  const bool has_tags = threshold.provider || threshold.served_by || threshold.variant || threshold.outcome;
  if (has_tags && threshold.forecast != ForecastQuantity::cost_usd) {
    return GrammarError{1, "of forecasts only forecast.cost_usd has tags"};
  }
  if (threshold.outcome || threshold.served_by || (threshold.provider && threshold.variant)) {
    return GrammarError{1, "forecast.cost_usd is of one provider or of one variant"};
  }
  if (threshold.during || threshold.after || threshold.skip || threshold.window) {
    return GrammarError{1, "a forecast is of the whole horizon: during, after, skip and window say nothing"};
  }
  if (threshold.forecast == ForecastQuantity::p_exceed && threshold.bound > 1'000'000) {
    return GrammarError{1, "a chance is a number from 0 to 1"};
  }
  if (threshold.aggregate != Aggregate::percentile) return std::nullopt;
  if (threshold.forecast == ForecastQuantity::request_duration) {
    const auto& known = sim::kLatencyShares;
    if (std::find(known.begin(), known.end(), threshold.percentile) != known.end()) return std::nullopt;
    return GrammarError{1, "a forecast keeps p(50), p(90), p(95) and p(99) of request_duration"};
  }
  if (threshold.percentile.value > 0 && threshold.percentile.value < 1'000'000) return std::nullopt;
  return GrammarError{1, "a percentile of a forecast lies between 0 and 100"};
}

std::optional<GrammarError> parse_assertion(std::string_view text, ThresholdSpec& threshold) {
  // The metric ends after its name, its argument and its tags.
  std::size_t end = text.find_first_of(" \t:({<>=!");
  end = std::min(end, text.size());
  if (end < text.size() && text[end] == '(') end = std::min(text.find(')', end), text.size() - 1) + 1;
  const std::size_t tags = text.find_first_not_of(' ', end);
  if (tags != std::string_view::npos && text[tags] == '{') end = std::min(text.find('}', tags), text.size() - 1) + 1;
  const std::string_view metric = text.substr(0, end);
  if (!is_forecast_metric(metric)) {
    return GrammarError{1, "\"" + excerpt(metric) + "\" is no metric of a forecast",
                        help_with_words(std::string(metric), forecast_names())};
  }
  if (auto error = parse_metric(metric, threshold)) return error;
  std::size_t begin = end;
  while (begin < text.size() && (text[begin] == ' ' || text[begin] == ':')) ++begin;
  auto error = parse_expression(text.substr(begin), threshold);
  if (error) error->column += static_cast<int>(begin);
  return error;
}

std::optional<GrammarError> parse_stop_rule(std::string_view text, sim::StopRule& rule) {
  rule.text = text;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    sim::StopTarget target;
    if (auto error = parse_target(text, text.substr(begin, comma - begin), target)) return error;
    rule.targets.push_back(std::move(target));
    begin = comma + 1;
  }
  return std::nullopt;
}

}  // namespace windtunnel::scenarios
