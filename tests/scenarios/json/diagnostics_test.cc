#include "scenarios/json/diagnostics.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace windtunnel::scenarios::diagnostics_test {
namespace {

TEST(Diagnostics, names_file_place_pointer_and_shows_the_line) {
  Diagnostics diagnostics("outage.json", "{\n\t\"é\": \"-5s\"\r\n}");
  diagnostics.error({2, 7, -1}, "/faults/1/duration", "-5s is negative", "did you mean \"5s\"?");
  EXPECT_EQ(diagnostics.errors()[0].text(),
            "outage.json:2:7: /faults/1/duration: -5s is negative\n"
            "    \t\"é\": \"-5s\"\n"
            "    \t     ^\n"
            "    help: did you mean \"5s\"?");
}

TEST(Diagnostics, come_in_the_order_of_the_file_then_sets_then_other_files) {
  Diagnostics diagnostics("f.json", "\n\n\n");
  diagnostics.add_set("a=1");
  diagnostics.error_in("t.csv", 1, "trace", "x");
  diagnostics.error({0, 0, 0}, "", "set");
  diagnostics.error({2, 5, -1}, "", "later");
  diagnostics.error({2, 4, -1}, "", "earlier");
  diagnostics.warning({1, 1, -1}, "", "only a warning");
  std::vector<std::string> messages;
  for (const Diagnostic& error : diagnostics.errors()) messages.push_back(error.message);
  EXPECT_EQ(messages, (std::vector<std::string>{"earlier", "later", "set", "trace"}));
  EXPECT_EQ(diagnostics.warnings().size(), 1U);
}

TEST(Diagnostics, warnings_do_not_throw_and_errors_do) {
  Diagnostics diagnostics("f.json", "");
  diagnostics.warning({}, "", "w");
  EXPECT_NO_THROW(diagnostics.throw_if_errors());
  diagnostics.error({}, "", "e");
  EXPECT_THROW(diagnostics.throw_if_errors(), ScenarioError);
}

TEST(Diagnostics, prints_a_hundred_errors_and_counts_the_rest) {
  Diagnostics diagnostics("f.json", "");
  for (int i = 0; i < 103; ++i) diagnostics.error({}, "", "e");
  try {
    diagnostics.throw_if_errors();
    FAIL();
  } catch (const ScenarioError& error) {
    EXPECT_EQ(error.diagnostics().size(), 100U);
    EXPECT_TRUE(std::string(error.what()).ends_with("and 3 more errors"));
  }
}

TEST(Diagnostics, sees_errors_at_a_pointer_and_below_it_only) {
  Diagnostics diagnostics("f.json", "");
  diagnostics.error({}, "/faults/1/at", "e");
  diagnostics.warning({}, "/monitor", "w");
  EXPECT_TRUE(diagnostics.has_error_under("/faults/1/at"));
  EXPECT_TRUE(diagnostics.has_error_under("/faults/1"));
  EXPECT_TRUE(diagnostics.has_error_under(""));
  EXPECT_FALSE(diagnostics.has_error_under("/faults/1/at/x"));
  EXPECT_FALSE(diagnostics.has_error_under("/fault"));
  EXPECT_FALSE(diagnostics.has_error_under("/monitor"));
}

TEST(EditDistance, counts_swaps_of_neighbours_as_one) {
  EXPECT_EQ(edit_distance("duration", "duration"), 0U);
  EXPECT_EQ(edit_distance("durration", "duration"), 1U);
  EXPECT_EQ(edit_distance("duratoin", "duration"), 1U);
  EXPECT_EQ(edit_distance("ca", "abc"), 3U);  // optimal string alignment, not Damerau-Levenshtein
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
}

RC_GTEST_PROP(EditDistance, is_symmetric_and_within_the_lengths, (std::string a, std::string b)) {
  const std::size_t distance = edit_distance(a, b);
  RC_ASSERT(distance == edit_distance(b, a));
  RC_ASSERT(distance <= std::max(a.size(), b.size()));
  RC_ASSERT(distance >= std::max(a.size(), b.size()) - std::min(a.size(), b.size()));
  RC_ASSERT((distance == 0) == (a == b));
}

TEST(NearestWord, is_at_most_a_third_of_the_letters_away) {
  const std::vector<std::string> words{"open", "duration", "window"};
  EXPECT_EQ(nearest_word("durations", words), "duration");
  EXPECT_EQ(nearest_word("opn", words), "open");
  EXPECT_EQ(nearest_word("ob", words), std::nullopt);        // 3 of 4 away
  EXPECT_EQ(nearest_word("durxyion", words), "duration");    // 2 of 8
  EXPECT_EQ(nearest_word("duwxyzon", words), std::nullopt);  // 4 of 8
  EXPECT_EQ(nearest_word("", words), std::nullopt);
  const std::vector<std::string> letters{"a", "up"};
  EXPECT_EQ(nearest_word("b", letters), std::nullopt);
  EXPECT_EQ(nearest_word("ub", letters), "up");
  EXPECT_EQ(nearest_word(std::string(100'000, 'x'), words), std::nullopt);
}

TEST(Files, a_missing_file_is_an_error_of_its_own) {
  EXPECT_THROW(read_whole_file("/no/such/file.json"), FileError);
  EXPECT_THROW(read_whole_file("/tmp"), FileError);
}

}  // namespace
}  // namespace windtunnel::scenarios::diagnostics_test
