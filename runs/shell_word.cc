#include "runs/shell_word.h"

#include <fmt/format.h>

#include "base/visible_text.h"

namespace windtunnel::runs {
namespace {

// With what steers a terminal as octal bytes, in the quotes that read those back (POSIX.1-2024, 2.2.4).
std::string spelled_out(const std::string& word) {
  std::string result = "$'";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte >= 0x20 && byte < 0x7f) {
      result += c;
    } else {
      result += fmt::format("\\{:03o}", byte);
    }
  }
  return result + "'";
}

}  // namespace

std::string shell_word(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-./=:,+@%") == std::string::npos;
  if (plain) return word;
  if (visible_text(word) != word) return spelled_out(word);
  std::string result = "'";
  for (const char c : word) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

}  // namespace windtunnel::runs
