#include "sim/checks/claims/comparison.h"

#include <gtest/gtest.h>

namespace windtunnel::sim::check_comparison_test {
namespace {

struct Row {
  Comparison comparison;
  bool below;
  bool at;
  bool above;
};

// Both sides of the bound, and the bound itself, of whole numbers, of wide ones and of decimals.
TEST(Comparison, decides_below_at_and_above_its_bound) {
  for (const Row& row :
       {Row{Comparison::less, true, false, false}, Row{Comparison::less_equal, true, true, false},
        Row{Comparison::greater, false, false, true}, Row{Comparison::greater_equal, false, true, true},
        Row{Comparison::equal, false, true, false}, Row{Comparison::not_equal, true, false, true}}) {
    const auto expect = [&](auto entry, auto bound) {
      EXPECT_EQ(holds(row.comparison, bound - entry, bound), row.below);
      EXPECT_EQ(holds(row.comparison, bound, bound), row.at);
      EXPECT_EQ(holds(row.comparison, bound + entry, bound), row.above);
    };
    expect(std::int64_t{1}, std::int64_t{-3});
    expect(Int128{1}, Int128{INT64_MAX} * 4);
    expect(0.25, 0.05);
  }
}

}  // namespace
}  // namespace windtunnel::sim::check_comparison_test
