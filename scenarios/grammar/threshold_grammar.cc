#include "scenarios/grammar/threshold_grammar.h"

#include <algorithm>
#include <utility>

#include "base/exact_decimal.h"
#include "scenarios/grammar/forecast_grammar.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::scenarios {
namespace {

using sim::Aggregate;
using sim::Comparison;
using sim::Metric;
using sim::ThresholdSpec;

enum class BoundUnit : std::uint8_t { plain, duration, money };

struct MetricRule {
  std::string name;
  Metric metric;
  BoundUnit unit;
  std::vector<Aggregate> aggregates;
};

const std::vector<Aggregate> kOfValues{Aggregate::avg, Aggregate::min, Aggregate::med, Aggregate::max,
                                       Aggregate::percentile};
const std::vector<Aggregate> kOfSums{Aggregate::value, Aggregate::avg, Aggregate::count};

const std::vector<MetricRule>& rules() {
  static const std::vector<MetricRule> rules{
      {"requests", Metric::requests, BoundUnit::plain, {Aggregate::count, Aggregate::rate}},
      {"requests_failed", Metric::requests_failed, BoundUnit::plain, {Aggregate::rate, Aggregate::count}},
      {"requests_refused", Metric::requests_refused, BoundUnit::plain, {Aggregate::rate, Aggregate::count}},
      {"request_duration", Metric::request_duration, BoundUnit::duration, kOfValues},
      {"time_to_first_token", Metric::time_to_first_token, BoundUnit::duration, kOfValues},
      {"provider_calls", Metric::provider_calls, BoundUnit::plain, {Aggregate::count, Aggregate::rate}},
      {"provider_errors", Metric::provider_errors, BoundUnit::plain, {Aggregate::rate, Aggregate::count}},
      {"cost_usd", Metric::cost_usd, BoundUnit::money, kOfSums},
      {"cost_known_usd", Metric::cost_known_usd, BoundUnit::money, kOfSums},
      {"cost_reserved_usd", Metric::cost_reserved_usd, BoundUnit::money, kOfSums},
      {"tokens",
       Metric::tokens,
       BoundUnit::plain,
       {Aggregate::value, Aggregate::avg, Aggregate::count, Aggregate::rate}},
      {"breaker_opened", Metric::breaker_opened, BoundUnit::plain, {Aggregate::count}},
      {"failovers", Metric::failovers, BoundUnit::plain, {Aggregate::count}},
      {"cache_hits", Metric::cache_hits, BoundUnit::plain, {Aggregate::rate, Aggregate::count}},
      {"amplification", Metric::amplification, BoundUnit::plain, {Aggregate::value}},
      {"provider_wait",
       Metric::provider_wait,
       BoundUnit::duration,
       {Aggregate::avg, Aggregate::min, Aggregate::med, Aggregate::max, Aggregate::percentile, Aggregate::rate,
        Aggregate::count}},
  };
  return rules;
}

const std::vector<std::pair<std::string, Aggregate>>& aggregate_words() {
  static const std::vector<std::pair<std::string, Aggregate>> words{
      {"count", Aggregate::count}, {"rate", Aggregate::rate}, {"avg", Aggregate::avg},     {"min", Aggregate::min},
      {"med", Aggregate::med},     {"max", Aggregate::max},   {"value", Aggregate::value},
  };
  return words;
}

std::string words_of(const std::vector<Aggregate>& aggregates) {
  std::string text;
  for (const Aggregate aggregate : aggregates) {
    if (!text.empty()) text += ", ";
    if (aggregate == Aggregate::percentile) text += "p(N)";
    for (const auto& [word, value] : aggregate_words()) {
      if (value == aggregate) text += word;
    }
  }
  return text;
}

// Reads a text from the left and remembers where it is, in code points.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  [[nodiscard]] int column() const {
    int column = 1;
    for (std::size_t i = 0; i < at_; ++i) column += (static_cast<unsigned char>(text_[i]) & 0xC0U) != 0x80U ? 1 : 0;
    return column;
  }
  [[nodiscard]] bool done() const { return at_ == text_.size(); }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  void skip_blanks() {
    while (!done() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool take(std::string_view wanted) {
    if (!rest().starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  // Everything up to one of `ends`, without blanks at its end.
  std::string_view take_until(std::string_view ends) {
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_of(ends, at_), text_.size());
    std::string_view word = text_.substr(begin, at_ - begin);
    while (!word.empty() && (word.back() == ' ' || word.back() == '\t')) word.remove_suffix(1);
    return word;
  }
  [[nodiscard]] GrammarError error(std::string message, std::string help = {}) const {
    return {column(), std::move(message), std::move(help)};
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// Where an error about the word that comes next should point.
GrammarError at(int column, std::string message, std::string help = {}) {
  return {column, std::move(message), std::move(help)};
}

std::optional<GrammarError> parse_tag(Scanner& scanner, ThresholdSpec& threshold) {
  static const std::vector<std::string> tags{"provider", "deployment", "served_by", "route",
                                             "variant",  "outcome",    "team",      "limit"};
  const int column = scanner.column();
  const std::string tag(scanner.take_until(":,}"));
  if (std::find(tags.begin(), tags.end(), tag) == tags.end()) {
    return at(column, "no tag is named \"" + excerpt(tag) + "\"", help_with_words(tag, tags));
  }
  if (!scanner.take(":")) return scanner.error("\":\" and the tag's value are missing");
  scanner.skip_blanks();
  const int value_column = scanner.column();
  const std::string value(scanner.take_until(",}"));
  if (value.empty()) return at(value_column, "the tag's value is missing");
  const bool is_target = tag == "provider" || tag == "deployment";
  const bool is_again = (is_target && threshold.provider) || (tag == "served_by" && threshold.served_by) ||
                        (tag == "route" && threshold.route) || (tag == "variant" && threshold.variant) ||
                        (tag == "outcome" && threshold.outcome) || (tag == "team" && threshold.team) ||
                        (tag == "limit" && threshold.limit);
  if (is_again) {
    const bool is_same = !is_target || threshold.is_deployment == (tag == "deployment");
    return at(column, is_same ? "the tag \"" + tag + "\" is written twice"
                              : "\"provider\" and \"deployment\" name the same; write one of them");
  }
  if (is_target) threshold.provider = value;
  if (tag == "deployment") threshold.is_deployment = true;
  if (tag == "route") threshold.route = value;
  if (tag == "served_by") threshold.served_by = value;
  if (tag == "variant") threshold.variant = value;
  if (tag == "team") threshold.team = value;
  if (tag == "limit") threshold.limit = value;
  if (tag != "outcome") return std::nullopt;
  std::vector<std::string> words;
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    const auto outcome = static_cast<monitor::Outcome>(i);
    words.emplace_back(monitor::name_of(outcome));
    if (words.back() == value) threshold.outcome = outcome;
  }
  if (threshold.outcome) return std::nullopt;
  return at(value_column, "no outcome is named \"" + excerpt(value) + "\"", help_with_words(value, words));
}

std::optional<GrammarError> parse_aggregate(Scanner& scanner, ThresholdSpec& threshold) {
  const int column = scanner.column();
  if (scanner.take("p(")) {
    scanner.skip_blanks();
    const int number_column = scanner.column();
    const std::string_view number = scanner.take_until(")");
    const ExactNumber percent = exact_number(number, 4);
    if (!scanner.take(")")) return scanner.error("\")\" is missing");
    if (percent.problem == NumberProblem::too_fine)
      return at(number_column, "a percentile has at most 4 decimal places");
    if (percent.problem != NumberProblem::none || percent.value < 0 || percent.value > 1'000'000) {
      return at(number_column, "\"" + excerpt(number) + "\" is not a percentile from 0 to 100");
    }
    threshold.aggregate = Aggregate::percentile;
    threshold.percentile = Millionths{percent.value};
    return std::nullopt;
  }
  const std::string word(scanner.take_until("<>=! \t"));
  std::vector<std::string> known;
  for (const auto& [name, aggregate] : aggregate_words()) {
    known.push_back(name);
    if (name != word) continue;
    threshold.aggregate = aggregate;
    return std::nullopt;
  }
  known.emplace_back("p(95)");
  return at(column, "\"" + excerpt(word) + "\" is no aggregate", help_with_words(word, known));
}

std::optional<GrammarError> parse_comparison(Scanner& scanner, ThresholdSpec& threshold) {
  static const std::vector<std::pair<std::string, Comparison>> signs{
      {"<=", Comparison::less_equal}, {">=", Comparison::greater_equal}, {"===", Comparison::equal},
      {"==", Comparison::equal},      {"!=", Comparison::not_equal},     {"<", Comparison::less},
      {">", Comparison::greater},
  };
  for (const auto& [sign, comparison] : signs) {
    if (!scanner.take(sign)) continue;
    threshold.comparison = comparison;
    return std::nullopt;
  }
  return scanner.error("one of <, <=, >, >=, ==, != is missing here");
}

// Exact to the pico-dollar, or to the millionth where it is too large for that.
ExactNumber money_of(std::string_view word, std::int64_t& picos_beyond) {
  constexpr std::int64_t kPicosPerMillionth = 1'000'000;
  const ExactNumber picos = exact_number(word, kDollarDecimals);
  if (picos.problem == NumberProblem::too_large) return exact_number(word, 6);
  if (picos.problem != NumberProblem::none || picos.value < 0) return picos;
  picos_beyond = picos.value % kPicosPerMillionth;
  return {picos.value / kPicosPerMillionth, NumberProblem::none};
}

std::optional<GrammarError> parse_bound(Scanner& scanner, BoundUnit unit, ThresholdSpec& threshold) {
  const bool is_number = threshold.aggregate == Aggregate::count || threshold.aggregate == Aggregate::rate;
  if (unit == BoundUnit::duration && is_number) unit = BoundUnit::plain;
  const int column = scanner.column();
  const std::string_view word = scanner.take_until("");
  const std::string shown = "\"" + excerpt(word) + "\"";
  if (word.empty()) return at(column, "the bound is missing");
  const bool is_money = unit == BoundUnit::money && threshold.aggregate != Aggregate::count;
  // Bare milliseconds are nanoseconds with 6 places.
  ExactNumber number = is_money ? money_of(word, threshold.bound_picos) : exact_number(word, 6);
  if (unit == BoundUnit::duration && number.problem == NumberProblem::malformed) {
    number = exact_duration(word);
    if (number.problem == NumberProblem::unit_unknown || number.problem == NumberProblem::unit_missing) {
      return at(column, shown + " has no unit that is known",
                "units are d, h, m, s, ms, us, ns; a bare number is milliseconds");
    }
    if (number.problem == NumberProblem::malformed)
      return at(column, shown + " is not a duration", "write 3s, 250ms or 2500");
  }
  if (number.problem == NumberProblem::too_fine) {
    if (unit == BoundUnit::duration) return at(column, shown + " is finer than a nanosecond");
    return at(column, shown + " has more than " + (is_money ? "12" : "6") + " decimal places");
  }
  if (number.problem == NumberProblem::too_large) return at(column, shown + " is too large");
  if (number.problem != NumberProblem::none) {
    return at(column, shown + " is not a number",
              word.ends_with('%') ? "a share is written from 0 to 1: 0.01 is 1 %" : "");
  }
  if (number.value < 0) return at(column, shown + " is negative");
  const bool is_flow =
      threshold.of == Metric::requests || threshold.of == Metric::provider_calls || threshold.of == Metric::tokens;
  const bool is_share = threshold.aggregate == Aggregate::rate && (threshold.forecast || !is_flow);
  if (is_share && number.value > 1'000'000) return at(column, "a rate is a share from 0 to 1");
  threshold.bound = number.value;
  return std::nullopt;
}

const MetricRule* rule_of(std::string_view name) {
  for (const MetricRule& rule : rules()) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

std::string_view bare_name(std::string_view metric) {
  metric = metric.substr(0, metric.find('{'));
  while (!metric.empty() && metric.back() == ' ') metric.remove_suffix(1);
  return metric;
}

// Why a tag can select nothing, or changes nothing, of this metric; empty if it means something.
std::string tag_without_meaning(const ThresholdSpec& threshold) {
  using monitor::Outcome;
  const Metric of = threshold.of;
  const bool is_of_calls = of == Metric::provider_calls || of == Metric::provider_errors ||
                           of == Metric::breaker_opened || of == Metric::provider_wait;
  const bool has_tag =
      threshold.provider || threshold.served_by || threshold.route || threshold.variant || threshold.outcome;
  if (of == Metric::amplification && has_tag) return "has no tag, because it is of all calls and wishes";
  if (of == Metric::breaker_opened && threshold.route) return "has no route, because routes share the breakers";
  if (of == Metric::provider_wait && threshold.route) return "has no route, because routes share the queues";
  if (is_of_calls && (threshold.served_by || threshold.variant || threshold.outcome)) {
    return "has no tag but provider, deployment or route, because calls and breakers have no variant or outcome";
  }
  if (is_of_calls && (threshold.team || threshold.limit)) {
    return "has neither a team nor a limit, because it counts calls and not requests";
  }
  if (threshold.limit && of != Metric::requests_refused && of != Metric::requests) {
    return "counts no request that a limit refused: the tag limit is one of requests_refused and requests";
  }
  if (!threshold.outcome) return {};
  const Outcome outcome = *threshold.outcome;
  const std::string word = monitor::name_of(outcome);
  const bool is_refused = monitor::is_refused(outcome);
  const bool is_without_call = outcome == Outcome::cache_hit || outcome == Outcome::refused_rate ||
                               outcome == Outcome::refused_tokens || outcome == Outcome::all_providers_unavailable;
  if (threshold.served_by && is_without_call && outcome != Outcome::cache_hit) {
    return "is of nothing here: a request that ends as " + word + " is served by no provider";
  }
  switch (of) {
    case Metric::requests_failed:
      return is_refused || monitor::is_answered(outcome) ? "counts no request that ends as " + word : "";
    case Metric::requests_refused:
      return is_refused ? "" : "counts no request that ends as " + word;
    case Metric::cache_hits:
      return outcome == Outcome::cache_hit || outcome == Outcome::stale_hit ? ""
                                                                            : "counts no request that ends as " + word;
    case Metric::time_to_first_token:
    case Metric::tokens:
      return outcome == Outcome::served ? "" : "is of served requests, and none of them ends as " + word;
    case Metric::cost_usd:
    case Metric::cost_known_usd:
    case Metric::cost_reserved_usd:
      return is_without_call ? "is 0 of every request that ends as " + word + ", because it makes no call" : "";
    case Metric::failovers:
      return is_without_call && outcome != Outcome::all_providers_unavailable ? "counts no request that ends as " + word
                                                                              : "";
    case Metric::requests:
    case Metric::request_duration:
    case Metric::provider_calls:
    case Metric::provider_errors:
    case Metric::breaker_opened:
    case Metric::amplification:
    case Metric::provider_wait:
      break;
  }
  return {};
}

}  // namespace

bool is_forecast_metric(std::string_view text) { return text.starts_with("forecast.") && text.size() > 9; }

const std::vector<std::string>& metric_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const MetricRule& rule : rules()) result.push_back(rule.name);
    return result;
  }();
  return names;
}

std::optional<GrammarError> parse_metric(std::string_view text, ThresholdSpec& threshold) {
  threshold.metric = text;
  Scanner scanner(text);
  const std::string name(scanner.take_until("{"));
  if (const MetricRule* rule = rule_of(name)) {
    threshold.of = rule->metric;
  } else if (is_forecast_metric(name)) {
    if (auto error = parse_forecast_name(name, threshold)) return error;
  } else {
    const std::string help = help_with_words(name, metric_names());
    return at(1, "no metric is named \"" + excerpt(name) + "\"",
              help.empty() ? "windtunnel explain --all lists the metrics" : help);
  }
  if (scanner.done()) return std::nullopt;
  scanner.take("{");
  while (true) {
    scanner.skip_blanks();
    if (auto error = parse_tag(scanner, threshold)) return error;
    if (scanner.take("}")) break;
    if (!scanner.take(",")) return scanner.error("\"}\" is missing");
  }
  scanner.skip_blanks();
  if (!scanner.done()) return scanner.error("nothing may follow \"}\"");
  std::string problem = threshold.forecast ? "" : tag_without_meaning(threshold);
  if (threshold.forecast && (threshold.team || threshold.limit)) problem = "has neither a team nor a limit";
  if (!problem.empty()) return at(static_cast<int>(name.size()) + 1, name + " " + problem);
  return std::nullopt;
}

std::optional<GrammarError> parse_expression(std::string_view text, ThresholdSpec& threshold) {
  threshold.text = text;
  const std::string_view name = bare_name(threshold.metric);
  const MetricRule* rule = rule_of(name);
  const std::vector<Aggregate>& possible =
      rule != nullptr ? rule->aggregates : forecast_rule(name.substr(9, name.find('(') - 9))->aggregates;
  Scanner scanner(text);
  scanner.skip_blanks();
  const int column = scanner.column();
  // What has one aggregate only may leave it out, of forecasts.
  const bool left_out = rule == nullptr && possible.size() == 1 && !scanner.done() &&
                        std::string_view("<>=!").find(scanner.rest().front()) != std::string_view::npos;
  if (left_out) {
    threshold.aggregate = possible.front();
  } else if (auto error = parse_aggregate(scanner, threshold)) {
    return error;
  }
  if (std::find(possible.begin(), possible.end(), threshold.aggregate) == possible.end()) {
    return at(column, std::string(name) + " has no such aggregate", "it has " + words_of(possible));
  }
  scanner.skip_blanks();
  if (auto error = parse_comparison(scanner, threshold)) return error;
  scanner.skip_blanks();
  if (rule != nullptr) return parse_bound(scanner, rule->unit, threshold);
  BoundUnit unit = BoundUnit::plain;
  if (threshold.forecast == sim::ForecastQuantity::request_duration) unit = BoundUnit::duration;
  if (threshold.forecast == sim::ForecastQuantity::cost_usd) unit = BoundUnit::money;
  if (auto error = parse_bound(scanner, unit, threshold)) return error;
  return check_forecast_expression(threshold);
}

}  // namespace windtunnel::scenarios
