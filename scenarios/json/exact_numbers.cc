#include "scenarios/json/exact_numbers.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

#include "base/check.h"
#include "base/exact_decimal.h"

namespace windtunnel::scenarios {
namespace {

__extension__ typedef __int128 Wide;

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
// The largest first, and "ms" before "m" so that a prefix match finds the longer name.
constexpr std::array<Unit, 7> kUnits{{{"d", 86'400'000'000'000},
                                      {"h", 3'600'000'000'000},
                                      {"ms", 1'000'000},
                                      {"m", 60'000'000'000},
                                      {"s", 1'000'000'000},
                                      {"us", 1'000},
                                      {"ns", 1}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::int64_t ns_of(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return unit.ns;
  }
  return 0;
}

// The number x 10^places x factor as a whole number.
ExactNumber whole(const WrittenDecimal& number, int places, std::int64_t factor) {
  std::string digits = number.digits;
  std::int64_t shift = number.power + places;
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++shift;
  }
  if (digits.empty()) return {};
  if (static_cast<std::int64_t>(digits.size()) + shift > 19) return {0, NumberProblem::too_large};
  if (digits.size() > 37) return {0, NumberProblem::too_fine};  // factor has at most 14 digits and few of them even
  Wide value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  for (; shift > 0; --shift) value *= 10;
  // The factor may hold the tens that the places take away: 1.5 m is 15 x 60e9 / 10. Behind its tens no unit has a 5.
  for (; shift < 0; ++shift) {
    if (factor % 10 == 0) {
      factor /= 10;
    } else if (value % 10 == 0) {
      value /= 10;
    } else if (factor % 2 == 0 && value % 5 == 0) {
      factor /= 2;
      value /= 5;
    } else {
      return {0, NumberProblem::too_fine};
    }
  }
  if (value > INT64_MAX || value * factor > INT64_MAX) return {0, NumberProblem::too_large};
  const auto result = static_cast<std::int64_t>(value * factor);
  return {number.negative ? -result : result, NumberProblem::none};
}

std::string_view unit_at(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && !is_digit(text[length]) && text[length] != '.' && text[length] != '-') ++length;
  return text.substr(0, length);
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

ExactNumber exact_number(std::string_view text, int places) {
  const std::optional<WrittenDecimal> number = read_written_decimal(text);
  return number ? whole(*number, places, 1) : ExactNumber{0, NumberProblem::malformed};
}

ExactNumber exact_duration(std::string_view text) {
  bool negative = false;
  if (text.starts_with('-')) {
    negative = true;
    text.remove_prefix(1);
  }
  Wide sum = 0;
  bool first = true;
  while (first || !text.empty()) {
    const std::optional<WrittenDecimal> number = take_decimal(text);
    if (!number) return {0, NumberProblem::malformed};
    const std::string_view unit = unit_at(text);
    if (unit.empty()) {
      const bool is_zero = first && number->digits.empty() && text.empty();
      return {0, is_zero ? NumberProblem::none : NumberProblem::unit_missing};
    }
    const std::int64_t ns = ns_of(unit);
    if (ns == 0) return {0, NumberProblem::unit_unknown};
    const ExactNumber part = whole(*number, 0, ns);
    if (part.problem != NumberProblem::none) return part;
    sum += part.value;
    if (sum > INT64_MAX) return {0, NumberProblem::too_large};
    text.remove_prefix(unit.size());
    first = false;
  }
  return {static_cast<std::int64_t>(negative ? -sum : sum), NumberProblem::none};
}

std::string number_text(double value) {
  std::array<char, 64> buffer{};
  const auto [end, problem] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  check(problem == std::errc{}, "a number fits into its text");
  std::string text(buffer.data(), end);
  if (text.find("inf") != std::string::npos || text.find("nan") != std::string::npos) return "null";
  return text;
}

}  // namespace windtunnel::scenarios
