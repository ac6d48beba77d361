#include "base/visible_text.h"

#include <gtest/gtest.h>

#include <string>

namespace windtunnel::inline base::visible_text_test {
namespace {

TEST(VisibleText, spells_out_what_would_steer_a_terminal) {
  EXPECT_EQ(visible_text("\x1b]0;owned\x07\x1b[31mRED\x1b[2J"), "\\x1b]0;owned\\x07\\x1b[31mRED\\x1b[2J");
  EXPECT_EQ(visible_text(std::string("a\0b\x7f", 4)), "a\\x00b\\x7f");
  EXPECT_EQ(visible_text("line 1\nline 2\r\tend"), "line 1\\nline 2\\r\\tend");
  EXPECT_EQ(visible_text("\xc2\x9b"
                         "31m"),
            "\\u009b31m")
      << "the eight-bit form of ESC [";
  EXPECT_EQ(visible_text("a\xe2\x80\xa8z \xe2\x80\xae\xe2\x81\xa6"), "a\\u2028z \\u202e\\u2066");
  EXPECT_EQ(visible_text("\xff\xc2"), "\\xff\\xc2");
}

TEST(VisibleText, spells_out_what_takes_no_room) {
  EXPECT_EQ(visible_text("a\u200bb\u200d\ufeff\u00ad\u2060\u3164"), "a\\u200bb\\u200d\\ufeff\\u00ad\\u2060\\u3164");
  EXPECT_EQ(visible_text("\U000e0041"), "\\U000e0041");
  EXPECT_EQ(visible_lines("a\u200b\n\u200f"), "a\\u200b\n\\u200f");
  EXPECT_EQ(visible_text("\u26a0\ufe0f"), "\u26a0\ufe0f") << "a warning sign in colour";
}

TEST(VisibleText, is_no_command_to_a_ci_job) {
  EXPECT_EQ(visible_text("line1\n::error file=x::pwned"), "line1\\n::error file=x::pwned");
  EXPECT_EQ(visible_text("::error::pwned"), "\\::error::pwned");
  EXPECT_EQ(visible_text("  ::error::pwned"), "\\  ::error::pwned");
  EXPECT_EQ(visible_text("a ##[error]pwned ##[x"), "a #\\#[error]pwned #\\#[x");
}

TEST(VisibleText, leaves_every_other_text_alone) {
  for (const char* text :
       {"", "azure-openai", "Zoë's \"gateway\" | <b> 💥 \\ ```", "a::b", "a:b", ":", "##", "# [", "\xc2\xa0\xdf\xbf"}) {
    EXPECT_EQ(visible_text(text), text);
    EXPECT_FALSE(problem_with_name(text)) << text;
  }
}

TEST(VisibleText, a_name_holds_nothing_that_would_be_spelled_out) {
  EXPECT_EQ(problem_with_name("a\x1b"), "holds the control character U+001B");
  EXPECT_EQ(problem_with_name("a\n"), "holds the control character U+000A");
  EXPECT_EQ(problem_with_name("\xe2\x81\xa9"), "holds the control character U+2069");
  EXPECT_EQ(problem_with_name("gpt\u200b4"), "holds the invisible character U+200B");
  EXPECT_EQ(problem_with_name("gpt\U000e0041"), "holds the invisible character U+0E0041");
  EXPECT_EQ(problem_with_name("\xff"), "is not UTF-8");
  EXPECT_EQ(problem_with_name("::stop-commands::x"), "begins with \"::\", as a command to GitHub Actions does");
  EXPECT_EQ(problem_with_name("  ::error::x"), "begins with \"::\", as a command to GitHub Actions does");
  EXPECT_EQ(problem_with_name("a ##[group]"), "holds two hashes and a bracket, as a command to a CI job does");
}

// Both sides of each range's edges.
TEST(VisibleText, controls_are_c0_del_c1_and_the_marks_of_lines_and_directions) {
  for (const std::uint32_t code : {0x0, 0x1f, 0x7f, 0x9f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069}) {
    EXPECT_TRUE(is_control(code)) << code;
  }
  for (const std::uint32_t code : {0x20, 0x7e, 0xa0, 0x2027, 0x202f, 0x2065, 0x206a, 0x1f7e2}) {
    EXPECT_FALSE(is_control(code)) << code;
  }
}

// Both sides of each range's edges.
TEST(VisibleText, invisible_are_joiners_marks_fillers_and_tags) {
  for (const std::uint32_t code :
       {0xad,   0x34f,  0x61c,  0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b,  0x180f,  0x200b,  0x200f,  0x2060,  0x2065,
        0x206a, 0x206f, 0x3164, 0xfeff, 0xffa0, 0xfff0, 0xfffb, 0x1bca0, 0x1bca3, 0x1d173, 0x1d17a, 0xe0000, 0xe0fff}) {
    EXPECT_TRUE(is_invisible(code)) << code;
  }
  for (const std::uint32_t code :
       {0x20,   0xac,   0xae,   0x34e,  0x350,  0x61b,   0x61d,   0x115e,  0x1161,  0x17b3,  0x17b6,
        0x180a, 0x1810, 0x200a, 0x2010, 0x205f, 0x2066,  0x2070,  0x3163,  0x3165,  0xfe0f,  0xfefe,
        0xff00, 0xff9f, 0xffa1, 0xffef, 0xfffc, 0x1bc9f, 0x1bca4, 0x1d172, 0x1d17b, 0xdffff, 0xe1000}) {
    EXPECT_FALSE(is_invisible(code)) << code;
  }
}

}  // namespace
TEST(VisibleText, of_lines_keeps_their_ends_and_tabs) {
  EXPECT_EQ(visible_lines("a\x1b\r\n\tb\n\n ::error::x\n"), "a\\x1b\\r\n\tb\n\n\\ ::error::x\n");
  EXPECT_EQ(visible_lines("a\t::b\n\t::c\n##[d"), "a\t::b\n\\\t::c\n#\\#[d");
  EXPECT_EQ(visible_lines(""), "");
  EXPECT_EQ(visible_lines("\n"), "\n");
}

TEST(VisibleText, is_not_spelled_twice) {
  for (const char* text : {"::a\x1b", "##[a", "\xc2\x9b\xff"}) {
    EXPECT_EQ(visible_lines(visible_text(text)), visible_text(text));
    EXPECT_EQ(visible_text(visible_text(text)), visible_text(text));
  }
}

}  // namespace windtunnel::inline base::visible_text_test
