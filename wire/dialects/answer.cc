#include "wire/dialects/answer.h"

#include <fmt/format.h>

#include <iterator>

namespace windtunnel::wire {

std::string token_text(std::uint64_t call, std::int64_t place) {
  return place == 0 ? fmt::format("call-{}", call) : fmt::format(" {}", place);
}

std::string answer_text(std::uint64_t call, Tokens tokens) {
  if (tokens.count() <= 0) return {};
  std::string text = token_text(call, 0);
  for (std::int64_t place = 1; place < tokens.count(); ++place) fmt::format_to(std::back_inserter(text), " {}", place);
  return text;
}

std::optional<std::string_view> call_in_id(std::string_view id) {
  constexpr std::string_view kMark = "wt";
  const std::size_t digits = id.find_last_not_of("0123456789") + 1;  // 0 if there are only digits
  if (digits == id.size() || digits < kMark.size() || id.substr(digits - kMark.size(), kMark.size()) != kMark) {
    return std::nullopt;
  }
  return id.substr(digits);
}

}  // namespace windtunnel::wire
