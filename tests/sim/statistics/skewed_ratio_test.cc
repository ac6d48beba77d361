// A share of requests where those of one replication fail together.

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "sim/statistics/skewed_mean.h"

namespace windtunnel::sim::skewed_ratio_test {
namespace {

using Whole = std::vector<std::int64_t>;

TEST(SkewedRatio, of_none_and_of_all_is_a_bound_of_pairs_and_not_of_requests) {
  const Whole wholes(10, 1'000'000);
  const auto none = estimate_skewed_ratio(Whole(10, 0), wholes);
  ASSERT_TRUE(none);
  EXPECT_EQ(none->value, 0);
  EXPECT_DOUBLE_EQ(none->high, 0.3);
  const auto all = estimate_skewed_ratio(wholes, wholes);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->value, 1);
  EXPECT_DOUBLE_EQ(all->low, 0.7);
  EXPECT_DOUBLE_EQ(estimate_skewed_ratio(Whole(2, 0), Whole(2, 5))->high, 1);
}

TEST(SkewedRatio, needs_two_pairs_and_a_whole) {
  EXPECT_FALSE(estimate_skewed_ratio(Whole{1}, Whole{2}));
  EXPECT_FALSE(estimate_skewed_ratio(Whole{0, 0}, Whole{0, 0}));
}

TEST(SkewedRatio, of_pairs_that_are_all_alike_leaves_room_for_what_none_has_shown) {
  const auto tenth = estimate_skewed_ratio(Whole(30, 10), Whole(30, 100));
  ASSERT_TRUE(tenth);
  EXPECT_DOUBLE_EQ(tenth->value, 0.1);
  EXPECT_DOUBLE_EQ(tenth->high, 0.2);
  EXPECT_EQ(tenth->low, 0);
}

// Outages in one of twenty months, which fail 1 to 30 % of its requests; without one about 1 in 2,000 fails.
TEST(SkewedRatio, holds_the_truth_where_few_months_have_an_outage) {
  constexpr int kExperiments = 1000;
  std::mt19937_64 bits{20260102};
  const auto share = [&] { return static_cast<double>(bits() >> 11U) / 9007199254740992.0; };
  const double truth = 0.05 * 0.155 + 0.95 * 0.0005;
  int held = 0;
  for (int i = 0; i < kExperiments; ++i) {
    Whole parts, wholes;
    for (int month = 0; month < 100; ++month) {
      const double whole = 8000 + 4000 * share();
      const double failed = share() < 0.05 ? 0.01 + 0.29 * share() : 0.0005;
      wholes.push_back(static_cast<std::int64_t>(whole));
      parts.push_back(static_cast<std::int64_t>(whole * failed));
    }
    const auto ratio = estimate_skewed_ratio(parts, wholes);
    held += ratio && ratio->low <= truth && truth <= ratio->high ? 1 : 0;
  }
  EXPECT_GE(held, 922);
  EXPECT_LE(held, 995);
}

}  // namespace
}  // namespace windtunnel::sim::skewed_ratio_test
