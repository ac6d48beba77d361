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

}  // namespace windtunnel::wire
