#include "sim/kernel/chance.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <set>
#include <string>

namespace windtunnel::sim::kernel_chance_test {
namespace {

constexpr std::uint64_t kAllOnes = ~std::uint64_t{0};

// Random123's tests/kat_vectors, rows "philox4x32 10": counter, key, result.
TEST(Chance, is_philox4x32_10_by_its_authors_known_answers) {
  EXPECT_EQ(draw(StreamKey{0}, 0, 0, 0), (Draw{0xe169'c58d'6627'e8d5, 0x9b00'dbd8'bc57'ac4c}));
  EXPECT_EQ(draw(StreamKey{kAllOnes}, kAllOnes, 0xffff'ffff, 0xffff'ffff),
            (Draw{0x41c8'3b0e'408f'276d, 0x6d54'51fd'a20b'c7c6}));
  EXPECT_EQ(draw(StreamKey{0x299f'31d0'a409'3822}, 0x85a3'08d3'243f'6a88, 0x1319'8a2e, 0x0370'7344),
            (Draw{0x94fd'cceb'd16c'fe09, 0x2412'6ea1'5001'e420}));
}

// Computed apart, from the definition in the header.
TEST(Chance, keys_a_stream_by_seed_and_name_for_ever) {
  EXPECT_EQ(Chance{0}.stream("").value, 0x5b21'f68f'fa77'f14cU);
  EXPECT_EQ(Chance{42}.stream("latency").value, 0x130f'9c42'a231'd3e3U);
  EXPECT_EQ(Chance{42}.stream("arrivals").value, 0x8372'6927'7334'a26cU);
  EXPECT_EQ(Chance{kAllOnes}.stream("latency").value, 0xf328'5109'23d8'6431U);
  EXPECT_EQ(Chance{42}.stream("Z\xc3\xbcrich").value, 0x6f85'e94e'5ccf'518aU);
  EXPECT_EQ(Chance{42}.stream("fault", "openai-down").value, 0x6409'9d6a'64fd'91a4U);
  EXPECT_EQ(Chance{42}.stream("fault", "").value, 0xaf4a'0bfe'2209'fb82U);
}

TEST(Chance, distinguishes_every_name_seed_and_member) {
  std::set<std::uint64_t> keys;
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{42}, kAllOnes}) {
    const Chance chance{seed};
    for (const char* name : {"", "a", "b", "ab", "ba", "abc", "arrivals"}) keys.insert(chance.stream(name).value);
    keys.insert(chance.stream("a", "bc").value);
    keys.insert(chance.stream("ab", "c").value);
    keys.insert(chance.stream("abc", "").value);
    keys.insert(chance.stream("a", "b").value);
    keys.insert(chance.stream("b", "a").value);
    keys.insert(chance.stream("a", "a").value);
  }
  EXPECT_EQ(keys.size(), 4U * 13U);
}

RC_GTEST_PROP(Chance, moves_no_draw_when_others_are_made,
              (std::uint64_t seed, std::string mine, std::string other, std::uint64_t index, std::uint32_t attempt)) {
  const Draw alone = draw(Chance{seed}.stream(mine), index, attempt);
  const Chance chance{seed};
  const Draw before = draw(chance.stream(other), index, attempt);
  const Draw again = draw(chance.stream(mine), index, attempt);
  RC_ASSERT(again == alone);
  RC_ASSERT((before == again) == (mine == other));
}

// Two independent 128-bit draws differ in 64 bits on average, with a deviation of sqrt(32) each.
double mean_distance(StreamKey mine, StreamKey other, std::uint64_t step, std::uint32_t attempts, std::uint32_t lanes) {
  constexpr int kDraws = 20'000;
  double sum = 0;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const Draw entry = draw(mine, i);
    const Draw two = draw(other, i + step, attempts, lanes);
    sum += std::popcount(entry.a ^ two.a) + std::popcount(entry.b ^ two.b);
  }
  return sum / kDraws;
}

TEST(Chance, makes_neighbouring_draws_independent) {
  const Chance chance{42};
  const StreamKey latency = chance.stream("latency");
  const double bound = 4 * std::sqrt(32.0 / 20'000);
  EXPECT_NEAR(mean_distance(latency, latency, 1, 0, 0), 64, bound);
  EXPECT_NEAR(mean_distance(latency, latency, 0, 1, 0), 64, bound);
  EXPECT_NEAR(mean_distance(latency, latency, 0, 0, 1), 64, bound);
  EXPECT_NEAR(mean_distance(latency, chance.stream("latencz"), 0, 0, 0), 64, bound);
  EXPECT_NEAR(mean_distance(latency, Chance{43}.stream("latency"), 0, 0, 0), 64, bound);
}

TEST(Chance, gives_units_that_stay_in_their_interval_at_both_ends) {
  EXPECT_EQ(unit(0), 0.0);
  EXPECT_EQ(unit(kAllOnes), 1.0 - 0x1p-53);
  EXPECT_EQ(unit(std::uint64_t{1} << 63), 0.5);
  EXPECT_EQ(unit_open(0), 0x1p-53);
  EXPECT_EQ(unit_open(kAllOnes), 1.0 - 0x1p-53);
  EXPECT_EQ(1.0 - unit_open(kAllOnes), unit_open(0));
}

TEST(Chance, shares_a_range_evenly_and_reaches_both_ends) {
  EXPECT_EQ(below(0, 10), 0U);
  EXPECT_EQ(below(kAllOnes, 10), 9U);
  EXPECT_EQ(below(kAllOnes, 1), 0U);
  EXPECT_EQ(below(kAllOnes, kAllOnes), kAllOnes - 1);
  EXPECT_EQ(below(std::uint64_t{1} << 63, 2), 1U);
  EXPECT_EQ(below((std::uint64_t{1} << 63) - 1, 2), 0U);
  EXPECT_EXIT((void)below(0, 0), testing::ExitedWithCode(1), "at least one alternative");
}

// Chi-square with 9 degrees of freedom stays below 27.9 with probability 0.999.
TEST(Chance, draws_uniformly_in_both_words) {
  const StreamKey stream = Chance{42}.stream("uniform");
  std::array<double, 10> seen_a{};
  std::array<double, 10> seen_b{};
  constexpr int kDraws = 100'000;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const Draw bits = draw(stream, i);
    seen_a[below(bits.a, 10)] += 1;
    seen_b[static_cast<std::size_t>(unit(bits.b) * 10)] += 1;
  }
  double chi_a = 0;
  double chi_b = 0;
  for (const double seen : seen_a) chi_a += (seen - 10'000) * (seen - 10'000) / 10'000;
  for (const double seen : seen_b) chi_b += (seen - 10'000) * (seen - 10'000) / 10'000;
  EXPECT_LT(chi_a, 27.9);
  EXPECT_LT(chi_b, 27.9);
}

}  // namespace
}  // namespace windtunnel::sim::kernel_chance_test
