#include "sim/kernel/digest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <cstddef>
#include <vector>

namespace windtunnel::sim::kernel_digest_test {
namespace {

std::uint64_t digest_of(const std::vector<std::uint64_t>& words) {
  Digest digest;
  for (const std::uint64_t word : words) digest.add(word);
  return digest.value();
}

// Computed apart, from the definition in the header.
TEST(Digest, of_a_given_sequence_is_fixed_for_ever) {
  std::vector<std::uint64_t> thousand;
  for (std::uint64_t i = 0; i < 1000; ++i) thousand.push_back(i);
  EXPECT_EQ(digest_of({}), 0xe9e0'033e'3bad'af36U);
  EXPECT_EQ(digest_of({0}), 0x20d5'1258'c065'6518U);
  EXPECT_EQ(digest_of({0, 0}), 0xfb6a'5627'8a04'bae1U);
  EXPECT_EQ(digest_of({1, 2}), 0x0eb6'd667'5890'ff29U);
  EXPECT_EQ(digest_of({2, 1}), 0x0458'8402'50a7'c0f0U);
  EXPECT_EQ(digest_of({~std::uint64_t{0}}), 0xb166'905c'36bb'fc30U);
  EXPECT_EQ(digest_of(thousand), 0xb331'a465'c320'8e5eU);
}

TEST(Digest, takes_instants_and_money_as_the_words_they_are) {
  Digest digest;
  digest.add(Instant{std::chrono::nanoseconds{1}});
  digest.add(Usd::from_picos(2));
  EXPECT_EQ(digest.value(), digest_of({1, 2}));
}

TEST(Digest, is_not_changed_by_reading) {
  Digest digest;
  digest.add(1);
  const Digest read = digest;
  (void)digest.value();
  EXPECT_EQ(digest, read);
  digest.add(2);
  EXPECT_NE(digest, read);
  EXPECT_EQ(digest.value(), digest_of({1, 2}));
}

RC_GTEST_PROP(Digest, differs_when_one_word_differs, (std::vector<std::uint64_t> words, std::uint64_t change)) {
  RC_PRE(!words.empty() && change != 0);
  const auto place = *rc::gen::inRange<std::size_t>(0, words.size());
  const std::uint64_t before = digest_of(words);
  words[place] ^= change;
  RC_ASSERT(digest_of(words) != before);
}

RC_GTEST_PROP(Digest, differs_when_order_or_length_differs, (std::vector<std::uint64_t> words, std::uint64_t a)) {
  const auto b = *rc::gen::distinctFrom(a);
  std::vector<std::uint64_t> forward = words;
  forward.insert(forward.end(), {a, b});
  std::vector<std::uint64_t> backward = words;
  backward.insert(backward.end(), {b, a});
  RC_ASSERT(digest_of(forward) != digest_of(backward));
  words.push_back(0);
  const std::uint64_t shorter = digest_of(words);
  words.push_back(0);
  RC_ASSERT(digest_of(words) != shorter);
}

}  // namespace
}  // namespace windtunnel::sim::kernel_digest_test
