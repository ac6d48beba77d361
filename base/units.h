#pragma once
// The quantities of the pipeline: time, money, tokens. Each is a type of its own, so that they cannot be mixed up.
//
// Time is a whole number of nanoseconds in int64 (range 292 years). Money is a whole number of pico-dollars in int64
// (range 9.2 million USD, checked); every published price is a whole number of them per token, so no bill is ever
// rounded. What is added up for as long as a program runs has 128 bits, so that no sum of bills overflows. Nothing here
// is a floating-point number.

#include <algorithm>
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>

#include "base/check.h"

namespace windtunnel::inline base {

// Products of two quantities are compared and divided in 128 bits.
__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

// The clock that every decision is made on. It has no now(): time arrives as an argument. Instant{} is the start.
struct MonitorClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonitorClock>;
  static constexpr bool is_steady = true;
};
using Duration = MonitorClock::duration;
using Instant = MonitorClock::time_point;

// The calendar's clock: nanoseconds of UTC since 1970-01-01, without leap seconds. It may jump; Instant never does.
struct CalendarClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<CalendarClock>;
  static constexpr bool is_steady = false;
};
using WallTime = CalendarClock::time_point;

class Usd {
 public:
  constexpr Usd() = default;
  static constexpr Usd from_picos(std::int64_t picos) { return Usd{picos}; }
  static constexpr Usd from_cents(std::int64_t cents) { return Usd{product(cents, 10'000'000'000)}; }
  static constexpr Usd from_dollars(std::int64_t dollars) { return Usd{product(dollars, 1'000'000'000'000)}; }
  static constexpr Usd max() { return Usd{INT64_MAX}; }

  [[nodiscard]] constexpr std::int64_t picos() const { return picos_; }
  // For statistics and printing only, never for a decision.
  [[nodiscard]] constexpr double dollars() const { return static_cast<double>(picos_) / 1e12; }

  constexpr Usd& operator+=(Usd other) {
    check_limit(!__builtin_add_overflow(picos_, other.picos_, &picos_), kLimit);
    return *this;
  }
  constexpr Usd& operator-=(Usd other) {
    check_limit(!__builtin_sub_overflow(picos_, other.picos_, &picos_), kLimit);
    return *this;
  }
  friend constexpr Usd operator+(Usd a, Usd b) { return a += b; }
  friend constexpr Usd operator-(Usd a, Usd b) { return a -= b; }
  friend constexpr Usd operator*(Usd a, std::int64_t factor) { return Usd{product(a.picos_, factor)}; }
  friend constexpr auto operator<=>(Usd, Usd) = default;

 private:
  explicit constexpr Usd(std::int64_t picos) : picos_(picos) {}
  static constexpr std::int64_t product(std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    check_limit(!__builtin_mul_overflow(a, b, &result), kLimit);
    return result;
  }
  static constexpr const char* kLimit = "more than 9.2 million USD are added up, the most that can be counted here";
  friend class UsdSum;

  std::int64_t picos_ = 0;
};

// Money added up over any number of bills.
class UsdSum {
 public:
  constexpr UsdSum() = default;
  constexpr UsdSum(Usd money) : picos_(money.picos()) {}  // NOLINT(google-explicit-constructor): a bill is a sum
  static constexpr UsdSum from_picos(Int128 picos) {
    UsdSum sum;
    sum.picos_ = picos;
    return sum;
  }
  // Above every sum of bills.
  static constexpr UsdSum max() { return from_picos(static_cast<Int128>(~Uint128{0} >> 1)); }

  [[nodiscard]] constexpr Int128 picos() const { return picos_; }
  // For statistics and printing only, never for a decision.
  [[nodiscard]] constexpr double dollars() const { return static_cast<double>(picos_) / 1e12; }
  // As a single amount; one that is larger reaches a limit.
  [[nodiscard]] constexpr Usd narrow() const {
    check_limit(picos_ >= INT64_MIN && picos_ <= INT64_MAX, Usd::kLimit);
    return Usd::from_picos(static_cast<std::int64_t>(picos_));
  }

  constexpr UsdSum& operator+=(UsdSum other) {
    picos_ += other.picos_;
    return *this;
  }
  constexpr UsdSum& operator-=(UsdSum other) {
    picos_ -= other.picos_;
    return *this;
  }
  friend constexpr UsdSum operator+(UsdSum a, UsdSum b) { return a += b; }
  friend constexpr UsdSum operator-(UsdSum a, UsdSum b) { return a -= b; }
  // Written out, because a three-way comparison of 128 bits costs twice the instructions.
  friend constexpr bool operator==(UsdSum a, UsdSum b) { return a.picos_ == b.picos_; }
  friend constexpr bool operator<(UsdSum a, UsdSum b) { return a.picos_ < b.picos_; }
  friend constexpr bool operator<=(UsdSum a, UsdSum b) { return a.picos_ <= b.picos_; }
  friend constexpr bool operator>(UsdSum a, UsdSum b) { return a.picos_ > b.picos_; }
  friend constexpr bool operator>=(UsdSum a, UsdSum b) { return a.picos_ >= b.picos_; }

 private:
  Int128 picos_ = 0;
};

class Tokens {
 public:
  constexpr Tokens() = default;
  explicit constexpr Tokens(std::int64_t count) : count_(count) {}

  [[nodiscard]] constexpr std::int64_t count() const { return count_; }

  constexpr Tokens& operator+=(Tokens other) {
    count_ += other.count_;
    return *this;
  }
  constexpr Tokens& operator-=(Tokens other) {
    count_ -= other.count_;
    return *this;
  }
  friend constexpr Tokens operator+(Tokens a, Tokens b) { return a += b; }
  friend constexpr Tokens operator-(Tokens a, Tokens b) { return a -= b; }
  friend constexpr auto operator<=>(Tokens, Tokens) = default;

 private:
  std::int64_t count_ = 0;
};

// One request never holds more tokens than this (input or output), so that no product of tokens and price overflows.
inline constexpr Tokens kTokensMax{100'000'000};

// The price of one token of one kind.
struct Price {
  Usd per_token;
  friend constexpr auto operator<=>(Price, Price) = default;
};

constexpr Usd cost(Price price, Tokens tokens) { return price.per_token * tokens.count(); }

// Tokens of one call that its provider may price apart: the first two are a part of its input, the last of its output.
struct TokenKinds {
  Tokens cached_input;  // read from the provider's cache of prompts
  Tokens cache_write;   // written into it
  Tokens reasoning;

  [[nodiscard]] constexpr bool any() const {
    return (cached_input.count() | cache_write.count() | reasoning.count()) != 0;
  }
  constexpr TokenKinds& operator+=(const TokenKinds& other) {
    cached_input += other.cached_input;
    cache_write += other.cache_write;
    reasoning += other.reasoning;
    return *this;
  }
  friend constexpr bool operator==(const TokenKinds&, const TokenKinds&) = default;
};

// What one model charges.
struct Tariff {
  Price input;
  Price output;
  std::optional<Price> cached_input = std::nullopt;  // absent: that of input
  std::optional<Price> cache_write = std::nullopt;   // likewise
  std::optional<Price> reasoning = std::nullopt;     // absent: that of output
  friend constexpr bool operator==(const Tariff&, const Tariff&) = default;
};

constexpr Usd cost(const Tariff& tariff, Tokens input, Tokens output) {
  return cost(tariff.input, input) + cost(tariff.output, output);
}

// `kinds` are contained in input and output.
constexpr Usd cost(const Tariff& tariff, Tokens input, Tokens output, const TokenKinds& kinds) {
  if (!kinds.any()) return cost(tariff, input, output);
  return cost(tariff, input - kinds.cached_input - kinds.cache_write, output - kinds.reasoning) +
         cost(tariff.cached_input.value_or(tariff.input), kinds.cached_input) +
         cost(tariff.cache_write.value_or(tariff.input), kinds.cache_write) +
         cost(tariff.reasoning.value_or(tariff.output), kinds.reasoning);
}

// The most that so many tokens cost, of whatever kinds they are.
constexpr Usd cost_most(const Tariff& tariff, Tokens input, Tokens output) {
  const Price in = std::max(
      tariff.input, std::max(tariff.cached_input.value_or(tariff.input), tariff.cache_write.value_or(tariff.input)));
  return cost(in, input) + cost(std::max(tariff.output, tariff.reasoning.value_or(tariff.output)), output);
}

static_assert(cost(Price{Usd::from_picos(150'000)}, Tokens{1'000'000}) == Usd::from_cents(15));  // $0.15 per million
static_assert(cost(Price{Usd::from_picos(37'500)}, Tokens{1}) == Usd::from_picos(37'500));

inline constexpr std::int64_t kMillion = 1'000'000;

// A share in millionths: 0.5 is 500'000. Rates and budget shares are compared by cross multiplication in integers.
struct Millionths {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(Millionths, Millionths) = default;
};

}  // namespace windtunnel::inline base
