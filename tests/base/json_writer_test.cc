#include "base/json_writer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json_text.h"

namespace windtunnel::inline base::json_writer_test {
namespace {

TEST(JsonText, escapes_what_must_be_and_nothing_else) {
  EXPECT_EQ(json_string("plain / text"), R"("plain / text")");
  EXPECT_EQ(json_string("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(json_string("\n\t\r\b\f"), R"("\n\t\r\b\f")");
  EXPECT_EQ(json_string(std::string("\0\x1f", 2)), R"("\u0000\u001f")");
  EXPECT_EQ(json_string("\x7f"), R"("\u007f")");
  EXPECT_EQ(json_string("\u009b\u2028\u202e\u200b"), R"("\u009b\u2028\u202e\u200b")");
  EXPECT_EQ(json_string("\U000e0041"), R"("\udb40\udc41")");
  EXPECT_EQ(json_string("Zürich 🔴"), "\"Zürich 🔴\"");
}

TEST(JsonText, replaces_what_is_not_utf8) {
  EXPECT_EQ(json_string("a\xff"
                        "b"),
            "\"a\xef\xbf\xbd"
            "b\"");
  EXPECT_EQ(json_string("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");                  // overlong
  EXPECT_EQ(json_string("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");  // a surrogate
  EXPECT_EQ(json_string("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");                  // cut off
}

RC_GTEST_PROP(JsonText, any_bytes_make_a_string_that_can_be_read, (const std::string& bytes)) {
  const auto json = nlohmann::json::parse(json_string(bytes));
  RC_ASSERT(json.is_string());
  const auto replaced = nlohmann::json(bytes).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (replaced.find("\xef\xbf\xbd") == std::string::npos) RC_ASSERT(json.get<std::string>() == bytes);
}

TEST(JsonWriter, writes_on_one_line) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::line};
  json.begin_object().key("a").integer(1).key("b").begin_array().decimal(15, 1).null().boolean(true).begin_object();
  json.end_object().end_array().key("c").text("x\"").key("d").hex(0xab).end_object();
  EXPECT_EQ(text, R"({"a":1,"b":[1.5,null,true,{}],"c":"x\"","d":"00000000000000ab"})");
}

TEST(JsonWriter, lists_of_integers_stay_on_their_line) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_array()
      .integers(std::array<std::int64_t, 3>{1, INT64_MIN, INT64_MAX})
      .integers({})
      .written("{}")
      .end_array();
  EXPECT_EQ(text, "[\n  [1,-9223372036854775808,9223372036854775807],\n  [],\n  {}\n]");
}

TEST(JsonWriter, writes_integers_beyond_64_bits_in_strings) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::line};
  const std::array<Int128, 4> values{INT64_MAX, Int128{INT64_MAX} + 1, INT64_MIN, Int128{INT64_MIN} - 1};
  json.begin_array().large_integer(values[1]).large_integers(values).end_array();
  EXPECT_EQ(text,
            "[\"9223372036854775808\","
            "[9223372036854775807,\"9223372036854775808\",-9223372036854775808,\"-9223372036854775809\"]]");
}

TEST(JsonWriter, indents_by_two) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key("a").begin_array().end_array().key("b").begin_array().integer(1).integer(2).end_array();
  json.key("c").text_or_null("").end_object();
  EXPECT_EQ(text, "{\n  \"a\": [],\n  \"b\": [\n    1,\n    2\n  ],\n  \"c\": null\n}");
}

TEST(HexDigits, are_read_back_and_nothing_else_is) {
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{0xab}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
    EXPECT_EQ(from_hex_digits(hex_digits(value)), value);
  }
  EXPECT_EQ(from_hex_digits("0123456789abcdef"), 0x0123'4567'89ab'cdefU);
  for (const char* wrong : {"", "ab", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0x23456789abcdef",
                            " 123456789abcdef", "0123456789abcde ", "-123456789abcdef", "0123456789abcdeg"}) {
    EXPECT_FALSE(from_hex_digits(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace windtunnel::inline base::json_writer_test
