// The tree by itself: finding, making, comparing, printing.

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/json_text.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {
namespace {

void append_flat(std::string& out, const JsonValue& value) {
  switch (value.kind) {
    case JsonKind::null:
      out += "null";
      return;
    case JsonKind::boolean:
      out += value.flag ? "true" : "false";
      return;
    case JsonKind::number:
      out += value.text;
      return;
    case JsonKind::string:
      append_json_string(out, value.text);
      return;
    case JsonKind::array:
      out += '[';
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) out += ", ";
        append_flat(out, value.items[i]);
      }
      out += ']';
      return;
    case JsonKind::object:
      out += '{';
      for (std::size_t i = 0; i < value.members.size(); ++i) {
        if (i > 0) out += ", ";
        append_json_string(out, value.members[i].key);
        out += ": ";
        append_flat(out, value.members[i].value);
      }
      out += '}';
      return;
  }
}

// `column` is where the value starts on its line.
void append_tree(std::string& out, const JsonValue& value, std::size_t indent, std::size_t column, std::size_t width) {
  std::string flat;
  append_flat(flat, value);
  const bool is_container = value.kind == JsonKind::array || value.kind == JsonKind::object;
  const bool is_empty = value.items.empty() && value.members.empty();
  if (!is_container || is_empty || (indent > 0 && column + flat.size() + 1 <= width)) {
    out += flat;
    return;
  }
  const bool is_array = value.kind == JsonKind::array;
  const std::size_t count = is_array ? value.items.size() : value.members.size();
  out += is_array ? "[" : "{";
  for (std::size_t i = 0; i < count; ++i) {
    out += i == 0 ? "\n" : ",\n";
    const std::size_t line = out.size();
    out.append(indent + 2, ' ');
    if (!is_array) {
      append_json_string(out, value.members[i].key);
      out += ": ";
    }
    append_tree(out, is_array ? value.items[i] : value.members[i].value, indent + 2, out.size() - line, width);
  }
  out += '\n';
  out.append(indent, ' ');
  out += is_array ? "]" : "}";
}

// One line for each member of what holds comments; the rest as append_tree() prints it. A comment follows the value and
// the comma behind it.
void append_commented(std::string& out, const JsonValue& value, std::size_t indent) {
  if (!has_comments(value)) {
    append_tree(out, value, indent, indent, 100);
    return;
  }
  const bool is_array = value.kind == JsonKind::array;
  const std::size_t count = is_array ? value.items.size() : value.members.size();
  out += is_array ? "[\n" : "{\n";
  for (std::size_t i = 0; i < count; ++i) {
    out.append(indent + 2, ' ');
    if (!is_array) {
      append_json_string(out, value.members[i].key);
      out += ": ";
    }
    append_commented(out, is_array ? value.items[i] : value.members[i].value, indent + 2);
    if (i + 1 < count) out += ',';
    if (!is_array && !value.members[i].comment.empty()) out += "  // " + value.members[i].comment;
    out += '\n';
  }
  out.append(indent, ' ');
  out += is_array ? ']' : '}';
}

}  // namespace

const JsonMember* JsonValue::find(std::string_view key) const {
  for (const JsonMember& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

JsonValue JsonValue::of_bool(bool flag) {
  JsonValue value;
  value.kind = JsonKind::boolean;
  value.flag = flag;
  return value;
}

JsonValue JsonValue::of_number(std::string text) {
  JsonValue value;
  value.kind = JsonKind::number;
  value.text = std::move(text);
  return value;
}

JsonValue JsonValue::of_string(std::string text) {
  JsonValue value;
  value.kind = JsonKind::string;
  value.text = std::move(text);
  return value;
}

JsonValue JsonValue::array() {
  JsonValue value;
  value.kind = JsonKind::array;
  return value;
}

JsonValue JsonValue::object() {
  JsonValue value;
  value.kind = JsonKind::object;
  return value;
}

JsonValue& JsonValue::add(std::string key, JsonValue value) {
  check(find(key) == nullptr, "a key is written once");
  return members.emplace_back(JsonMember{std::move(key), {}, std::move(value)}).value;
}

bool same_json(const JsonValue& a, const JsonValue& b) {
  const auto same_member = [](const JsonMember& x, const JsonMember& y) {
    return x.key == y.key && same_json(x.value, y.value);
  };
  return a.kind == b.kind && a.flag == b.flag && a.text == b.text &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same_json) &&
         std::equal(a.members.begin(), a.members.end(), b.members.begin(), b.members.end(), same_member);
}

std::string json_text(const JsonValue& value, std::size_t width) {
  std::string out;
  append_tree(out, value, 0, 0, width);
  return out;
}

bool has_comments(const JsonValue& value) {
  return std::ranges::any_of(value.items, has_comments) ||
         std::ranges::any_of(value.members, [](const JsonMember& member) {
           return !member.comment.empty() || has_comments(member.value);
         });
}

std::string json_with_comments(const JsonValue& value) {
  std::string out;
  append_commented(out, value, 0);
  return out;
}

std::string json_line(const JsonValue& value) {
  std::string out;
  append_flat(out, value);
  return out;
}

const char* name_of(JsonKind kind) {
  switch (kind) {
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
      return "a boolean";
    case JsonKind::number:
      return "a number";
    case JsonKind::string:
      return "a string";
    case JsonKind::array:
      return "a list";
    case JsonKind::object:
      return "an object";
  }
  fail_check("a JSON kind has a name", __FILE__, __LINE__);
}

}  // namespace windtunnel::scenarios
