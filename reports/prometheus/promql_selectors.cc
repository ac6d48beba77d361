#include "reports/prometheus/promql_selectors.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace windtunnel::reports {
namespace {

bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':'; }
bool begins_word(char c) { return is_letter(c) && std::isdigit(static_cast<unsigned char>(c)) == 0; }

class Expression {
 public:
  explicit Expression(std::string_view text) : text_(text) {}

  struct Read {
    std::vector<RuleSelector> selectors;
    std::string unfiltered;
    bool has_absent = false;
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
    end_optional(text_.size());
    keep_until(text_.size());
    return std::move(found_);
  }

 private:
  void read_word(const std::string& word) {
    if (word == "unless" || word == "or" || word == "and") {
      if (depth_ == optional_depth_) end_optional(at_ - word.size());
      if (word == "unless" && !optional_depth_) begin_optional(at_ - word.size());
    } else if (is_list_keyword(word)) {
      skip_parentheses();
    } else if (word == "offset") {
      at_ -= word.size();
      add_lookback();
    } else if (is_keyword(word)) {
      // an operator's, or a number
    } else if (word.starts_with("absent") && next() == '(') {
      found_.has_absent = true;
      skip_parentheses();
    } else if (is_aggregator()) {
      skip_parentheses();  // the list of by or without; what is aggregated follows
    } else if (next() != '(') {
      add(selector(word));
    }
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
    if (!optional_depth_) found_.selectors.push_back(std::move(selector));
  }
  // What stands behind `unless` reaches to the next set operator, or to the end of the parentheses around it.
  void begin_optional(std::size_t from) {
    keep_until(from);
    optional_depth_ = depth_;
  }
  void end_optional(std::size_t before) {
    if (!std::exchange(optional_depth_, {})) return;
    kept_ = before;
  }
  void keep_until(std::size_t end) {
    if (optional_depth_ || end <= kept_) return;
    found_.unfiltered += text_.substr(kept_, end - kept_);
    kept_ = end;
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
    add(std::move(looked_at));
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
    if (is_letter(text_[at_])) {
      while (at_ < text_.size() && (is_letter(text_[at_]) || text_[at_] == '.')) ++at_;
      return;
    }
    const char sign = text_[at_];
    if ((sign == ')' || sign == ',') && depth_ == optional_depth_) end_optional(at_);
    if (sign == '(') ++depth_;
    if (sign == ')') --depth_;
    if (is_comparison()) {
      skip_comparison();
    } else {
      ++at_;
    }
  }
  [[nodiscard]] bool is_comparison() const {
    return text_[at_] == '<' || text_[at_] == '>' || text_.substr(at_).starts_with("==") ||
           text_.substr(at_).starts_with("!=");
  }
  void skip_comparison() {
    at_ += text_.substr(at_, 2).ends_with('=') ? 2 : 1;
    keep_until(at_);
    const std::size_t behind = at_;
    const bool has_bool = begins_word(next()) && take_word() == "bool";
    at_ = behind;
    if (optional_depth_ || has_bool) return;
    found_.unfiltered += at_ < text_.size() && text_[at_] != ' ' ? " bool " : " bool";
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
  int depth_ = 0;                      // of parentheses
  std::optional<int> optional_depth_;  // of the `unless` behind which the text stands
  std::size_t kept_ = 0;               // the text until here is in found_.unfiltered, or left out
};

}  // namespace

Duration promql_duration(std::string_view text) {
  using namespace std::chrono;
  static constexpr std::pair<std::string_view, milliseconds> kUnits[] = {
      {"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}, {"d", 24h}, {"w", 168h}, {"y", 8760h}};
  static constexpr milliseconds kLongest = 876'000h;  // a century
  milliseconds sum{0};
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return Duration{0};
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto unit = std::ranges::find_if(kUnits, [&](const auto& entry) { return text.starts_with(entry.first); });
    if (unit == std::end(kUnits)) return Duration{0};
    if (number > kLongest / unit->second) return kLongest;
    sum += number * unit->second;
    text.remove_prefix(unit->first.size());
  }
  return sum;
}

std::vector<RuleSelector> selectors_of(std::string_view expression) { return Expression{expression}.read().selectors; }

std::string unfiltered(std::string_view expression) {
  const Expression::Read read = Expression{expression}.read();
  return read.has_absent ? std::string{} : read.unfiltered;
}

}  // namespace windtunnel::reports
