#include "monitor/content_key.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace windtunnel::monitor::content_key_test {
namespace {

using namespace std::string_view_literals;

TEST(ContentKey, whitespace_is_trimmed_and_collapsed) {
  const ContentKey key = content_key("a b", "", "c");
  EXPECT_EQ(content_key("  a \t b\n", " \r\n ", "c"), key);
  EXPECT_EQ(content_key("a\r\nb", "", "\v\fc"), key);
  EXPECT_EQ(content_key("a\nb", "", "c"), key);
  EXPECT_NE(content_key("ab", "", "c"), key);
}

TEST(ContentKey, letters_keep_their_case_and_other_bytes_count) {
  EXPECT_NE(content_key("A", "", ""), content_key("a", "", ""));
  EXPECT_NE(content_key("a\x00"sv, "", ""), content_key("a", "", ""));
  EXPECT_NE(content_key("a\xc2\xa0", "", ""), content_key("a ", "", ""));  // a no-break space is not ASCII
  EXPECT_NE(content_key("a\x08z", "", ""), content_key("a z", "", ""));    // one below tab
  EXPECT_NE(content_key("a\x0ez", "", ""), content_key("a z", "", ""));    // one above carriage return
}

TEST(ContentKey, fields_are_kept_apart) {
  EXPECT_NE(content_key("ab", "c", ""), content_key("a", "bc", ""));
  EXPECT_NE(content_key("a", "", ""), content_key("", "a", ""));
  EXPECT_NE(content_key("", "a", ""), content_key("", "", "a"));
  EXPECT_NE(content_key("a b", "", ""), content_key("a", "b", ""));
  for (std::size_t size = 1; size <= 1U << 17; size *= 2) {  // every digit of a length counts
    const std::string text(size, 'x');
    EXPECT_NE(content_key(text, "", ""), content_key("", text, "")) << size;
  }
  // A field that spells the length of another one does not take its place.
  EXPECT_NE(content_key("\x00\x00\x00\x00\x00\x00\x00\x00"sv, "", ""), content_key("", "", ""));
}

// Computed once by a separate program from the description in the header: saved answers are found by these.
TEST(ContentKey, values_are_pinned) {
  EXPECT_EQ(content_key("", "", ""), (ContentKey{0xecb32089d9d96b55U, 0xa0058a963eb7e7ebU}));
  EXPECT_EQ(content_key(" Senior\r\nengineer ", "Berlin", "You are a career adviser."),
            (ContentKey{0x62446a26d97d1d40U, 0x38855244a4831672U}));
  EXPECT_EQ(content_key(std::string(256, 'x'), std::string(100'000, 'y'), ""),
            (ContentKey{0x079185418132b8d7U, 0xda19b2703d77021eU}));
  EXPECT_EQ(with(ContentKey{1, 2}, 3), (ContentKey{0x9114a8c5fa80fc8fU, 0x907f344d01a1fc1fU}));
}

TEST(ContentKey, with_distinguishes_extras_and_their_order) {
  const ContentKey key = content_key("a", "b", "c");
  EXPECT_EQ(with(key, 500), with(key, 500));
  EXPECT_NE(with(key, 0), key);
  EXPECT_NE(with(key, 500), with(key, 501));
  EXPECT_NE(with(with(key, 1), 2), with(with(key, 2), 1));
  EXPECT_NE(with(ContentKey{0, 1}, 5), with(ContentKey{1, 1}, 5));
  EXPECT_NE(with(ContentKey{1, 0}, 5), with(ContentKey{1, 1}, 5));
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (std::string_view{" \t\n\v\f\r"}.find(c) == std::string_view::npos) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

// Short texts over few letters, so that equal and nearly equal contents are common.
RC_GTEST_PROP(ContentKey, is_equal_exactly_when_the_words_of_each_field_are, ()) {
  const auto text = rc::gen::resize(4, rc::gen::container<std::string>(rc::gen::element('a', 'b', ' ', '\n', '\r')));
  const auto fields = rc::gen::container<std::vector<std::string>>(3, text);
  const auto left = *fields;
  const auto right = *fields;
  bool same = true;
  for (std::size_t i = 0; i < 3; ++i) same = same && words_of(left[i]) == words_of(right[i]);
  RC_CLASSIFY(same);
  RC_ASSERT((content_key(left[0], left[1], left[2]) == content_key(right[0], right[1], right[2])) == same);
}

}  // namespace
}  // namespace windtunnel::monitor::content_key_test
