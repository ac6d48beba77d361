#include "base/exact_decimal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/record_digits.h"

namespace windtunnel::inline base::exact_decimal_test {
namespace {

TEST(ExactDecimal, is_as_short_as_it_can_be) {
  EXPECT_EQ(exact_decimal(1'234'560'000, 6), "1234.56");
  EXPECT_EQ(exact_decimal(1'234'560'001, 6), "1234.560001");
  EXPECT_EQ(exact_decimal(2'000'000, 6), "2");
  EXPECT_EQ(exact_decimal(100, 0), "100");
  EXPECT_EQ(exact_decimal(1, 12), "0.000000000001");
  EXPECT_EQ(exact_decimal(0, 12), "0");
  EXPECT_EQ(exact_decimal(-1'500, 3), "-1.5");
  EXPECT_EQ(exact_decimal(Int128{INT64_MAX} * 1000, 0), "9223372036854775807000");
}

TEST(ExactDecimal, rounds_halves_away_from_zero) {
  EXPECT_EQ(rounded_decimal(4'249'999'999, 12, 4), "0.0042");
  EXPECT_EQ(rounded_decimal(4'250'000'000, 12, 4), "0.0043");
  EXPECT_EQ(rounded_decimal(999'950'000'000, 12, 4), "1.0000");
  EXPECT_EQ(rounded_decimal(1'499'999, 6, 0), "1");
  EXPECT_EQ(rounded_decimal(1'500'000, 6, 0), "2");
  EXPECT_EQ(rounded_decimal(-1'500'000, 6, 0), "-2");
  EXPECT_EQ(rounded_decimal(-1, 6, 0), "0");
}

TEST(ExactDecimal, separates_thousands) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1'000), "1,000");
  EXPECT_EQ(with_thousands(999'999), "999,999");
  EXPECT_EQ(with_thousands(1'234'567), "1,234,567");
  EXPECT_EQ(with_thousands(-1'750), "-1,750");
}

TEST(ExactDecimal, percent_rounds_half_up_and_is_a_dash_of_nothing) {
  EXPECT_EQ(percent(1, 5), "20.0%");
  EXPECT_EQ(percent(1, 3), "33.3%");
  EXPECT_EQ(percent(2, 3), "66.7%");
  EXPECT_EQ(percent(1, 2000), "0.1%");  // 0.05 %
  EXPECT_EQ(percent(1, 2001), "0.0%");
  EXPECT_EQ(percent(5, 5), "100.0%");
  EXPECT_EQ(percent(0, 5), "0.0%");
  EXPECT_EQ(percent(0, 0), "-");
}

TEST(ExactDecimal, reads_json_numbers_exactly) {
  EXPECT_EQ(parse_decimal("1234.56", 6), 1'234'560'000);
  EXPECT_EQ(parse_decimal("2.1e-05", 12), 21'000'000);
  EXPECT_EQ(parse_decimal("2.1E+2", 0), 210);
  EXPECT_EQ(parse_decimal("1e-400", 12), 0);
  EXPECT_EQ(parse_decimal("0e99999999999", 12), 0);
  EXPECT_EQ(parse_decimal("-0.5", 1), -5);
  EXPECT_EQ(parse_decimal("0.4", 0), 0);
  EXPECT_EQ(parse_decimal("0.5", 0), 1);
  EXPECT_EQ(parse_decimal("0.30000000000000004", 12), 300'000'000'000);
  EXPECT_EQ(parse_decimal("9223372036854775807", 0), INT64_MAX);
  EXPECT_EQ(parse_decimal("9223372036854775808", 0), std::nullopt);
  EXPECT_EQ(parse_decimal("-9223372036854775808", 0), INT64_MIN);
  EXPECT_EQ(parse_decimal("1e30", 0), std::nullopt);
}

TEST(ExactDecimal, reads_large_numbers_up_to_37_digits) {
  EXPECT_EQ(parse_large_decimal("360316000.5", 12), Int128{3'603'160'005} * 100'000'000'000);
  EXPECT_EQ(parse_large_decimal("-9223372036854775809", 0), Int128{INT64_MIN} - 1);
  EXPECT_EQ(parse_large_decimal("3.60316e+08", 12), Int128{360'316'000} * 1'000'000'000'000);
  const std::string most(37, '9');
  ASSERT_TRUE(parse_large_decimal(most, 0));
  EXPECT_EQ(exact_decimal(*parse_large_decimal(most, 0), 0), most);
  EXPECT_EQ(parse_large_decimal("1" + most, 0), std::nullopt);
  EXPECT_EQ(parse_large_decimal("1e1000000000", 0), std::nullopt);
}

TEST(ExactDecimal, reads_nothing_but_json_numbers) {
  for (const char* text :
       {"", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "1 ", " 1", "NaN", "Infinity", "1.2.3"}) {
    EXPECT_EQ(parse_decimal(text, 6), std::nullopt) << text;
  }
}

RC_GTEST_PROP(ExactDecimal, comes_back_as_it_was, (std::int64_t value)) {
  const int decimals = *rc::gen::inRange(0, kDecimalsMax + 1);
  RC_ASSERT(parse_decimal(exact_decimal(value, decimals), decimals) == value);
}

// Numbers of every length, and those with zeros at their end.
std::int64_t some_number() {
  const auto digits = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  std::int64_t value = digits;
  for (int i = *rc::gen::inRange(0, 12); i > 0; --i) value *= 10;
  return value + *rc::gen::element<std::int64_t>(0, 0, 1, 999, 10'000);
}

RC_GTEST_PROP(RecordDigits, are_those_of_exact_decimal, ()) {
  const std::int64_t value = some_number();
  char text[kDecimalLengthMax + 8];
  const auto written = [&](char* end) { return std::string(text, end); };
  RC_ASSERT(written(write_whole(text, static_cast<std::uint64_t>(value))) == exact_decimal(value, 0));
  RC_ASSERT(written(write_milliseconds(text, Duration{value})) == exact_decimal(value, kMillisecondDecimals));
  RC_ASSERT(written(write_dollars(text, Usd::from_picos(value))) == exact_decimal(value, kDollarDecimals));
}

TEST(RecordDigits, are_right_for_every_small_number) {
  char text[kDecimalLengthMax];
  for (std::uint64_t value = 0; value < 20'000; ++value) {
    ASSERT_EQ(std::string(text, write_whole(text, value)), std::to_string(value));
  }
}

}  // namespace
}  // namespace windtunnel::inline base::exact_decimal_test
