#include "scenarios/json/json_document.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/utf8.h"
#include "base/words/json_pointer.h"

namespace windtunnel::scenarios {
namespace {

// Walks the text token by token, in step with the parser's callbacks, because the parser reports no places.
class TokenCursor {
 public:
  explicit TokenCursor(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) offset_ = 3;
  }

  // The place of the next token, past blanks, commas, colons and comments; the cursor moves behind that token.
  Place next() {
    skip_between();
    const Place place{line_, column_, -1};
    begin_ = offset_;
    skip_token();
    return place;
  }
  // The bytes of the token that next() measured.
  [[nodiscard]] std::string_view token() const { return text_.substr(begin_, offset_ - begin_); }

  // Where an error at this byte should point: at the token it is part of, or at the byte itself if that comes first.
  Place place_of_error(std::size_t byte) {
    TokenCursor behind = *this;
    behind.skip_between();
    const std::size_t target = std::min(behind.offset_, byte);
    while (offset_ < std::min(target, text_.size())) step();
    return {line_, column_, -1};
  }
  Place place_of_byte(std::size_t byte) {
    while (offset_ < std::min(byte, text_.size())) step();
    return {line_, column_, -1};
  }

 private:
  [[nodiscard]] char at(std::size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }

  void step() {
    const auto byte = static_cast<unsigned char>(text_[offset_++]);
    if (byte == '\n') {
      ++line_;
      column_ = 1;
      return;
    }
    // A column is a code point: it ends with its last byte.
    if (offset_ >= text_.size() || (static_cast<unsigned char>(text_[offset_]) & 0xC0U) != 0x80U) ++column_;
  }

  void skip_between() {
    while (offset_ < text_.size()) {
      const char c = text_[offset_];
      if (c == '/' && at(offset_ + 1) == '/') {
        while (offset_ < text_.size() && text_[offset_] != '\n') step();
      } else if (c == '/' && at(offset_ + 1) == '*') {
        step();
        step();
        while (offset_ < text_.size() && !(text_[offset_] == '*' && at(offset_ + 1) == '/')) step();
        if (offset_ < text_.size()) step();
        if (offset_ < text_.size()) step();
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == ':') {
        step();
      } else {
        return;
      }
    }
  }

  void skip_token() {
    if (offset_ >= text_.size()) return;
    const char first = text_[offset_];
    step();
    if (first == '"') {
      while (offset_ < text_.size() && text_[offset_] != '"') {
        if (text_[offset_] == '\\') step();
        if (offset_ < text_.size()) step();
      }
      if (offset_ < text_.size()) step();
      return;
    }
    if (std::string_view("{}[]").find(first) != std::string_view::npos) return;
    while (offset_ < text_.size() &&
           std::string_view("{}[],:/\" \t\r\n").find(text_[offset_]) == std::string_view::npos) {
      step();
    }
  }

  std::string_view text_;
  std::size_t offset_ = 0;
  std::size_t begin_ = 0;
  int line_ = 1;
  int column_ = 1;
};

// The parser's own words without its prefix and without the bytes it last read.
std::string syntax_message(std::string_view what) {
  for (const std::string_view mark : {"syntax error while parsing ", "syntax error "}) {
    if (const auto at = what.find(mark); at != std::string_view::npos) {
      what.remove_prefix(at + mark.size());
      break;
    }
  }
  if (const auto at = what.find(" - "); at != std::string_view::npos) what.remove_prefix(at + 3);
  std::string text(what);
  if (const auto last = text.find("; last read: "); last != std::string::npos) {
    const auto expected = text.rfind("; expected ");
    text = text.substr(0, last) + (expected != std::string::npos && expected > last ? text.substr(expected) : "");
  }
  return "this is not JSON: " + text;
}

// Builds the tree. Open containers live on a stack of their own, so that growing a vector never moves a pointer.
class TreeBuilder : public nlohmann::json::json_sax_t {
 public:
  explicit TreeBuilder(Diagnostics& diagnostics) : diagnostics_(diagnostics), cursor_(diagnostics.source()) {}

  JsonValue take() { return std::move(root_); }

  bool null() override { return scalar(JsonKind::null); }
  bool boolean(bool flag) override { return scalar(JsonKind::boolean, {}, flag); }
  bool number_integer(number_integer_t) override { return scalar(JsonKind::number); }
  bool number_unsigned(number_unsigned_t) override { return scalar(JsonKind::number); }
  bool number_float(number_float_t, const string_t&) override { return scalar(JsonKind::number); }
  bool string(string_t& text) override { return scalar(JsonKind::string, std::move(text)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(JsonKind::object); }
  bool start_array(std::size_t) override { return open(JsonKind::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& text) override {
    key_place_ = cursor_.next();
    key_ = std::move(text);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) override {
    const std::string_view what = error.what();
    const Place place = cursor_.place_of_error(position > 0 ? position - 1 : 0);
    if (what.find("out_of_range") != std::string_view::npos) {
      diagnostics_.error(place, pointer(), "the number is too large");
    } else {
      diagnostics_.error(place, pointer(), syntax_message(what));
    }
    return false;
  }

 private:
  struct OpenContainer {
    JsonValue value;
    std::string key;  // under which it will stand in its parent
    Place key_place;
  };

  bool scalar(JsonKind kind, std::string text = {}, bool flag = false) {
    JsonValue value;
    value.kind = kind;
    value.flag = flag;
    value.place = cursor_.next();
    value.text = kind == JsonKind::number ? std::string(cursor_.token()) : std::move(text);
    return count(value.place) && attach(std::move(value), std::move(key_), key_place_);
  }

  bool open(JsonKind kind) {
    OpenContainer container;
    container.value.kind = kind;
    container.value.place = cursor_.next();
    container.key = std::move(key_);
    container.key_place = key_place_;
    if (!count(container.value.place)) return false;
    if (stack_.size() >= kDepthMax) {
      diagnostics_.error(container.value.place, {}, "nested deeper than " + std::to_string(kDepthMax) + " levels");
      return false;
    }
    stack_.push_back(std::move(container));
    return true;
  }

  bool close() {
    cursor_.next();
    if (stack_.back().value.kind == JsonKind::object) drop_duplicates(stack_.back().value);
    OpenContainer container = std::move(stack_.back());
    stack_.pop_back();
    return attach(std::move(container.value), std::move(container.key), container.key_place);
  }

  bool count(Place place) {
    if (++values_ <= kValuesMax) return true;
    diagnostics_.error(place, {}, "more than " + std::to_string(kValuesMax) + " values");
    return false;
  }

  bool attach(JsonValue value, std::string key, Place key_place) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return true;
    }
    JsonValue& parent = stack_.back().value;
    if (parent.kind == JsonKind::array) {
      parent.items.push_back(std::move(value));
    } else {
      parent.members.push_back({std::move(key), key_place, std::move(value)});
    }
    return true;
  }

  // The pointer of the innermost open container.
  [[nodiscard]] std::string pointer() const {
    std::string text;
    for (std::size_t i = 1; i < stack_.size(); ++i) {
      const JsonValue& parent = stack_[i - 1].value;
      text += parent.kind == JsonKind::array ? '/' + std::to_string(parent.items.size()) : pointer_step(stack_[i].key);
    }
    return text;
  }

  void drop_duplicates(JsonValue& object) {
    std::vector<std::size_t> order(object.members.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return object.members[a].key < object.members[b].key; });
    std::vector<bool> doomed(order.size());
    bool any = false;
    std::size_t first = 0;
    for (std::size_t i = 1; i < order.size(); ++i) {
      const JsonMember& again = object.members[order[i]];
      if (again.key != object.members[order[first]].key) {
        first = i;
        continue;
      }
      const Place earlier = object.members[order[first]].place;
      diagnostics_.error(again.place, pointer() + pointer_step(again.key),
                         "the key \"" + excerpt(again.key) + "\" is written twice",
                         "it first stands at " + std::to_string(earlier.line) + ':' + std::to_string(earlier.column));
      doomed[order[i]] = any = true;
    }
    if (!any) return;
    std::vector<JsonMember> kept;
    for (std::size_t i = 0; i < doomed.size(); ++i) {
      if (!doomed[i]) kept.push_back(std::move(object.members[i]));
    }
    object.members = std::move(kept);
  }

  Diagnostics& diagnostics_;
  TokenCursor cursor_;
  JsonValue root_;
  std::vector<OpenContainer> stack_;
  std::string key_;
  Place key_place_;
  std::size_t values_ = 0;
};

}  // namespace

JsonValue parse_json(Diagnostics& diagnostics) {
  const std::string& text = diagnostics.source();
  if (text.size() > kTextBytesMax) {
    diagnostics.error({}, {}, "longer than 16 MiB");
    return {};
  }
  if (const std::size_t good = utf8_prefix(text); good < text.size()) {
    diagnostics.error(TokenCursor(text).place_of_byte(good), {}, "not UTF-8 from here on");
    return {};
  }
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    diagnostics.error({}, {}, "empty", "the smallest scenario is {}");
    return {};
  }
  TreeBuilder builder(diagnostics);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder, nlohmann::json::input_format_t::json,
                            /*strict=*/true, /*ignore_comments=*/true);
  return builder.take();
}

}  // namespace windtunnel::scenarios
