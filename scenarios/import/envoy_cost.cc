#include "scenarios/import/envoy_cost.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "monitor/limits/limit.h"

namespace windtunnel::scenarios {
namespace {

constexpr std::int64_t kWeightMost = monitor::kLimitWeightMax / 1'000'000;
constexpr const char* kIsOther = "no word for it: a cost by another expression than a sum of input and output tokens";
constexpr const char* kIsSigned = "CEL refuses it: counts of tokens are unsigned, and so must numbers be (6u)";
constexpr const char* kIsOfKinds = "no word for it: a limit of cached, written or reasoning tokens";
constexpr const char* kIsTooMuch = "no scenario holds it: a token weighs at most 100";
constexpr std::array<std::string_view, 3> kKinds{"cached_input_tokens", "cache_creation_input_tokens",
                                                 "reasoning_tokens"};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Calls `each` with what stands between the marks.
template <class Each>
void split(std::string_view text, char mark, const Each& each) {
  for (std::size_t end = text.find(mark); end != std::string_view::npos; end = text.find(mark)) {
    each(trimmed(text.substr(0, end)));
    text.remove_prefix(end + 1);
  }
  each(trimmed(text));
}

// One product of the sum, as what it adds for a token of input and of output.
EnvoyCost product_of(std::string_view text) {
  std::int64_t weight = 1;
  std::optional<std::string_view> counted;
  const char* why_not = nullptr;
  split(text, '*', [&](std::string_view factor) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(factor.data(), factor.data() + factor.size(), number);
    const std::string_view suffix = factor.substr(static_cast<std::size_t>(end - factor.data()));
    if (error == std::errc{} && (suffix == "u" || suffix == "U") && number >= 0) {
      weight = number > kWeightMost || weight > kWeightMost ? kWeightMost + 1 : weight * number;
    } else if (error != std::errc::invalid_argument) {
      why_not = suffix.find_first_not_of(".0123456789") == std::string_view::npos ? kIsSigned : kIsOther;
    } else if (!counted) {
      counted = factor;
    } else {
      why_not = kIsOther;
    }
  });
  if (why_not != nullptr) return {.why_not = why_not};
  if (!counted) return {.why_not = kIsOther};
  if (std::ranges::find(kKinds, *counted) != kKinds.end()) return {.why_not = kIsOfKinds};
  const bool is_total = *counted == "total_tokens";
  if (!is_total && *counted != "input_tokens" && *counted != "output_tokens") return {.why_not = kIsOther};
  return {.input = is_total || *counted == "input_tokens" ? weight : 0,
          .output = is_total || *counted == "output_tokens" ? weight : 0};
}

}  // namespace

EnvoyCost envoy_cost(std::string_view expression) {
  EnvoyCost sum;
  split(expression, '+', [&](std::string_view text) {
    const EnvoyCost product = product_of(text);
    if (sum.why_not == nullptr) sum.why_not = product.why_not;
    sum.input = std::min(sum.input + product.input, kWeightMost + 1);
    sum.output = std::min(sum.output + product.output, kWeightMost + 1);
  });
  if (sum.why_not == nullptr && std::max(sum.input, sum.output) > kWeightMost) sum.why_not = kIsTooMuch;
  if (sum.why_not == nullptr && sum.input + sum.output == 0) sum.why_not = "it counts nothing";
  return sum;
}

}  // namespace windtunnel::scenarios
