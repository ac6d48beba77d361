#include "scenarios/json/exact_numbers.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <charconv>

#include "base/duration_text.h"
#include "base/exact_decimal.h"

namespace windtunnel::scenarios::exact_numbers_test {
namespace {

using P = NumberProblem;

std::int64_t number(const char* text, int places) {
  const ExactNumber result = exact_number(text, places);
  EXPECT_EQ(result.problem, P::none) << text;
  return result.value;
}
std::int64_t duration_ns(const char* text) {
  const ExactNumber result = exact_duration(text);
  EXPECT_EQ(result.problem, P::none) << text;
  return result.value;
}

TEST(ExactNumber, reads_decimals_without_rounding) {
  EXPECT_EQ(number("0.1", 6), 100'000);
  EXPECT_EQ(number("1e-6", 6), 1);
  EXPECT_EQ(number("1.50e1", 1), 150);
  EXPECT_EQ(number("100000000000000000000e-20", 0), 1);
  EXPECT_EQ(number("-2.5", 1), -25);
  EXPECT_EQ(number("0e999999999999999", 6), 0);
  EXPECT_EQ(number("9223372036854775807", 0), INT64_MAX);
  EXPECT_EQ(number("9223372.036854775807", 12), INT64_MAX);
}

TEST(ExactNumber, names_what_is_wrong) {
  EXPECT_EQ(exact_number("0.0000001", 6).problem, P::too_fine);
  EXPECT_EQ(exact_number("1e-7", 6).problem, P::too_fine);
  EXPECT_EQ(exact_number("1e-99999999999999999999", 6).problem, P::too_fine);
  EXPECT_EQ(exact_number("9223372036854775808", 0).problem, P::too_large);
  EXPECT_EQ(exact_number("1e13", 6).problem, P::too_large);
  EXPECT_EQ(exact_number("1e999999999", 6).problem, P::too_large);
  EXPECT_EQ(exact_number("1e99999999999999999999", 6).problem, P::too_large);
  for (const char* text : {"", "-", ".5", "5.", "1,5", "1e", "x", "1x", "--1", "0x10", " 1"}) {
    EXPECT_EQ(exact_number(text, 6).problem, P::malformed) << text;
  }
}

TEST(ExactDuration, reads_every_unit_and_compounds) {
  EXPECT_EQ(duration_ns("90s"), 90'000'000'000);
  EXPECT_EQ(duration_ns("1.5s"), 1'500'000'000);
  EXPECT_EQ(duration_ns("2m"), 120'000'000'000);
  EXPECT_EQ(duration_ns("1h30m"), 5'400'000'000'000);
  EXPECT_EQ(duration_ns("250ms"), 250'000'000);
  EXPECT_EQ(duration_ns("10us"), 10'000);
  EXPECT_EQ(duration_ns("5ns"), 5);
  EXPECT_EQ(duration_ns("30d"), 2'592'000'000'000'000);
  EXPECT_EQ(duration_ns("0"), 0);
  EXPECT_EQ(duration_ns("-5s"), -5'000'000'000);
  EXPECT_EQ(duration_ns("0.1m"), 6'000'000'000);
  EXPECT_EQ(duration_ns("0.125us"), 125);
  EXPECT_EQ(duration_ns("0.00000000005m"), 3);
}

TEST(ExactDuration, names_what_is_wrong) {
  EXPECT_EQ(exact_duration("30").problem, P::unit_missing);
  EXPECT_EQ(exact_duration("1h30").problem, P::unit_missing);
  EXPECT_EQ(exact_duration("5sec").problem, P::unit_unknown);
  EXPECT_EQ(exact_duration("5 s").problem, P::unit_unknown);
  EXPECT_EQ(exact_duration("5S").problem, P::unit_unknown);
  EXPECT_EQ(exact_duration("0.5ns").problem, P::too_fine);
  EXPECT_EQ(exact_duration("0.000000000001h").problem, P::too_fine);  // 3.6 ns
  EXPECT_EQ(exact_duration("1.0000000001s").problem, P::too_fine);
  EXPECT_EQ(exact_duration("106752d").problem, P::too_large);
  EXPECT_EQ(exact_duration("106751d24h").problem, P::too_large);
  for (const char* text : {"", "s", "-", "1s-1s", ".5s", "--1s", "+1s"}) {
    EXPECT_NE(exact_duration(text).problem, P::none) << text;
  }
}

TEST(NumberText, is_the_shortest) {
  EXPECT_EQ(exact_decimal(250'000, 6), "0.25");
  EXPECT_EQ(exact_decimal(-1, 6), "-0.000001");
  EXPECT_EQ(exact_decimal(5'000'000'000'000'000, 12), "5000");
  EXPECT_EQ(exact_decimal(std::int64_t{0}, 6), "0");
  EXPECT_EQ(exact_decimal(INT64_MIN, 0), "-9223372036854775808");
  EXPECT_EQ(duration_text(Duration{90'000'000'000}), "90s");
  EXPECT_EQ(duration_text(Duration{120'000'000'000}), "2m");
  EXPECT_EQ(duration_text(Duration{-1}), "-1ns");
  EXPECT_EQ(duration_text(Duration{0}), "0s");
}

RC_GTEST_PROP(NumberText, reads_back, (std::int64_t value)) {
  RC_PRE(value != INT64_MIN);
  const int places = *rc::gen::inRange(0, 13);
  const ExactNumber again = exact_number(exact_decimal(value, places), places);
  RC_ASSERT(again.problem == P::none);
  RC_ASSERT(again.value == value);
  const ExactNumber time = exact_duration(duration_text(Duration{value}));
  RC_ASSERT(time.problem == P::none);
  RC_ASSERT(time.value == value);
}

RC_GTEST_PROP(NumberText, of_a_double_reads_back, (double value)) {
  const std::string text = number_text(value);
  double again = 0;
  std::from_chars(text.data(), text.data() + text.size(), again);
  RC_ASSERT(again == value);
}

}  // namespace
}  // namespace windtunnel::scenarios::exact_numbers_test
