#pragma once
// The UTC calendar of wall-clock time: the day and the month that an instant lies in, and timestamps as text.
// It has no time zones and no leap seconds. The range is that of WallTime, 1677-09-21 to 2262-04-11; the windows
// at its two ends are cut off there.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"

namespace windtunnel::inline base {

// One calendar day, [begin, end).
struct CalendarDay {
  WallTime begin{};
  WallTime end{};
  friend constexpr bool operator==(const CalendarDay&, const CalendarDay&) = default;
};

// One calendar month, [begin, end).
struct CalendarMonth {
  WallTime begin{};
  WallTime end{};
  friend constexpr bool operator==(const CalendarMonth&, const CalendarMonth&) = default;
};

CalendarDay day_of(WallTime wall);
CalendarMonth month_of(WallTime wall);
// A day of the clocks of California, which providers count quotas by. Summer time is that of the rules since 2007: from
// the second Sunday of March, 2:00, to the first of November, 2:00. Such a day has 23 or 25 hours.
CalendarDay pacific_day_of(WallTime wall);

// "2024-01-20T10:30:00.123456Z". What is below a microsecond is cut off, towards the past also before 1970.
inline constexpr std::size_t kIso8601Length = 27;
std::string iso8601(WallTime wall);
// The same without an allocation: writes exactly kIso8601Length characters, no terminator, and returns their end.
char* write_iso8601(char* out, WallTime wall);

// Reads "2024-01-20" (its midnight), "2024-01-20T10:30:00Z", or the latter with a fraction of 1 to 9 digits.
// Nothing for any other shape, an impossible date or time (also second 60 and hour 24) or one out of range.
std::optional<WallTime> parse_iso8601(std::string_view text);

}  // namespace windtunnel::inline base
