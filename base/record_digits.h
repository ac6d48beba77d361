#pragma once
// Digits for the record writer: the same texts as exact_decimal() makes, without an allocation. Each function writes
// from `out` on and returns the end; nothing is negative here.

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "base/units.h"

namespace windtunnel::inline base {

// No decimal that is written here is longer.
inline constexpr std::size_t kDecimalLengthMax = 24;

inline constexpr auto kDigitPairs = [] {
  std::array<char, 201> pairs{};  // one byte more: it is read from odd places too
  for (std::size_t number = 0; number < 100; ++number) {
    pairs[2 * number] = static_cast<char>('0' + number / 10);
    pairs[2 * number + 1] = static_cast<char>('0' + number % 10);
  }
  return pairs;
}();

// Most numbers of a record have at most four digits.
inline char* write_whole(char* out, std::uint64_t value) {
  if (value >= 10'000) [[unlikely]]
    return std::to_chars(out, out + 20, value).ptr;
  const auto small = static_cast<std::uint32_t>(value);
  if (small >= 100) {
    const std::uint32_t high = small / 100;
    const std::size_t skipped = high < 10 ? 1 : 0;  // the leading zero
    std::memcpy(out, &kDigitPairs[2 * high + skipped], 2);
    std::memcpy(out + 2 - skipped, &kDigitPairs[2 * (small - 100 * high)], 2);
    return out + 4 - skipped;
  }
  const std::size_t skipped = small < 10 ? 1 : 0;
  std::memcpy(out, &kDigitPairs[2 * small + skipped], 2);
  return out + 2 - skipped;
}

// Always six digits; value < 1'000'000.
inline char* write_six_digits(char* out, std::uint32_t value) {
  std::memcpy(out, &kDigitPairs[2 * (value / 10'000)], 2);
  std::memcpy(out + 2, &kDigitPairs[2 * (value / 100 % 100)], 2);
  std::memcpy(out + 4, &kDigitPairs[2 * (value % 100)], 2);
  return out + 6;
}

inline char* trim_zeros(char* end) {
  while (end[-1] == '0') --end;
  return end;
}

inline char* write_milliseconds(char* out, Duration duration) {
  check(duration.count() >= 0, "a latency is not negative");
  const auto ns = static_cast<std::uint64_t>(duration.count());
  out = write_whole(out, ns / 1'000'000);
  const auto fraction = static_cast<std::uint32_t>(ns % 1'000'000);
  if (fraction == 0) return out;
  *out = '.';
  return trim_zeros(write_six_digits(out + 1, fraction));
}

inline char* write_dollars(char* out, Usd money) {
  check(money.picos() >= 0, "a cost is not negative");
  const auto picos = static_cast<std::uint64_t>(money.picos());
  const std::uint64_t micros = picos / 1'000'000;
  const auto low = static_cast<std::uint32_t>(picos % 1'000'000);
  const auto high = static_cast<std::uint32_t>(micros % 1'000'000);
  out = write_whole(out, micros / 1'000'000);
  if ((low | high) == 0) return out;
  *out = '.';
  out = write_six_digits(out + 1, high);
  if (low != 0) out = write_six_digits(out, low);
  return trim_zeros(out);
}

}  // namespace windtunnel::inline base
