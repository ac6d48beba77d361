#include "scenarios/grammar/compare_grammar.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "monitor/breaker/breaker_presets.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::scenarios {
namespace {

constexpr std::string_view kPresetPath = "monitor.circuit_breaker.preset";

// 1 + the number of code points before `byte`.
int column_of(std::string_view text, std::size_t byte) {
  const auto is_begin = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  return 1 + static_cast<int>(std::ranges::count_if(text.substr(0, byte), is_begin));
}

// The commas outside of brackets and quotes, and the end.
std::vector<std::size_t> ends_of_values(std::string_view text, std::size_t begin) {
  std::vector<std::size_t> ends;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (c == ',' && depth <= 0) ends.push_back(i);
  }
  ends.push_back(text.size());
  return ends;
}

std::string_view last_step(std::string_view path) { return path.substr(path.rfind('.') + 1); }

std::string_view name_of(const Vary& vary, const std::vector<Vary>& all) {
  const std::string_view last = last_step(vary.path);
  const bool is_shared = std::ranges::count(all, last, [](const Vary& entry) { return last_step(entry.path); }) > 1;
  return is_shared ? std::string_view(vary.path) : last;
}

std::vector<std::string> metric_words() {
  std::vector<std::string> words;
  for (const sim::CompareMetricEntry& entry : sim::compare_metrics()) words.emplace_back(entry.name);
  return words;
}

// A bound in the metric's unit: whole nanoseconds, or millionths.
ExactNumber bound_of(std::string_view word, sim::CompareUnit unit) {
  ExactNumber number = exact_number(word, 6);  // bare milliseconds are nanoseconds with 6 places
  if (unit == sim::CompareUnit::nanoseconds && number.problem == NumberProblem::malformed)
    number = exact_duration(word);
  return number;
}

std::optional<GrammarError> read_bound(std::string_view word, int column, sim::RegressionRule& rule) {
  const std::string shown = "\"" + excerpt(word) + "\"";
  if (word.empty()) return GrammarError{column, "the bound is missing", "for example p95<=5% or wasted_calls<=0"};
  const sim::CompareUnit unit = entry_of(rule.metric).unit;
  rule.is_relative = word.ends_with('%');
  const ExactNumber number =
      rule.is_relative ? exact_number(trimmed(word.substr(0, word.size() - 1)), 6) : bound_of(word, unit);
  switch (number.problem) {
    case NumberProblem::none:
      break;
    case NumberProblem::malformed:
      return GrammarError{column, shown + " is no bound", "write a number, a share such as 5%, or for times 50ms"};
    case NumberProblem::unit_missing:
    case NumberProblem::unit_unknown:
      return GrammarError{column, shown + " has no unit that is known",
                          "units are d, h, m, s, ms, us, ns; a bare number is milliseconds"};
    case NumberProblem::too_fine:
      return GrammarError{column, shown + " has too many decimal places", {}};
    case NumberProblem::too_large:
      return GrammarError{column, shown + " is too large", {}};
  }
  rule.bound = static_cast<double>(number.value);
  if (rule.is_relative) {
    rule.bound /= 1e8;
  } else if (unit != sim::CompareUnit::nanoseconds) {
    rule.bound /= 1e6;
  }
  return std::nullopt;
}

}  // namespace

std::optional<GrammarError> parse_vary(std::string_view text, Vary& vary) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return GrammarError{
        1, "write it as path=value,value,...",
        "for example --vary monitor.circuit_breaker.open=5s,30s or " + std::string(kPresetPath) + "=all"};
  }
  vary.path = text.substr(0, equals);
  if (vary.path == kPresetPath && text.substr(equals + 1) == "all") {
    for (const monitor::BreakerPresetInfo& preset : monitor::breaker_presets()) vary.values.emplace_back(preset.name);
    return std::nullopt;
  }
  std::set<std::string_view> seen;
  std::size_t begin = equals + 1;
  for (const std::size_t end : ends_of_values(text, begin)) {
    const std::string_view value = trimmed(text.substr(begin, end - begin));
    const int column = column_of(text, begin);
    if (value.empty()) return GrammarError{column, "a value is missing", {}};
    if (!seen.insert(value).second) return GrammarError{column, "\"" + excerpt(value) + "\" stands here twice", {}};
    vary.values.emplace_back(value);
    begin = end + 1;
  }
  return std::nullopt;
}

std::optional<std::vector<VariedSets>> product_of(const std::vector<Vary>& varied) {
  std::vector<VariedSets> product(1);
  for (const Vary& vary : varied) {
    const std::string name{name_of(vary, varied)};
    if (product.size() * vary.values.size() > kVariationsMax) return std::nullopt;
    std::vector<VariedSets> longer;
    for (const VariedSets& before : product) {
      for (const std::string& value : vary.values) {
        VariedSets sets = before;
        sets.name += fmt::format("{}{}={}", sets.name.empty() ? "" : " ", name, value);
        sets.sets.push_back(vary.path + "=" + value);
        longer.push_back(std::move(sets));
      }
    }
    product = std::move(longer);
  }
  return product;
}

std::vector<std::string> kept_beside_presets(const sim::Scenario& scenario, const std::vector<VariedSets>& varied) {
  constexpr std::string_view kPointer = "/monitor/circuit_breaker/";
  std::set<std::string> paths;
  for (const VariedSets& sets : varied) {
    for (const std::string& set : sets.sets) paths.insert(set.substr(0, set.find('=')));
  }
  std::vector<std::string> warnings;
  if (!paths.contains(std::string(kPresetPath))) return warnings;
  for (const auto& [pointer, origin] : scenario.origins) {
    if (!pointer.starts_with(kPointer) || pointer == "/monitor/circuit_breaker/preset") continue;
    const std::string key = pointer.substr(kPointer.size());
    // A key that was written in another spelling has that one's place.
    if (origin.pointer != pointer) continue;
    if (origin.file != scenario.file || paths.contains("monitor.circuit_breaker." + key)) continue;
    warnings.push_back(
        fmt::format("{}:{}:{}: {}: warning: it stands beside the preset and holds in every variation\n"
                    "  help: --set 'monitor.circuit_breaker={{}}' compares the presets as they are",
                    origin.file, origin.line, origin.column, pointer));
  }
  return warnings;
}

std::optional<GrammarError> parse_max_regression(std::string_view text, sim::RegressionRule& rule) {
  rule.text = text;
  const std::size_t end = std::min(text.find_first_of("<>=! \t"), text.size());
  const std::string_view name = text.substr(0, end);
  const auto metric = sim::compare_metric_named(name);
  if (!metric) {
    const std::vector<std::string> words = metric_words();
    std::string help = help_with_words(name, words, "metrics");
    if (help.empty()) help = fmt::format("the metrics are {}", fmt::join(words, ", "));
    return GrammarError{1, "no metric of a comparison is named \"" + excerpt(name) + "\"", std::move(help)};
  }
  rule.metric = *metric;
  const std::size_t sign = std::min(text.find_first_not_of(" \t", end), text.size());
  if (!text.substr(sign).starts_with("<=")) {
    return GrammarError{column_of(text, sign), "\"<=\" is missing here",
                        "a rule says how much worse a metric may be: " + std::string(name) + "<=5%"};
  }
  const std::size_t begin = std::min(text.find_first_not_of(" \t", sign + 2), text.size());
  return read_bound(trimmed(text.substr(begin)), column_of(text, begin), rule);
}

}  // namespace windtunnel::scenarios
