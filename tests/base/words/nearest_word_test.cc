#include "base/words/nearest_word.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace windtunnel::inline base::nearest_word_test {
namespace {

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

}  // namespace
}  // namespace windtunnel::inline base::nearest_word_test
