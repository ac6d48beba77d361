#include "wire/http/http_message.h"

#include <algorithm>

namespace windtunnel::wire {
namespace {

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

}  // namespace

std::string_view header_of(const std::vector<HttpHeader>& headers, std::string_view name) {
  const auto found = std::ranges::find_if(
      headers, [&](const HttpHeader& header) { return std::ranges::equal(header.name, name, {}, lower, lower); });
  return found == headers.end() ? std::string_view{} : std::string_view{found->value};
}

}  // namespace windtunnel::wire
