#include "base/exact_decimal.h"

#include <algorithm>

#include "base/check.h"

namespace windtunnel::inline base {
namespace {

__extension__ typedef unsigned __int128 UInt128;

// 10^37: ten times as much still has 128 bits.
constexpr Int128 kLargest = Int128{1'000'000'000'000'000'000} * 1'000'000'000'000'000'000 * 10;

UInt128 magnitude(Int128 value) {
  return value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

std::string digits_of(UInt128 value) {
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

UInt128 power_of_ten(int exponent) {
  check(exponent >= 0 && exponent <= kDecimalsMax, "a decimal has 0 to 18 places");
  UInt128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// "123.4500": the digits with the point before the last `decimals` of them.
std::string with_point(UInt128 value, int decimals, bool negative) {
  std::string digits = digits_of(value);
  const auto places = static_cast<std::size_t>(decimals);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - places, 1, '.');
  return negative ? "-" + digits : digits;
}

}  // namespace

std::string exact_decimal(Int128 value, int decimals) {
  check(decimals >= 0 && decimals <= kDecimalsMax, "a decimal has 0 to 18 places");
  std::string text = with_point(magnitude(value), decimals, value < 0);
  if (decimals == 0) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string rounded_decimal(Int128 value, int decimals, int shown) {
  check(shown <= decimals, "rounding leaves out digits, it adds none");
  const UInt128 unit = power_of_ten(decimals - shown);
  const UInt128 rounded = (magnitude(value) + unit / 2) / unit;
  return with_point(rounded, shown, value < 0 && rounded != 0);
}

std::string with_thousands(Int128 value) {
  std::string text = digits_of(magnitude(value));
  for (std::size_t place = text.size(); place > 3; place -= 3) text.insert(place - 3, 1, ',');
  return value < 0 ? "-" + text : text;
}

Int128 rounded_ratio(Int128 part, Int128 whole, int decimals) {
  check(part >= 0 && whole > 0, "a ratio is of something not negative in something");
  const auto scaled = part * static_cast<Int128>(power_of_ten(decimals));
  return (2 * scaled + whole) / (2 * whole);
}

std::string percent(Int128 part, Int128 whole) {
  if (whole == 0) return "-";
  return rounded_decimal(rounded_ratio(part, whole, 3), 1, 1) + "%";
}

std::optional<WrittenDecimal> take_decimal(std::string_view& text) {
  const auto is_digit = [&](std::size_t place) {
    return place < text.size() && text[place] >= '0' && text[place] <= '9';
  };
  if (!is_digit(0)) return std::nullopt;
  WrittenDecimal number;
  const auto take_digits = [&] {
    std::size_t place = 0;
    for (; is_digit(place); ++place) {
      if (text[place] != '0' || !number.digits.empty()) number.digits += text[place];
    }
    text.remove_prefix(place);
    return static_cast<std::int64_t>(place);
  };
  take_digits();
  if (!text.starts_with('.') || !is_digit(1)) return number;
  text.remove_prefix(1);
  number.power = -take_digits();
  return number;
}

std::optional<WrittenDecimal> read_written_decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::optional<WrittenDecimal> number = take_decimal(text);
  if (!number) return std::nullopt;
  number->negative = negative;
  if (text.starts_with('e') || text.starts_with('E')) {
    constexpr std::int64_t kExponentMax = 1'000'000'000;
    text.remove_prefix(1);
    const bool down = text.starts_with('-');
    if (down || text.starts_with('+')) text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    std::int64_t exponent = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
      exponent = std::min(exponent * 10 + (text.front() - '0'), kExponentMax);
    }
    number->power += down ? -exponent : exponent;
  }
  if (!text.empty()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> parse_decimal(std::string_view text, int decimals) {
  const std::optional<Int128> value = parse_large_decimal(text, decimals);
  if (!value || *value < INT64_MIN || *value > INT64_MAX) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::optional<Int128> parse_large_decimal(std::string_view text, int decimals) {
  const std::string_view magnitude_text = text.substr(text.starts_with('-') ? 1 : 0);
  const bool has_leading_zero =
      magnitude_text.size() > 1 && magnitude_text[0] == '0' && magnitude_text[1] >= '0' && magnitude_text[1] <= '9';
  const std::optional<WrittenDecimal> number = read_written_decimal(text);
  if (!number || has_leading_zero) return std::nullopt;

  const std::string& digits = number->digits;
  const auto size = static_cast<std::int64_t>(digits.size());
  const std::int64_t point = size + number->power + decimals;  // the number of digits that count
  Int128 value = 0;
  for (std::int64_t i = 0; i < point && size > 0; ++i) {
    const char digit = i < size ? digits[static_cast<std::size_t>(i)] : '0';
    value = value * 10 + (digit - '0');
    if (value >= kLargest) return std::nullopt;
  }
  if (point >= 0 && point < size && digits[static_cast<std::size_t>(point)] >= '5') ++value;
  return number->negative ? -value : value;
}

}  // namespace windtunnel::inline base
