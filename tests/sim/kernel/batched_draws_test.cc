#include "sim/kernel/batched_draws.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/kernel/samplers.h"

namespace windtunnel::sim::kernel_rows_test {
namespace {

StreamKey row_stream() { return Chance{5}.stream("rows"); }

TEST(Rows, hold_the_draws_of_each_index_alone) {
  for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{32}, (std::uint64_t{1} << 32) - 7}) {
    DrawRow row;
    draw_row(row_stream(), first, row);
    for (std::size_t i = 0; i < kRowLength; ++i) {
      ASSERT_EQ((Draw{row.a[i], row.b[i]}), draw(row_stream(), first + i)) << first << " + " << i;
    }
  }
}

// The last bit counts: a run's bytes must not depend on which way a value was made.
TEST(Rows, hold_the_samples_of_each_index_alone_to_the_last_bit) {
  Law moved = Law::lognormal(1, 0.5);
  moved.shift = 3;
  const std::vector<std::pair<std::string, Law>> laws{
      {"fixed", Law::fixed(2.5)},
      {"uniform", Law::uniform(1e9, 1.7e9)},
      {"exponential", Law::exponential(3)},
      {"lognormal", Law::lognormal_p50_p95(150, 300)},
      {"lognormal of one point", Law::lognormal(20, 0)},
      {"lognormal beyond the largest number", Law::lognormal(705, 2)},
      {"lognormal below the least normal number", Law::lognormal(-700, 3)},
      {"lognormal, moved", moved},
      {"weibull", Law::weibull(1.5, 2)},
      {"quantiles", Law::quantiles({1, 2, 5, 9})},
  };
  for (const auto& [name, law] : laws) {
    for (std::uint64_t number = 0; number < 200; ++number) {
      DrawRow draws;
      draw_row(row_stream(), number * kRowLength, draws);
      if (number == 0) draws.a[0] = 0, draws.a[1] = ~std::uint64_t{0}, draws.a[2] = std::uint64_t{1} << 63;
      RowValues values;
      sample_row(law, draws.a, values);
      for (std::size_t i = 0; i < kRowLength; ++i) {
        ASSERT_EQ(std::bit_cast<std::uint64_t>(values[i]), std::bit_cast<std::uint64_t>(sample(law, draws.a[i])))
            << name << ", row " << number << ", place " << i;
      }
    }
  }
}

TEST(Rows, ahead_are_made_once_and_give_each_index_its_own_in_any_order) {
  RowAhead<RowBits> ahead;
  int made = 0;
  const auto at = [&](std::uint64_t index) {
    const RowBits& row = ahead.row_of(index, [&](std::uint64_t first, RowBits& bits) {
      ++made;
      for (std::size_t i = 0; i < kRowLength; ++i) bits[i] = 10 * (first + i);
    });
    return row[RowAhead<RowBits>::place_of(index)];
  };
  for (std::uint64_t i = 0; i < 3 * kRowLength; ++i) ASSERT_EQ(at(i), 10 * i);
  EXPECT_EQ(made, 3);
  EXPECT_EQ(at(5), 50U);
  EXPECT_EQ(at(70), 700U);
  EXPECT_EQ(made, 5);
}

}  // namespace
}  // namespace windtunnel::sim::kernel_rows_test
