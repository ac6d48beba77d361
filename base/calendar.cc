#include "base/calendar.h"

#include <chrono>

namespace windtunnel::inline base {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

days days_since_epoch(WallTime wall) { return std::chrono::floor<days>(wall.time_since_epoch()); }

// The midnight that begins a day, or the end of the range on that side.
WallTime midnight_of(days day) {
  constexpr std::int64_t kNsPerDay = 86'400'000'000'000;
  std::int64_t ns = 0;
  if (!__builtin_mul_overflow(std::int64_t{day.count()}, kNsPerDay, &ns)) return WallTime{Duration{ns}};
  return day < days{0} ? WallTime::min() : WallTime::max();
}

char* write_pair(char* out, unsigned number) {
  out[0] = static_cast<char>('0' + number / 10);
  out[1] = static_cast<char>('0' + number % 10);
  return out + 2;
}

// A cursor over a timestamp; once something does not match, `good` stays false.
struct TimestampReader {
  std::string_view rest;
  bool good = true;

  void expect(char wanted) {
    good = good && !rest.empty() && rest.front() == wanted;
    if (good) rest.remove_prefix(1);
  }
  bool digit_next() const { return good && !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; }
  unsigned digit() {
    good = digit_next();
    if (!good) return 0;
    const auto value = static_cast<unsigned>(rest.front() - '0');
    rest.remove_prefix(1);
    return value;
  }
  unsigned number(int width) {
    unsigned value = 0;
    for (int i = 0; i < width; ++i) value = value * 10 + digit();
    return value;
  }
};

// "T10:30:00.5Z": the time since midnight.
std::int64_t read_time(TimestampReader& reader) {
  reader.expect('T');
  const unsigned hour = reader.number(2);
  reader.expect(':');
  const unsigned minute = reader.number(2);
  reader.expect(':');
  const unsigned second = reader.number(2);
  std::int64_t fraction_ns = 0;
  if (reader.good && !reader.rest.empty() && reader.rest.front() == '.') {
    reader.expect('.');
    fraction_ns = reader.digit();
    int digits = 1;
    for (; digits < 9 && reader.digit_next(); ++digits) fraction_ns = fraction_ns * 10 + reader.digit();
    for (; digits < 9; ++digits) fraction_ns *= 10;
  }
  reader.expect('Z');
  if (hour > 23 || minute > 59 || second > 59) reader.good = false;
  return ((hour * 60 + minute) * 60 + second) * std::int64_t{1'000'000'000} + fraction_ns;
}

}  // namespace

CalendarDay day_of(WallTime wall) {
  const days day = days_since_epoch(wall);
  return {midnight_of(day), midnight_of(day + days{1})};
}

CalendarMonth month_of(WallTime wall) {
  const year_month_day date{sys_days{days_since_epoch(wall)}};
  const auto month = date.year() / date.month();
  const auto first = [](auto year_month) { return sys_days{year_month / 1}.time_since_epoch(); };
  return {midnight_of(first(month)), midnight_of(first(month + std::chrono::months{1}))};
}

namespace {

// The clocks' distance from UTC, which is west of it.
Duration pacific_offset(WallTime wall) {
  using std::chrono::Sunday;
  const auto year = year_month_day{sys_days{days_since_epoch(wall)}}.year();
  const WallTime summer = midnight_of(sys_days{year / std::chrono::March / Sunday[2]}.time_since_epoch());
  const WallTime winter = midnight_of(sys_days{year / std::chrono::November / Sunday[1]}.time_since_epoch());
  // 2:00 of standard time and of summer time.
  const bool is_summer = wall >= summer + std::chrono::hours{10} && wall < winter + std::chrono::hours{9};
  return std::chrono::hours{is_summer ? 7 : 8};
}

}  // namespace

CalendarDay pacific_day_of(WallTime wall) {
  const days day = days_since_epoch(wall - pacific_offset(wall));
  // Each midnight has the offset of its own instant: no change comes within an hour of it.
  const auto midnight = [](WallTime there) { return there + pacific_offset(there + std::chrono::hours{8}); };
  return {midnight(midnight_of(day)), midnight(midnight_of(day + days{1}))};
}

char* write_iso8601(char* out, WallTime wall) {
  const days day = days_since_epoch(wall);
  const year_month_day date{sys_days{day}};
  // From the day's start, which lies before the range on its first day: unsigned arithmetic wraps around exactly.
  const auto ns = static_cast<std::uint64_t>(wall.time_since_epoch().count()) -
                  static_cast<std::uint64_t>(std::int64_t{day.count()}) * 86'400'000'000'000U;
  const auto micros = static_cast<unsigned>(ns / 1'000 % 1'000'000);
  const auto seconds = static_cast<unsigned>(ns / 1'000'000'000);
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  out = write_pair(write_pair(out, year / 100), year % 100);
  *out++ = '-';
  out = write_pair(out, static_cast<unsigned>(date.month()));
  *out++ = '-';
  out = write_pair(out, static_cast<unsigned>(date.day()));
  *out++ = 'T';
  out = write_pair(out, seconds / 3600);
  *out++ = ':';
  out = write_pair(out, seconds / 60 % 60);
  *out++ = ':';
  out = write_pair(out, seconds % 60);
  *out++ = '.';
  out = write_pair(write_pair(write_pair(out, micros / 10'000), micros / 100 % 100), micros % 100);
  *out++ = 'Z';
  return out;
}

std::string iso8601(WallTime wall) {
  std::string text(kIso8601Length, '\0');
  write_iso8601(text.data(), wall);
  return text;
}

std::optional<WallTime> parse_iso8601(std::string_view text) {
  TimestampReader reader{text};
  const unsigned year = reader.number(4);
  reader.expect('-');
  const unsigned month = reader.number(2);
  reader.expect('-');
  const unsigned day = reader.number(2);
  const std::int64_t time_ns = reader.good && !reader.rest.empty() ? read_time(reader) : 0;
  const year_month_day date{std::chrono::year{static_cast<int>(year)}, std::chrono::month{month},
                            std::chrono::day{day}};
  if (!reader.good || !reader.rest.empty() || !date.ok()) return std::nullopt;

  const Int128 ns = Int128{sys_days{date}.time_since_epoch().count()} * 86'400'000'000'000 + time_ns;
  if (ns < INT64_MIN || ns > INT64_MAX) return std::nullopt;
  return WallTime{Duration{static_cast<std::int64_t>(ns)}};
}

}  // namespace windtunnel::inline base
