// Splitting against the closed form of a birth-death process.

#include "sim/rare/splitting.h"

#include <gtest/gtest.h>

#include <cmath>

namespace windtunnel::sim::splitting_test {
namespace {

// A queue that grows with probability up and shrinks otherwise, from 1, until it is 0 or as long as its last level + 1.
struct Queue {
  int length = 1;
  std::uint32_t step = 0;
};

RareEstimate overflow(double up, int levels, std::uint64_t effort, std::uint64_t seed) {
  return split(Queue{}, {.levels = levels, .effort = effort, .times = 20}, seed,
               [&](Queue& queue, int level, StreamKey stream, std::uint64_t copy) {
                 while (queue.length > 0 && queue.length < level + 1) {
                   queue.length += unit_open(draw(stream, copy, queue.step++).a) < up ? 1 : -1;
                 }
                 return queue.length > 0;
               });
}

// The gambler's ruin: (r - 1) / (r^n - 1) with r = (1 - up) / up, from 1 to n.
double ruin(double up, int n) {
  const double r = (1 - up) / up;
  return (r - 1) / (std::pow(r, n) - 1);
}

TEST(Splitting, of_an_overflow_of_one_in_a_million_comes_to_its_closed_form) {
  const double truth = ruin(0.3, 17);
  ASSERT_LT(truth, 2e-6);
  const RareEstimate estimate = overflow(0.3, 16, 3000, 1);
  EXPECT_LT(estimate.chance.half_width(), 0.1 * estimate.chance.value);
  EXPECT_NEAR(estimate.chance.value, truth, 2 * estimate.chance.half_width());
  EXPECT_GT(estimate.effective, 400);
}

TEST(Splitting, has_intervals_that_hold_the_closed_form) {
  const double truth = ruin(0.35, 9);
  int held = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Estimate chance = overflow(0.35, 8, 100, seed).chance;
    held += chance.low <= truth && truth <= chance.high ? 1 : 0;
  }
  EXPECT_GE(held, 922);
  EXPECT_LE(held, 978);
}

TEST(Splitting, that_dies_out_has_no_chance) {
  const RareEstimate estimate = overflow(0.001, 20, 20, 1);
  EXPECT_EQ(estimate.hits, 0U);
  EXPECT_EQ(estimate.chance.value, 0);
}

}  // namespace
}  // namespace windtunnel::sim::splitting_test
