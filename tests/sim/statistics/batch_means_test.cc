// Batch means against numbers worked out apart from this code, in another language. How often the interval holds the
// truth of a queue is tested in tests/reports/run/ab_coverage_test.cc.

#include "sim/statistics/batch_means.h"

#include <gtest/gtest.h>

#include <vector>

namespace windtunnel::sim::batch_means_test {
namespace {

// Twenty batches, each with so many values and such a sum.
template <class Count, class Sum>
std::vector<Batch> twenty(Count count, Sum sum) {
  std::vector<Batch> batches;
  for (int i = 0; i < 20; ++i) batches.push_back({static_cast<double>(count(i)), static_cast<double>(sum(i))});
  return batches;
}

int ten(int) { return 10; }

TEST(BatchMeans, of_batches_that_do_not_depend_on_each_other_is_students_interval) {
  const auto first = twenty(ten, [](int i) { return 10 * (i % 5); });
  const auto other = twenty([](int i) { return 8 + i % 3; }, [](int i) { return 10 * (i * 7 % 11); });
  const auto difference = difference_of_batches(first, other);
  ASSERT_TRUE(difference && difference->half_width);
  EXPECT_NEAR(difference->difference, 3.4748603351955305, 1e-12);
  EXPECT_NEAR(*difference->half_width, 1.7586701303494194, 1e-8);
}

// Three neighbours are alike: the correlation of 0.1665 widens the variance by 1.3996 and leaves 14 independent
// batches. Without the correction the half-width would be 1.07.
TEST(BatchMeans, of_batches_that_depend_on_their_neighbours_is_wider) {
  const auto first = twenty(ten, [](int i) { return i % 2 == 0 ? 10 : 0; });
  const auto other = twenty(ten, [](int i) { return 40 * (i / 3 % 2); });
  const auto difference = difference_of_batches(first, other);
  ASSERT_TRUE(difference && difference->half_width);
  EXPECT_NEAR(difference->difference, 1.3, 1e-12);
  EXPECT_NEAR(*difference->half_width, 1.2859548231450224, 1e-8);
}

TEST(BatchMeans, a_series_that_grows_to_its_end_has_no_interval) {
  const auto first = twenty(ten, [](int i) { return i % 2 == 0 ? 10 : 0; });
  const auto growing = twenty(ten, [](int i) { return 10 * i; });
  EXPECT_EQ(difference_of_batches(first, growing)->why, NoInterval::too_dependent);
  EXPECT_EQ(difference_of_batches(growing, first)->half_width, std::nullopt);
  // Both grow, so that their difference does not: the arms themselves have no mean.
  const auto along = twenty(ten, [](int i) { return 10 * i + (i % 2 == 0 ? 10 : 0); });
  EXPECT_EQ(difference_of_batches(growing, along)->why, NoInterval::too_dependent);
}

TEST(BatchMeans, too_few_values_and_values_without_a_spread_have_no_interval) {
  const auto few = twenty([](int i) { return i == 0 ? 1 : 2; }, [](int i) { return i % 4; });
  const auto enough = twenty([](int) { return 2; }, [](int i) { return i % 4; });
  EXPECT_EQ(difference_of_batches(few, enough)->why, NoInterval::too_few_values);
  EXPECT_EQ(difference_of_batches(enough, few)->why, NoInterval::too_few_values);
  EXPECT_TRUE(difference_of_batches(enough, twenty(ten, [](int i) { return i % 3; }))->half_width);
  const auto alike = twenty(ten, [](int) { return 1; });
  EXPECT_EQ(difference_of_batches(alike, alike)->why, NoInterval::no_spread);
  const auto none = twenty([](int) { return 0; }, [](int) { return 0; });
  EXPECT_FALSE(difference_of_batches(alike, none));
  EXPECT_FALSE(difference_of_batches(std::vector<Batch>{}, std::vector<Batch>{}));
}

}  // namespace
}  // namespace windtunnel::sim::batch_means_test
