#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace windtunnel::inline base::utf8_test {
namespace {

// The first and last sequences of each row of the Unicode standard's table of well-formed UTF-8 (3-7).
TEST(Utf8, recognizes_every_row_of_well_formed_sequences) {
  for (const std::string_view text :
       {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xe0\xbf\xbf", "\xe1\x80\x80", "\xec\xbf\xbf", "\xed\x80\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf0\xbf\xbf\xbf", "\xf1\x80\x80\x80",
        "\xf3\xbf\xbf\xbf", "\xf4\x80\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(utf8_length(text), text.size());
    EXPECT_EQ(utf8_length(std::string(text) + "z"), text.size());
    EXPECT_EQ(characters_in(text), 1U);
  }
  for (const std::string_view text :
       {"", "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\xc2", "\xe0\x9f\xbf", "\xe0\xa0", "\xed\xa0\x80",
        "\xef\xbf\xff", "\xf0\x8f\xbf\xbf", "\xf1\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_EQ(utf8_length(text), 0U);
    EXPECT_EQ(utf8_prefix("ab" + std::string(text)), 2U);
  }
}

TEST(Utf8, a_sequence_has_its_code_point) {
  EXPECT_EQ(code_point_of("A"), 0x41U);
  EXPECT_EQ(code_point_of("é"), 0xe9U);
  EXPECT_EQ(code_point_of("€"), 0x20acU);
  EXPECT_EQ(code_point_of("🟢"), 0x1f7e2U);
  EXPECT_EQ(code_point_of("\xf4\x8f\xbf\xbf"), 0x10ffffU);
}

TEST(Utf8, counts_and_cuts_by_characters) {
  EXPECT_EQ(characters_in("Zoë €🟢"), 6U);
  EXPECT_EQ(first_characters("Zoë €🟢", 3), "Zoë");
  EXPECT_EQ(first_characters("Zoë €🟢", 5), "Zoë €");
  EXPECT_EQ(first_characters("Zoë", 0), "");
  EXPECT_EQ(first_characters("Zoë", 9), "Zoë");
  EXPECT_TRUE(is_utf8("Zoë €🟢"));
  EXPECT_TRUE(is_utf8(""));
  EXPECT_FALSE(is_utf8("Zoë\xc3"));
}

}  // namespace
}  // namespace windtunnel::inline base::utf8_test
