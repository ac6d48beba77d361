#include "base/histogram.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace windtunnel::inline base::histogram_test {
namespace {

using namespace std::chrono_literals;

constexpr Millionths kMedian{500'000};

Histogram histogram_of(const std::vector<std::int64_t>& values_ns) {
  Histogram histogram;
  for (const std::int64_t ns : values_ns) histogram.record(Duration{ns});
  return histogram;
}

// Nearest rank by sorting.
std::int64_t exact_quantile(std::vector<std::int64_t> values, std::int64_t millionths) {
  std::sort(values.begin(), values.end());
  const auto count = static_cast<std::int64_t>(values.size());
  std::int64_t rank = 1;
  while (rank * 1'000'000 < count * millionths) ++rank;
  return values[static_cast<std::size_t>(rank - 1)];
}

// At most 1/1024 off, in integers.
bool is_within_bound(std::int64_t reported, std::int64_t exact) {
  const std::int64_t error = reported > exact ? reported - exact : exact - reported;
  return error <= exact / 1024;
}

// All magnitudes alike: a power of two and something below it.
rc::Gen<std::int64_t> any_duration() {
  return rc::gen::mapcat(rc::gen::resize(100, rc::gen::inRange(0, 62)), [](int magnitude) {
    const std::int64_t power = std::int64_t{1} << magnitude;
    return rc::gen::resize(100, rc::gen::inRange<std::int64_t>(power - 1, 2 * power - 1));
  });
}

TEST(Histogram, reports_nothing_while_it_is_empty) {
  const Histogram empty;
  EXPECT_EQ(empty.count(), 0U);
  EXPECT_FALSE(empty.min());
  EXPECT_FALSE(empty.max());
  EXPECT_FALSE(empty.mean());
  EXPECT_FALSE(empty.quantile(kMedian));
}

TEST(Histogram, one_value_is_every_quantile) {
  const Histogram histogram = histogram_of({1'234'567'891});
  for (const std::int64_t share : {0, 1, 500'000, 999'999, 1'000'000}) {
    EXPECT_EQ(histogram.quantile(Millionths{share}), Duration{1'234'567'891});
  }
  EXPECT_EQ(histogram.mean(), Duration{1'234'567'891});
}

TEST(Histogram, is_exact_at_both_ends) {
  // The first value of a bucket and the last one of another: their middles lie inside the recorded range.
  constexpr std::int64_t kFirst = std::int64_t{1} << 30;
  constexpr std::int64_t kLast = (std::int64_t{1} << 32) - 1;
  const Histogram histogram = histogram_of({kLast, kFirst, std::int64_t{1} << 31});
  EXPECT_EQ(histogram.quantile(Millionths{0}), Duration{kFirst});
  EXPECT_EQ(histogram.quantile(Millionths{1'000'000}), Duration{kLast});
}

TEST(Histogram, never_leaves_the_recorded_range) {
  for (const std::int64_t ns : {std::int64_t{1} << 40, (std::int64_t{1} << 41) - 1}) {
    EXPECT_EQ(histogram_of({ns, ns, ns}).quantile(kMedian), Duration{ns});
  }
}

TEST(Histogram, takes_the_nearest_rank) {
  const Histogram histogram = histogram_of({40, 10, 30, 20});
  EXPECT_EQ(histogram.quantile(Millionths{0}), 10ns);
  EXPECT_EQ(histogram.quantile(Millionths{250'000}), 10ns);
  EXPECT_EQ(histogram.quantile(Millionths{250'001}), 20ns);
  EXPECT_EQ(histogram.quantile(Millionths{500'000}), 20ns);
  EXPECT_EQ(histogram.quantile(Millionths{500'001}), 30ns);
  EXPECT_EQ(histogram.quantile(Millionths{750'000}), 30ns);
  EXPECT_EQ(histogram.quantile(Millionths{750'001}), 40ns);
  EXPECT_EQ(histogram.quantile(Millionths{1'000'000}), 40ns);
}

TEST(Histogram, is_exact_below_1024_ns) {
  for (std::int64_t ns = 0; ns < 1024; ++ns) {
    EXPECT_EQ(histogram_of({0, ns, 5000}).quantile(kMedian), Duration{ns}) << ns;
  }
}

// Between an outer pair that cannot clamp it, each value near a power of two is reported from its own bucket.
TEST(Histogram, is_within_a_thousandth_at_every_power_of_two) {
  for (int magnitude = 0; magnitude < 62; ++magnitude) {
    const std::int64_t power = std::int64_t{1} << magnitude;
    for (const std::int64_t ns : {power - 1, power, power + 1, power + power / 2, power + power / 512 - 1}) {
      const auto reported = histogram_of({0, ns, Histogram::kDurationMax.count()}).quantile(kMedian);
      EXPECT_TRUE(is_within_bound(reported.value().count(), ns)) << ns << " " << reported.value().count();
    }
  }
}

// At either end of its bucket, whose middle lies beyond what was recorded.
TEST(Histogram, one_value_recorded_often_is_every_quantile) {
  for (const std::int64_t ns : {(std::int64_t{1} << 20) - 1, std::int64_t{1} << 20}) {
    EXPECT_EQ(histogram_of({ns, ns, ns}).quantile(kMedian), Duration{ns});
  }
}

TEST(Histogram, has_no_quantile_beyond_the_whole) {
  const Histogram histogram = histogram_of({1, 2});
  for (const std::int64_t share : {-1, 1'000'001}) {
    EXPECT_EXIT((void)histogram.quantile(Millionths{share}), testing::ExitedWithCode(1), "between 0 and 1");
  }
}

TEST(Histogram, is_read_back_over_its_whole_range_and_in_order_only) {
  const Histogram histogram = histogram_of({0, 10, 20, Histogram::kDurationMax.count()});
  Histogram::Content content = histogram.content();
  EXPECT_EQ(Histogram::of(content), histogram);
  std::swap(content.buckets[1], content.buckets[2]);
  EXPECT_FALSE(Histogram::of(content));
  content.buckets[1] = content.buckets[2];
  EXPECT_FALSE(Histogram::of(content));
}

TEST(Histogram, records_its_whole_range_and_nothing_else) {
  Histogram histogram;
  histogram.record(Duration{0});
  histogram.record(Histogram::kDurationMax);
  EXPECT_EQ(histogram.min(), Duration{0});
  EXPECT_EQ(histogram.max(), Histogram::kDurationMax);
  EXPECT_EXIT(histogram.record(Duration{-1}), testing::ExitedWithCode(1), "between 0 and 2.62 ns");
  EXPECT_EXIT(histogram.record(Histogram::kDurationMax + 1ns), testing::ExitedWithCode(1), "between 0 and 2.62 ns");
}

TEST(Histogram, the_sum_does_not_overflow) {
  Histogram histogram;
  for (int i = 0; i < 8; ++i) histogram.record(Histogram::kDurationMax - 1ns);
  histogram.record(Histogram::kDurationMax - 10ns);
  EXPECT_TRUE(histogram.sum_ns() == static_cast<Int128>(Histogram::kDurationMax.count()) * 9 - 18);
  EXPECT_EQ(histogram.mean(), Histogram::kDurationMax - 2ns);
}

TEST(Histogram, the_mean_is_rounded_down) {
  EXPECT_EQ(histogram_of({1, 2}).mean(), 1ns);
  EXPECT_EQ(histogram_of({1, 2, 3}).mean(), 2ns);
}

TEST(Histogram, merging_with_an_empty_one_changes_nothing) {
  const Histogram histogram = histogram_of({5, 5'000'000});
  Histogram merged = histogram;
  merged.merge(Histogram{});
  EXPECT_EQ(merged, histogram);
  Histogram into_empty;
  into_empty.merge(histogram);
  EXPECT_EQ(into_empty, histogram);
}

TEST(Histogram, merges_with_itself) {
  Histogram histogram = histogram_of({5, 5'000'000});
  histogram.merge(histogram);
  EXPECT_EQ(histogram, histogram_of({5, 5, 5'000'000, 5'000'000}));
}

TEST(Histogram, different_content_is_unequal) {
  EXPECT_NE(histogram_of({5}), histogram_of({6}));
  EXPECT_NE(histogram_of({5}), histogram_of({5, 5}));
  EXPECT_NE(histogram_of({1'000'000}), histogram_of({1'000'001}));
}

RC_GTEST_PROP(Histogram, quantiles_are_within_the_bound_of_the_exact_ones, ()) {
  const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(any_duration()));
  const Histogram histogram = histogram_of(values);
  const auto drawn = *rc::gen::resize(100, rc::gen::inRange<std::int64_t>(0, 1'000'001));
  for (const std::int64_t share : {drawn, std::int64_t{500'000}, std::int64_t{950'000}, std::int64_t{990'000}}) {
    const Duration reported = histogram.quantile(Millionths{share}).value();
    RC_ASSERT(is_within_bound(reported.count(), exact_quantile(values, share)));
    RC_ASSERT(reported >= histogram.min().value());
    RC_ASSERT(reported <= histogram.max().value());
  }
  Int128 sum = 0;
  for (const std::int64_t ns : values) sum += ns;
  RC_ASSERT(histogram.count() == values.size());
  RC_ASSERT(histogram.sum_ns() == sum);
  RC_ASSERT(histogram.min() == Duration{*std::min_element(values.begin(), values.end())});
  RC_ASSERT(histogram.max() == Duration{*std::max_element(values.begin(), values.end())});
}

RC_GTEST_PROP(Histogram, merging_in_any_order_is_recording_all, ()) {
  const auto ours = *rc::gen::container<std::vector<std::int64_t>>(any_duration());
  const auto theirs = *rc::gen::container<std::vector<std::int64_t>>(any_duration());
  std::vector<std::int64_t> all = theirs;
  all.insert(all.end(), ours.rbegin(), ours.rend());
  Histogram merged = histogram_of(ours);
  merged.merge(histogram_of(theirs));
  Histogram reversed = histogram_of(theirs);
  reversed.merge(histogram_of(ours));
  RC_ASSERT(merged == histogram_of(all));
  RC_ASSERT(reversed == merged);
}

RC_GTEST_PROP(Histogram, is_read_back_from_its_content, ()) {
  const Histogram histogram = histogram_of(*rc::gen::container<std::vector<std::int64_t>>(any_duration()));
  RC_ASSERT(Histogram::of(histogram.content()) == histogram);
}

TEST(Histogram, content_without_a_recording_is_refused) {
  const Histogram::Content good = histogram_of({1'000'000, 2'000'000, 3'000'000}).content();
  ASSERT_TRUE(Histogram::of(good));
  const auto refused = [&](auto spoil) {
    Histogram::Content bad = good;
    spoil(bad);
    return !Histogram::of(bad);
  };
  EXPECT_TRUE(refused([](auto& content) { content.buckets.clear(); }));
  EXPECT_TRUE(refused([](auto& content) { content.buckets[1].second = 0; }));
  EXPECT_TRUE(refused([](auto& content) { std::swap(content.buckets[0], content.buckets[1]); }));
  EXPECT_TRUE(refused([](auto& content) { content.buckets.pop_back(); }));
  EXPECT_TRUE(refused([](auto& content) { content.buckets.back().first += 100'000; }));
  EXPECT_TRUE(refused([](auto& content) { content.max_ns = UINT64_MAX; }));
  EXPECT_TRUE(refused([](auto& content) { content.min_ns = content.max_ns + 1; }));
  EXPECT_TRUE(refused([](auto& content) { content.sum_ns = 1; }));
  EXPECT_TRUE(refused([](auto& content) { content.buckets[0].second = UINT64_MAX; }));
}

}  // namespace
}  // namespace windtunnel::inline base::histogram_test
