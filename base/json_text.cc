#include "base/json_text.h"

#include "base/utf8.h"
#include "base/visible_text.h"

namespace windtunnel::inline base {
namespace {

void append_unit(std::string& out, std::uint32_t unit) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(unit >> shift) & 15];
}

void append_escaped(std::string& out, char symbol) {
  switch (symbol) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto code = static_cast<unsigned char>(symbol);
  if (code >= 0x20 && code != 0x7f) {
    out += symbol;
    return;
  }
  append_unit(out, code);
}

// Beyond 16 bits as two surrogates.
void append_code_point(std::string& out, std::uint32_t code) {
  if (code <= 0xffff) return append_unit(out, code);
  append_unit(out, 0xd800 + ((code - 0x10000) >> 10));
  append_unit(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += kReplacementCharacter;
      text.remove_prefix(1);
      continue;
    }
    const std::uint32_t code = length == 1 ? 0 : code_point_of(text.substr(0, length));
    if (length == 1) {
      append_escaped(out, text.front());
    } else if (is_control(code) || is_invisible(code)) {
      append_code_point(out, code);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace windtunnel::inline base
