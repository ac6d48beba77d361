#include "runs/quoted_output.h"

#include <algorithm>

#include "base/visible_text.h"

namespace windtunnel::runs {

std::string quoted_output(std::string_view output) {
  std::string text;
  for (std::size_t first = 0; first < output.size();) {
    const std::size_t end = std::min(output.find('\n', first), output.size());
    text += (text.empty() ? "  | " : "\n  | ") + visible_text(output.substr(first, end - first));
    first = end + 1;
  }
  return text;
}

}  // namespace windtunnel::runs
