#include "base/words/json_pointer.h"

namespace windtunnel::inline base {

std::string pointer_step(std::string_view key) {
  std::string text = "/";
  for (const char c : key) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace windtunnel::inline base
