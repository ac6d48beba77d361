#include "scenarios/import/source/config_text.h"

#include "base/utf8.h"

namespace windtunnel::scenarios {
namespace {

// The text of a line, which counts from 1.
std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

Place place_at(std::string_view text, std::size_t offset) {
  Place place{1, 1};
  std::size_t line_begin = 0;
  for (std::size_t i = 0; i < offset; ++i) {
    if (text[i] != '\n') continue;
    ++place.line;
    line_begin = i + 1;
  }
  const std::string_view before = text.substr(line_begin, offset - line_begin);
  place.column = static_cast<int>(characters_in(before.substr(0, utf8_prefix(before)))) + 1;
  return place;
}

}  // namespace

bool check_config_text(Diagnostics& diagnostics) {
  const std::string& text = diagnostics.source();
  if (text.size() > kConfigBytesMax) {
    diagnostics.error({}, "", "the file is larger than 16 MB", "a gateway's configuration is text of a few kilobytes");
    return false;
  }
  const std::size_t valid = utf8_prefix(text);
  if (valid < text.size()) {
    diagnostics.error(place_at(text, valid), "", "the text is no UTF-8 from here on", "save the file as UTF-8");
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\t' || byte == '\n' || byte == '\r' || (byte >= 32 && byte != 127)) continue;
    diagnostics.error(place_at(text, i), "", "a control character (byte " + std::to_string(byte) + ") stands here",
                      "delete it; a configuration is plain text");
    return false;
  }
  return true;
}

ConfigText read_json_config(Diagnostics& diagnostics) {
  ConfigText config;
  if (check_config_text(diagnostics)) config.root = parse_json(diagnostics);
  diagnostics.throw_if_errors();
  return config;
}

std::string path_step(std::string_view key) {
  const bool is_plain = !key.empty() && key.find_first_of(". \"") == std::string_view::npos;
  return is_plain ? std::string(key) : '"' + std::string(key) + '"';
}

int column_of(std::string_view text, int line, int byte_column) {
  const std::string_view before = line_of(text, line).substr(0, static_cast<std::size_t>(byte_column - 1));
  return static_cast<int>(characters_in(before.substr(0, utf8_prefix(before)))) + 1;
}

}  // namespace windtunnel::scenarios
