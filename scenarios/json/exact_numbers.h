#pragma once
// Numbers and durations as a file writes them, read exactly: nothing passes through a double on the way to an integer.
// The digits of both are read by base/exact_decimal, which prints numbers too; base/duration_text prints durations.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/units.h"

namespace windtunnel::scenarios {

enum class NumberProblem : std::uint8_t {
  none,
  malformed,     // not a number, or not a duration
  unit_missing,  // of a duration: a bare number
  unit_unknown,  // of a duration: "5sec"
  too_fine,      // more decimal places than the quantity has
  too_large,
};

struct ExactNumber {
  std::int64_t value = 0;
  NumberProblem problem = NumberProblem::none;
};

// Without the blanks and tabs at either end. A number has none.
std::string_view trimmed(std::string_view text);

// The number times 10^places, `places` at most 18: with 6 places "0.25" is 250'000. Exponents are understood ("1e-3").
ExactNumber exact_number(std::string_view text, int places);

// Nanoseconds of "90s", "1.5s", "1h30m", "-250ms": each part a decimal number with one of d, h, m, s, ms, us, ns, at
// most one sign, in front. "0" needs no unit.
ExactNumber exact_duration(std::string_view text);

// The shortest text that reads back as the same double, never in exponent form where plain digits are as short.
std::string number_text(double value);

}  // namespace windtunnel::scenarios
