#include "base/visible_text.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace windtunnel::inline base {
namespace {

constexpr std::string_view kCommandBegin = "::";
constexpr std::string_view kCommandAnywhere = "##[";

std::string hex(std::uint32_t code, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = digits; i > 0; code >>= 4) text[--i] = "0123456789abcdef"[code & 15];
  return text;
}

std::string upper_hex(std::uint32_t code) {
  std::string text = hex(code, code > 0xffff ? 6 : 4);
  for (char& digit : text) {
    if (digit >= 'a') digit = static_cast<char>(digit - 'a' + 'A');
  }
  return text;
}

bool begins_a_command(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first != std::string_view::npos && text.substr(first).starts_with(kCommandBegin);
}

std::string spelled(std::uint32_t code) {
  switch (code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      if (code > 0xffff) return "\\U" + hex(code, 8);
      return code < 0x80 ? "\\x" + hex(code, 2) : "\\u" + hex(code, 4);
  }
}

std::string spelled_out(std::string_view text) {
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    if (length == 0) {
      out += "\\x" + hex(static_cast<unsigned char>(rest.front()), 2);
      rest.remove_prefix(1);
      continue;
    }
    const std::uint32_t code = code_point_of(rest.substr(0, length));
    if (is_control(code) || is_invisible(code)) {
      out += spelled(code);
    } else if (rest.starts_with(kCommandAnywhere)) {
      out += "#\\";
    } else {
      out += rest.substr(0, length);
    }
    rest.remove_prefix(length);
  }
  return out;
}

}  // namespace

bool is_control(std::uint32_t code) {
  const bool separates = code == 0x2028 || code == 0x2029;
  const bool turns = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || separates || turns;
}

bool is_invisible(std::uint32_t code) {
  // What Unicode names Default_Ignorable_Code_Point, without what is_control() and variation selectors are; and the
  // marks of annotations.
  constexpr std::pair<std::uint32_t, std::uint32_t> kRanges[] = {
      {0xad, 0xad},     {0x34f, 0x34f},     {0x61c, 0x61c},     {0x115f, 0x1160},  {0x17b4, 0x17b5}, {0x180b, 0x180f},
      {0x200b, 0x200f}, {0x2060, 0x2065},   {0x206a, 0x206f},   {0x3164, 0x3164},  {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
      {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};
  return code >= 0xad &&
         std::ranges::any_of(kRanges, [&](const auto& range) { return code >= range.first && code <= range.second; });
}

std::optional<std::string> problem_with_name(std::string_view name) {
  for (std::string_view rest = name; !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    if (length == 0) return "is not UTF-8";
    const std::uint32_t code = code_point_of(rest.substr(0, length));
    if (is_control(code)) return "holds the control character U+" + upper_hex(code);
    if (is_invisible(code)) return "holds the invisible character U+" + upper_hex(code);
    rest.remove_prefix(length);
  }
  if (begins_a_command(name)) return "begins with \"::\", as a command to GitHub Actions does";
  if (name.find(kCommandAnywhere) != std::string_view::npos)
    return "holds two hashes and a bracket, as a command to a CI job does";
  return std::nullopt;
}

std::string visible_text(std::string_view text) { return (begins_a_command(text) ? "\\" : "") + spelled_out(text); }

std::string visible_lines(std::string_view text) {
  std::string out;
  for (std::size_t line = 0; line < text.size();) {
    const std::size_t line_end = std::min(text.find('\n', line), text.size());
    if (begins_a_command(text.substr(line, line_end - line))) out += '\\';
    for (std::size_t at = line; at < line_end;) {
      const std::size_t tab = std::min(text.find('\t', at), line_end);
      out += spelled_out(text.substr(at, tab - at));
      if (tab < line_end) out += '\t';
      at = tab + 1;
    }
    if (line_end < text.size()) out += '\n';
    line = line_end + 1;
  }
  return out;
}

}  // namespace windtunnel::inline base
