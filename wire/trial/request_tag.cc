#include "wire/trial/request_tag.h"

#include <fmt/format.h>

#include <charconv>

namespace windtunnel::wire {
namespace {

constexpr std::string_view kOpen = "[wt ";

std::optional<RequestTag> read(std::string_view inner) {
  RequestTag tag;
  const std::size_t space = inner.rfind(' ');
  if (space != std::string_view::npos) tag.workload = inner.substr(0, space);
  const std::string_view digits = space == std::string_view::npos ? inner : inner.substr(space + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), tag.ordinal);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return tag;
}

}  // namespace

std::optional<RequestTag> tag_in(std::string_view text) {
  for (std::size_t at = text.find(kOpen); at != std::string_view::npos; at = text.find(kOpen, at + 1)) {
    const std::string_view rest = text.substr(at + kOpen.size());
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    if (auto tag = read(rest.substr(0, close))) return tag;
  }
  return std::nullopt;
}

std::string text_of(const RequestTag& tag) {
  return tag.workload.empty() ? fmt::format("{}{}]", kOpen, tag.ordinal)
                              : fmt::format("{}{} {}]", kOpen, tag.workload, tag.ordinal);
}

}  // namespace windtunnel::wire
