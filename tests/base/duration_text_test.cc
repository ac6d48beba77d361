#include "base/duration_text.h"

#include <gtest/gtest.h>

namespace windtunnel::inline base::duration_text_test {
namespace {

using namespace std::chrono_literals;

TEST(DurationText, is_in_the_largest_unit_in_which_it_is_whole) {
  EXPECT_EQ(duration_text(0ns), "0s");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(120s), "2m");
  EXPECT_EQ(duration_text(48h), "2d");
  EXPECT_EQ(duration_text(25h), "25h");
  EXPECT_EQ(duration_text(1'500ms), "1500ms");
  EXPECT_EQ(duration_text(1us), "1us");
  EXPECT_EQ(duration_text(1'001ns), "1001ns");
  EXPECT_EQ(duration_text(-3s), "-3s");
}

TEST(DurationText, of_a_span_has_every_unit_down_to_seconds) {
  EXPECT_EQ(span_text(0s), "0s");
  EXPECT_EQ(span_text(26h), "1d2h");
  EXPECT_EQ(span_text(135s), "2m15s");
  EXPECT_EQ(span_text(1'500ms), "1.5s");
  EXPECT_EQ(span_text(-90s), "-1m30s");
}

TEST(DurationText, for_people_has_at_most_two_neighbouring_units) {
  EXPECT_EQ(duration_words(90 * 24h), "90 d");
  EXPECT_EQ(duration_words(53h + 59min), "2 d 5 h");
  EXPECT_EQ(duration_words(24h + 1min), "1 d");
  EXPECT_EQ(duration_words(90min), "1 h 30 min");
  EXPECT_EQ(duration_words(5s), "5 s");
  EXPECT_EQ(duration_words(1'200ms), "1 s 200 ms");
  EXPECT_EQ(duration_words(999us), "0 s");
}

}  // namespace
}  // namespace windtunnel::inline base::duration_text_test
