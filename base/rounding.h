#pragma once
// From the real numbers that laws give to the whole numbers that the simulator works with.

#include <algorithm>
#include <cstdint>

#include "base/units.h"

namespace windtunnel::inline base {

// The nearest whole nanosecond of a time that cannot be negative. A law's far tail is cut at a hundred years: no run is
// longer, and nothing overflows.
inline Duration whole_nanoseconds(double nanoseconds) {
  // Beyond 2^52 the sum is whole, and the error just below 0.5 is one nanosecond.
  // NOLINTNEXTLINE(bugprone-incorrect-roundings)
  return Duration{static_cast<std::int64_t>(std::clamp(nanoseconds, 0.0, 3.1536e18) + 0.5)};
}

// Characters of text a token, for the lengths that telemetry reports.
inline constexpr std::int64_t kCharactersPerToken = 4;

}  // namespace windtunnel::inline base
