#include "reports/prometheus/rule_reach.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <regex>
#include <utility>

#include "base/duration_text.h"
#include "reports/prometheus/alert_rules.h"

namespace windtunnel::reports {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':'; }
bool begins_word(char c) { return is_word(c) && std::isdigit(static_cast<unsigned char>(c)) == 0; }

// --- PromQL ----------------------------------------------------------------------------------------------------------

class Expression {
 public:
  explicit Expression(std::string_view text) : text_(text) {}

  std::vector<RuleSelector> selectors() {
    std::vector<RuleSelector> found;
    bool is_optional = false;  // what comes next stands behind `unless`
    while (skip_to_something()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'' || c == '`') {
        (void)quoted();
      } else if (c == '{') {
        add(found, selector({}), std::exchange(is_optional, false));
      } else if (c == '[') {
        ++at_;
      } else if (!begins_word(c)) {
        skip_number_or_sign();
      } else if (const std::string word = take_word(); word == "unless") {
        is_optional = true;
      } else if (is_list_keyword(word)) {
        skip_parentheses();
      } else if (is_keyword(word)) {
        if (word == "offset") (void)take_word_of_any_begin();
      } else if (word.starts_with("absent") && next() == '(') {
        skip_parentheses();
      } else if (is_aggregator()) {
        skip_parentheses();  // the list of by or without; what is aggregated follows
      } else if (next() != '(') {
        add(found, selector(word), std::exchange(is_optional, false));
      }
    }
    return found;
  }

 private:
  static bool is_list_keyword(const std::string& word) {
    static constexpr std::array kWords{"by", "without", "on", "ignoring", "group_left", "group_right"};
    return std::ranges::find(kWords, word) != kWords.end();
  }
  static bool is_keyword(const std::string& word) {
    static constexpr std::array kWords{"and", "or", "bool", "offset", "inf", "Inf", "nan", "NaN", "atan2"};
    return std::ranges::find(kWords, word) != kWords.end();
  }
  // The word before was sum or its like, if `by` or `without` comes next, which is then taken.
  bool is_aggregator() {
    const std::size_t before = at_;
    if (begins_word(next())) {
      const std::string word = take_word();
      if (word == "by" || word == "without") return true;
    }
    at_ = before;
    return false;
  }
  static void add(std::vector<RuleSelector>& found, RuleSelector selector, bool is_optional) {
    if (!is_optional) found.push_back(std::move(selector));
  }

  // False: the text is over. Blanks and comments are skipped.
  bool skip_to_something() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (std::isspace(static_cast<unsigned char>(text_[at_])) == 0) {
        return true;
      } else {
        ++at_;
      }
    }
    return false;
  }
  char next() { return skip_to_something() ? text_[at_] : '\0'; }
  // A number with the unit of a duration, or one sign.
  void skip_number_or_sign() {
    if (!is_word(text_[at_])) {
      ++at_;
      return;
    }
    while (at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '.')) ++at_;
  }
  std::string take_word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return std::string{text_.substr(begin, at_ - begin)};
  }
  std::string take_word_of_any_begin() { return skip_to_something() ? take_word() : std::string{}; }
  void skip_parentheses() {
    if (next() != '(') return;
    int depth = 0;
    do {
      const char c = text_[at_];
      if (c == '"' || c == '\'' || c == '`') {
        (void)quoted();
        continue;
      }
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      ++at_;
    } while (depth > 0 && at_ < text_.size());
  }
  std::string quoted() {
    const char quote = text_[at_++];
    std::string value;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && quote != '`' && at_ + 1 < text_.size()) ++at_;
      value += text_[at_++];
    }
    ++at_;
    return value;
  }

  RuleSelector selector(std::string metric) {
    RuleSelector selector;
    selector.metric = std::move(metric);
    if (next() == '{') read_matchers(selector);
    if (next() == '[') {
      ++at_;
      const std::size_t end = std::min(text_.find_first_of(":]", at_), text_.size());
      selector.range += promql_duration(text_.substr(at_, end - at_));
      at_ = std::min(text_.find(']', at_), text_.size());
      at_ = std::min(at_ + 1, text_.size());
    }
    const std::size_t before = at_;
    if (begins_word(next()) && take_word() == "offset") {
      selector.range += promql_duration(take_word_of_any_begin());
    } else {
      at_ = before;
    }
    return selector;
  }
  void read_matchers(RuleSelector& selector) {
    ++at_;
    while (next() != '}' && at_ < text_.size()) {
      RuleMatcher matcher{.label = take_word(), .how = {}, .value = {}};
      while (next() == '=' || next() == '!' || next() == '~') matcher.how += text_[at_++];
      if (next() != '"' && next() != '\'' && next() != '`') return;
      matcher.value = quoted();
      if (next() == ',') ++at_;
      if (matcher.label == "__name__" && matcher.how == "=") {
        selector.metric = matcher.value;
      } else {
        selector.matchers.push_back(std::move(matcher));
      }
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// --- YAML ------------------------------------------------------------------------------------------------------------

struct Line {
  std::size_t indent = 0;  // of the key, behind the dashes of a list
  std::string key;         // empty: the line has none
  std::string value;
};

Line line_of(std::string_view text) {
  Line line;
  line.indent = std::min(text.find_first_not_of(" -\t"), text.size());
  std::string_view rest = text.substr(line.indent);
  while (!rest.empty() && std::isspace(static_cast<unsigned char>(rest.back())) != 0) rest.remove_suffix(1);
  const std::size_t colon = rest.find(':');
  const bool has_key = colon != std::string_view::npos && std::ranges::all_of(rest.substr(0, colon), is_word) &&
                       (colon + 1 == rest.size() || rest[colon + 1] == ' ');
  if (has_key) {
    line.key = std::string{rest.substr(0, colon)};
    rest.remove_prefix(colon + 1);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  }
  line.value = std::string{rest};
  return line;
}

std::string unquoted(std::string value) {
  const bool is_quoted =
      value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
  return is_quoted ? value.substr(1, value.size() - 2) : value;
}

}  // namespace

std::vector<RuleSelector> selectors_of(std::string_view expression) { return Expression{expression}.selectors(); }

RuleFile read_rule_file(std::string_view text) {
  RuleFile file;
  AlertRule* rule = nullptr;
  std::optional<std::size_t> inside;  // the indent of an `expr` whose text goes on in the lines that follow
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const Line line = line_of(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.value.starts_with('#') || (line.key.empty() && line.value.empty())) continue;
    if (inside && line.indent > *inside && rule != nullptr) {
      rule->expression += " " + (line.key.empty() ? line.value : line.key + ":" + line.value);
      continue;
    }
    inside.reset();
    if (line.key == "record") file.recorded.push_back(unquoted(line.value));
    if (line.key == "record") rule = nullptr;
    if (line.key == "alert")
      rule = &file.alerts.emplace_back(AlertRule{.alert = unquoted(line.value), .expression = {}});
    if (rule == nullptr) continue;
    if (line.key == "for") rule->held_for = promql_duration(unquoted(line.value));
    if (line.key != "expr") continue;
    const bool is_block = line.value.starts_with('|') || line.value.starts_with('>');
    rule->expression = is_block ? "" : unquoted(line.value);
    inside = line.indent;
  }
  return file;
}

// --- What the run has ------------------------------------------------------------------------------------------------

class ExportedSeries::Collector final : public MetricSink {
 public:
  explicit Collector(std::vector<One>& series) : series_(series) {}
  void family(const MetricFamily& family) override { name_ = family.name; }
  void metric(const MetricLabels& labels, std::span<const MetricSeries> series) override {
    for (const MetricSeries& curve : series) {
      series_.push_back({name_ + curve.suffix, labels});
      if (curve.label) series_.back().labels.push_back(*curve.label);
    }
  }

 private:
  std::vector<One>& series_;
  std::string name_;
};

ExportedSeries::ExportedSeries(const sim::Timeline& timeline, const Scrapes& scrapes, const MetricLabels& added) {
  Collector collector{series_};
  write_metrics(timeline, scrapes, added, collector);
}

bool ExportedSeries::has(std::string_view metric) const {
  return std::ranges::any_of(series_, [&](const One& entry) { return entry.name == metric; });
}

bool ExportedSeries::has(const RuleSelector& selector) const {
  const auto matches = [](const RuleMatcher& matcher, const One& entry) {
    const auto label = std::ranges::find(entry.labels, matcher.label, &MetricLabel::name);
    const std::string value = label == entry.labels.end() ? std::string{} : label->value;
    const bool is_pattern = matcher.how.ends_with('~');
    bool is_same = value == matcher.value;
    if (is_pattern) {
      try {
        is_same = std::regex_match(value, std::regex{matcher.value});
      } catch (const std::regex_error&) {
        return true;  // a pattern that only Prometheus reads
      }
    }
    return is_same != matcher.how.starts_with('!');
  };
  return std::ranges::any_of(series_, [&](const One& entry) {
    return (selector.metric.empty() || entry.name == selector.metric) &&
           std::ranges::all_of(selector.matchers, [&](const RuleMatcher& matcher) { return matches(matcher, entry); });
  });
}

std::string why_unreachable(const AlertRule& rule, const std::vector<std::string>& recorded,
                            const ExportedSeries& series, Duration run) {
  for (const RuleSelector& selector : selectors_of(rule.expression)) {
    const bool is_own = selector.metric == "ALERTS" || std::ranges::find(recorded, selector.metric) != recorded.end();
    if (!is_own && !selector.metric.empty() && !series.has(selector.metric)) {
      return "the run has no metric " + selector.metric;
    }
    if (!is_own && !series.has(selector)) {
      std::string labels;
      for (const RuleMatcher& matcher : selector.matchers) {
        labels += (labels.empty() ? "" : ",") + matcher.label + matcher.how + "\"" + matcher.value + "\"";
      }
      return "no series of " + selector.metric + " has {" + labels + "}";
    }
    if (selector.range > run) {
      return "it looks back " + span_text(selector.range) + ", and the run is only " + span_text(run) + " long";
    }
  }
  if (rule.held_for <= run) return {};
  return "it must hold for " + span_text(rule.held_for) + ", and the run is only " + span_text(run) + " long";
}

}  // namespace windtunnel::reports
