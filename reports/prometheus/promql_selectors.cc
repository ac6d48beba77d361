#include "reports/prometheus/promql_selectors.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "reports/prometheus/alert_rules.h"

namespace windtunnel::reports {
namespace {

bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':'; }
bool begins_word(char c) { return is_letter(c) && std::isdigit(static_cast<unsigned char>(c)) == 0; }

class Expression {
 public:
  explicit Expression(std::string_view text) : text_(text) {}

  struct Read {
    std::vector<RuleSelector> selectors;
    std::vector<std::pair<std::size_t, std::size_t>> joined;
  };
  Read read() {
    while (skip_to_something()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'' || c == '`') {
        (void)quoted();
      } else if (c == '{') {
        add(selector({}));
      } else if (c == '[' || c == '@') {
        add_lookback();
      } else if (!begins_word(c)) {
        skip_number_or_sign();
      } else {
        read_word(take_word());
      }
    }
    if (makes_labels_) found_.joined.clear();
    return std::move(found_);
  }

 private:
  void read_word(const std::string& word) {
    if (word == "unless" || word == "or") {
      is_optional_ = word == "unless";
      left_.reset();
    } else if (word == "and") {
      is_operator_ = true;
    } else if (is_list_keyword(word)) {
      left_.reset();  // joined by some of their labels
      skip_parentheses();
    } else if (word == "offset") {
      at_ -= word.size();
      add_lookback();
    } else if (is_keyword(word)) {
      // an operator's, or a number
    } else if (word.starts_with("absent") && next() == '(') {
      skip_parentheses();
    } else if (is_aggregator()) {
      makes_labels_ = true;
      skip_parentheses();  // the list of by or without; what is aggregated follows
    } else if (next() != '(') {
      add(selector(word));
    } else if (makes_labels(word)) {
      makes_labels_ = true;
    }
  }
  static bool makes_labels(const std::string& function) {
    static constexpr std::array kWords{
        "sum",          "avg",        "min",           "max",     "count",    "group",
        "stddev",       "stdvar",     "topk",          "bottomk", "quantile", "scalar",
        "count_values", "label_join", "label_replace", "limitk",  "vector",   "histogram_quantile"};
    return std::ranges::find(kWords, function) != kWords.end();
  }
  static bool is_list_keyword(const std::string& word) {
    static constexpr std::array kWords{"by", "without", "on", "ignoring", "group_left", "group_right"};
    return std::ranges::find(kWords, word) != kWords.end();
  }
  static bool is_keyword(const std::string& word) {
    static constexpr std::array kWords{"bool", "inf", "Inf", "nan", "NaN", "atan2", "start", "end"};
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
  void add(RuleSelector selector) {
    if (std::exchange(is_optional_, false)) return;
    const std::size_t place = found_.selectors.size();
    found_.selectors.push_back(std::move(selector));
    if (left_ && is_operator_) found_.joined.emplace_back(*left_, place);
    left_ = place;
    is_operator_ = false;
  }
  // What a subquery, or an offset of one, looks at.
  void add_lookback() {
    RuleSelector looked_at;
    if (!read_modifier(looked_at)) {
      ++at_;
      return;
    }
    while (read_modifier(looked_at)) {
    }
    if (!is_optional_) found_.selectors.push_back(std::move(looked_at));
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
    if (!is_letter(text_[at_])) {
      if (text_[at_] == ',') left_.reset();
      if (std::string_view{"+-*/%^<>=!"}.find(text_[at_]) != std::string_view::npos) is_operator_ = true;
      ++at_;
      return;
    }
    is_operator_ = false;  // with a number
    while (at_ < text_.size() && (is_letter(text_[at_]) || text_[at_] == '.')) ++at_;
  }
  std::string take_word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
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
    while (read_modifier(selector)) {
    }
    return selector;
  }
  // A range, an offset or a fixed time; false: none of them comes next.
  bool read_modifier(RuleSelector& selector) {
    if (next() == '[') {
      ++at_;
      const std::size_t end = std::min(text_.find_first_of(":]", at_), text_.size());
      selector.range += promql_duration(trimmed(text_.substr(at_, end - at_)));
      at_ = std::min(text_.find(']', at_), text_.size());
      at_ = std::min(at_ + 1, text_.size());
      return true;
    }
    const std::size_t before = at_;
    if (next() == '@') {
      ++at_;
      selector.is_at_fixed_time = selector.is_at_fixed_time || !begins_word(next());  // start() and end() have letters
      skip_number_or_sign();
      if (next() == '(') skip_parentheses();
      return true;
    }
    if (!begins_word(next()) || take_word() != "offset") {
      at_ = before;
      return false;
    }
    const bool is_ahead = next() == '-';
    if (is_ahead) ++at_;
    const Duration offset = promql_duration(take_word_of_any_begin());
    selector.offset += is_ahead ? -offset : offset;
    return true;
  }
  static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
    return text;
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
  Read found_;
  bool is_optional_ = false;         // what comes next stands behind `unless`
  bool makes_labels_ = false;        // what is joined has other labels than the selectors
  bool is_operator_ = false;         // stands behind the latest selector
  std::optional<std::size_t> left_;  // the latest selector, if an operator may join it
};

}  // namespace

std::vector<RuleSelector> selectors_of(std::string_view expression) { return Expression{expression}.read().selectors; }

std::vector<std::pair<std::size_t, std::size_t>> joined_selectors_of(std::string_view expression) {
  return Expression{expression}.read().joined;
}

}  // namespace windtunnel::reports
