#include "base/calendar.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <ctime>
#include <string>

namespace windtunnel::inline base::calendar_test {
namespace {

using namespace std::chrono_literals;

WallTime at(const char* text) {
  const auto wall = parse_iso8601(text);
  EXPECT_TRUE(wall) << text;
  return wall.value_or(WallTime{});
}

// The C library's calendar, which shares no code with ours.
std::tm utc_of(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm fields{};
  gmtime_r(&time, &fields);
  return fields;
}

WallTime utc_time(int years_since_1900, int months, int day) {
  std::tm fields{};
  fields.tm_year = years_since_1900;
  fields.tm_mon = months;
  fields.tm_mday = day;
  return WallTime{std::chrono::seconds{timegm(&fields)}};
}

TEST(Calendar, a_day_of_california_ends_at_its_midnight) {
  const auto day_at = [](const char* text) { return pacific_day_of(at(text)); };
  EXPECT_EQ(day_at("2026-01-20T10:00:00Z"), (CalendarDay{at("2026-01-20T08:00:00Z"), at("2026-01-21T08:00:00Z")}));
  EXPECT_EQ(day_at("2026-01-20T07:59:59Z"), (CalendarDay{at("2026-01-19T08:00:00Z"), at("2026-01-20T08:00:00Z")}));
  EXPECT_EQ(day_at("2026-07-04T07:00:00Z"), (CalendarDay{at("2026-07-04T07:00:00Z"), at("2026-07-05T07:00:00Z")}));
  EXPECT_EQ(day_at("2026-03-08T12:00:00Z"), (CalendarDay{at("2026-03-08T08:00:00Z"), at("2026-03-09T07:00:00Z")}))
      << "23 hours";
  EXPECT_EQ(day_at("2026-11-01T12:00:00Z"), (CalendarDay{at("2026-11-01T07:00:00Z"), at("2026-11-02T08:00:00Z")}))
      << "25 hours";
  EXPECT_EQ(day_at("2026-11-02T07:30:00Z").begin, at("2026-11-01T07:00:00Z"));
}

TEST(Calendar, days_of_california_follow_each_other_without_a_gap) {
  WallTime next = at("2024-01-01T08:00:00Z");
  for (int i = 0; i < 3 * 366; ++i) {
    const CalendarDay day = pacific_day_of(next);
    EXPECT_EQ(day.begin, next);
    EXPECT_EQ(pacific_day_of(day.end - 1ns), day);
    next = day.end;
  }
  EXPECT_EQ(next, at("2027-01-03T08:00:00Z"));
}

TEST(Calendar, a_day_lasts_from_midnight_to_the_nanosecond_before_the_next) {
  const CalendarDay day{at("2024-01-20"), at("2024-01-21")};
  EXPECT_EQ(day_of(day.begin), day);
  EXPECT_EQ(day_of(day.end - 1ns), day);
  EXPECT_EQ(day_of(day.begin - 1ns).end, day.begin);
  EXPECT_EQ(day_of(day.end).begin, day.end);
  EXPECT_EQ(day.end - day.begin, 24h);
}

TEST(Calendar, months_have_their_own_lengths) {
  const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  WallTime begin = at("2023-01-01");
  for (const int length : days) {
    const CalendarMonth month = month_of(begin);
    EXPECT_EQ(month.begin, begin);
    EXPECT_EQ(month.end - month.begin, length * 24h);
    EXPECT_EQ(month_of(month.end - 1ns), month);
    EXPECT_EQ(month_of(month.begin - 1ns).end, month.begin);
    begin = month.end;
  }
  EXPECT_EQ(begin, at("2024-01-01"));
}

TEST(Calendar, february_follows_the_gregorian_leap_years) {
  EXPECT_EQ(month_of(at("2024-02-29")).end, at("2024-03-01"));
  EXPECT_EQ(month_of(at("2024-02-10")).end - month_of(at("2024-02-10")).begin, 29 * 24h);
  EXPECT_EQ(month_of(at("2025-02-10")).end - month_of(at("2025-02-10")).begin, 28 * 24h);
  EXPECT_EQ(month_of(at("2000-02-10")).end - month_of(at("2000-02-10")).begin, 29 * 24h);
  EXPECT_EQ(month_of(at("2100-02-10")).end - month_of(at("2100-02-10")).begin, 28 * 24h);
}

TEST(Calendar, time_before_1970_is_rounded_to_the_past) {
  EXPECT_EQ(day_of(WallTime{-1ns}), (CalendarDay{at("1969-12-31"), at("1970-01-01")}));
  EXPECT_EQ(month_of(WallTime{-1ns}), (CalendarMonth{at("1969-12-01"), WallTime{}}));
  EXPECT_EQ(iso8601(WallTime{-1ns}), "1969-12-31T23:59:59.999999Z");
}

TEST(Calendar, windows_are_cut_off_at_the_ends_of_the_range) {
  EXPECT_EQ(day_of(WallTime::min()).begin, WallTime::min());
  EXPECT_EQ(day_of(WallTime::min()).end, at("1677-09-22"));
  EXPECT_EQ(month_of(WallTime::min()).begin, WallTime::min());
  EXPECT_EQ(month_of(WallTime::max()), (CalendarMonth{at("2262-04-01"), WallTime::max()}));
  EXPECT_EQ(iso8601(WallTime::min()), "1677-09-21T00:12:43.145224Z");
  EXPECT_EQ(iso8601(WallTime::max()), "2262-04-11T23:47:16.854775Z");
}

TEST(Calendar, timestamps_have_27_characters_and_cut_off_nanoseconds) {
  EXPECT_EQ(iso8601(at("2024-01-20T10:30:00Z") + 123'456'999ns), "2024-01-20T10:30:00.123456Z");
  EXPECT_EQ(iso8601(WallTime{}), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(iso8601(WallTime{10ms}), "1970-01-01T00:00:00.010000Z");
  EXPECT_EQ(iso8601(WallTime{100us}), "1970-01-01T00:00:00.000100Z");
  char text[kIso8601Length + 1] = {};
  text[kIso8601Length] = '!';
  EXPECT_EQ(write_iso8601(text, at("2024-12-31T23:59:59.999999999Z")), text + kIso8601Length);
  EXPECT_EQ(std::string(text, kIso8601Length + 1), "2024-12-31T23:59:59.999999Z!");
}

TEST(Calendar, reads_dates_and_times_with_any_fraction) {
  EXPECT_EQ(at("1970-01-02"), WallTime{24h});
  EXPECT_EQ(at("1970-01-01T01:02:03Z"), WallTime{1h + 2min + 3s});
  EXPECT_EQ(at("1970-01-01T00:00:00.5Z"), WallTime{500ms});
  EXPECT_EQ(at("1970-01-01T00:00:00.000000001Z"), WallTime{1ns});
  EXPECT_EQ(at("1969-12-31T23:59:59.999999999Z"), WallTime{-1ns});
  EXPECT_EQ(at("1677-09-21T00:12:43.145224192Z"), WallTime::min());
  EXPECT_EQ(at("2262-04-11T23:47:16.854775807Z"), WallTime::max());
}

TEST(Calendar, refuses_impossible_dates_and_other_shapes) {
  for (const char* text : {"",
                           "2024-01-0:",
                           "2024-01-1/",
                           "2024-01-20T0::00:00Z",
                           "2024",
                           "2024-01",
                           "2024-1-20",
                           "2024-02-30",
                           "2023-02-29",
                           "2100-02-29",
                           "2024-04-31",
                           "2024-13-01",
                           "2024-00-10",
                           "2024-01-00",
                           "2024-01-32",
                           "24-01-20",
                           "02024-01-20",
                           "+024-01-20",
                           "-024-01-20",
                           " 2024-01-20",
                           "2024-01-20 ",
                           "2024/01/20",
                           "2024-01-20T10:30:00",
                           "2024-01-20 10:30:00Z",
                           "2024-01-20T10:30Z",
                           "2024-01-20T24:00:00Z",
                           "2024-01-20T10:60:00Z",
                           "2024-01-20T10:30:60Z",
                           "2024-01-20T10:30:00.Z",
                           "2024-01-20T10:30:00.1234567890Z",
                           "2024-01-20T10:30:00+00:00",
                           "2024-01-20T10:30:00Zx",
                           "2024-01-20t10:30:00z",
                           "2024-01-20T",
                           "1677-09-21T00:12:43.145224191Z",
                           "2262-04-11T23:47:16.854775808Z",
                           "9999-01-01",
                           "1677-09-21"}) {
    EXPECT_FALSE(parse_iso8601(text)) << text;
  }
}

RC_GTEST_PROP(Calendar, agrees_with_the_c_library, ()) {
  const auto seconds = *rc::gen::inRange<std::int64_t>(-9'220'000'000, 9'220'000'000);
  const auto below = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000);
  const WallTime wall{std::chrono::seconds{seconds} + Duration{below}};
  const std::tm utc = utc_of(seconds);
  RC_ASSERT(day_of(wall).begin == utc_time(utc.tm_year, utc.tm_mon, utc.tm_mday));
  RC_ASSERT(day_of(wall).end == utc_time(utc.tm_year, utc.tm_mon, utc.tm_mday + 1));
  RC_ASSERT(month_of(wall).begin == utc_time(utc.tm_year, utc.tm_mon, 1));
  RC_ASSERT(month_of(wall).end == utc_time(utc.tm_year, utc.tm_mon + 1, 1));

  char expected[64];
  const std::size_t length = std::strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S", &utc);
  RC_ASSERT(iso8601(wall).substr(0, 19) == std::string(expected, length));
  RC_ASSERT(parse_iso8601(iso8601(wall)) == std::chrono::floor<std::chrono::microseconds>(wall));
}

}  // namespace
}  // namespace windtunnel::inline base::calendar_test
