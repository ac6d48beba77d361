#pragma once
// Whole numbers of a small unit as decimals of a larger one, to text and back, in integers only: nanoseconds as
// milliseconds (6 decimals), pico-dollars as dollars (12). No locale, no floating-point number.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/histogram.h"

namespace windtunnel::inline base {

inline constexpr int kMillisecondDecimals = 6;  // of nanoseconds
inline constexpr int kSecondDecimals = 9;       // of nanoseconds
inline constexpr int kDollarDecimals = 12;      // of pico-dollars
inline constexpr int kShareDecimals = 6;        // of millionths
inline constexpr int kDecimalsMax = 18;

// value / 10^decimals, exactly and as short as it can be: (1'234'560'000, 6) is "1234.56", (5, 0) is "5", 0 is "0".
std::string exact_decimal(Int128 value, int decimals);

// value / 10^decimals with `shown` decimals always, shown <= decimals; rounded to the nearest, halves away from zero:
// (4'250'000'000, 12, 4) is "0.0043".
std::string rounded_decimal(Int128 value, int decimals, int shown);

// "1,234,567".
std::string with_thousands(Int128 value);

// part / whole in units of 10^-decimals, rounded half up. Both at least 0, whole above 0.
Int128 rounded_ratio(Int128 part, Int128 whole, int decimals);

// "79.9%" of part in whole, one decimal, rounded half up; "-" if whole is 0, because a share of nothing is undefined.
std::string percent(Int128 part, Int128 whole);

// A decimal as it stands in a text: digits x 10^power.
struct WrittenDecimal {
  std::string digits;  // without leading zeros; empty: zero
  std::int64_t power = 0;
  bool negative = false;
};

// Takes an unsigned decimal without an exponent, such as "1.5", off the front of `text`. Nothing if there is none.
std::optional<WrittenDecimal> take_decimal(std::string_view& text);

// Reads a whole text by the grammar of JSON's numbers, except that zeros may stand in front. Exponents beyond a billion
// are read as a billion, because no quantity reaches either.
std::optional<WrittenDecimal> read_written_decimal(std::string_view text);

// Reads a JSON number in units of 10^-decimals: "1234.56", "2.1e-05". Digits beyond are rounded half away from zero.
// Nothing if it is no number or out of int64.
std::optional<std::int64_t> parse_decimal(std::string_view text, int decimals);
// The same, of at most 37 digits: more than any sum of money has.
std::optional<Int128> parse_large_decimal(std::string_view text, int decimals);

}  // namespace windtunnel::inline base
