#include "base/stable_hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>

namespace windtunnel::inline base::stable_hash_test {
namespace {

using namespace std::string_view_literals;

// Splitmix64 from seed 0 gives mix(1 x gamma), mix(2 x gamma), ...; these are its published first outputs.
TEST(StableHash, mix_is_the_finaliser_of_splitmix64) {
  constexpr std::uint64_t kGamma = 0x9e3779b97f4a7c15;
  static_assert(mix(0) == 0);
  EXPECT_EQ(mix(kGamma), 0xe220a8397b1dcdafU);
  EXPECT_EQ(mix(2 * kGamma), 0x6e789e6aa1b965f4U);
  EXPECT_EQ(mix(3 * kGamma), 0x06c45d188009454fU);
}

// The inner values are the published test vectors of FNV-1a with 64 bits.
TEST(StableHash, bytes_without_salt_are_fnv_1a_mixed) {
  static_assert(stable_hash("") == mix(0xcbf29ce484222325));
  EXPECT_EQ(stable_hash("a"), mix(0xaf63dc4c8601ec8c));
  EXPECT_EQ(stable_hash("foobar"), mix(0x85944171f73967e8));
}

// Who is in which arm depends on these: a change of any of them is a break with every earlier release.
TEST(StableHash, values_are_pinned) {
  EXPECT_EQ(stable_hash("user-42"), 0x7a1596f0e94b5793U);
  EXPECT_EQ(stable_hash("user-42", 7), 0x8fc5876cb0410bf1U);
  EXPECT_EQ(stable_hash("\x80\xff"sv), 0x34e64607a22e3f70U);
  EXPECT_EQ(stable_hash(std::uint64_t{0}), 0x48218226ff3cd4bfU);
  EXPECT_EQ(stable_hash(std::uint64_t{42}, 7), 0xb1ea561e1a819115U);
}

TEST(StableHash, bytes_above_127_and_zero_bytes_count) {
  const std::set<std::uint64_t> hashes{stable_hash("\x80"sv), stable_hash("\x00"sv), stable_hash(""sv),
                                       stable_hash("\xff"sv), stable_hash("\x00\x00"sv)};
  EXPECT_EQ(hashes.size(), 5U);
}

TEST(StableHash, salts_give_other_hashes) {
  std::set<std::uint64_t> words;
  std::set<std::uint64_t> bytes;
  for (std::uint64_t salt = 0; salt < 1000; ++salt) {
    words.insert(stable_hash(std::uint64_t{1}, salt));
    bytes.insert(stable_hash("user", salt));
  }
  EXPECT_EQ(words.size(), 1000U);
  EXPECT_EQ(bytes.size(), 1000U);
}

// Neighbouring words differ in about half of the bits: 200,000 fair coins have a standard deviation of 224.
TEST(StableHash, neighbouring_words_differ_in_half_of_the_bits) {
  int bits = 0;
  for (std::uint64_t word = 0; word < 3125; ++word) bits += std::popcount(stable_hash(word) ^ stable_hash(word + 1));
  EXPECT_NEAR(bits, 100'000, 4 * 224);
}

}  // namespace
}  // namespace windtunnel::inline base::stable_hash_test
