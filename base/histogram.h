#pragma once
// The distribution of durations, to three significant digits.
//
// Durations below 1024 ns have a bucket each; above, every power of two is divided into 512 equal buckets. A quantile
// is the middle of its bucket, so it is off by at most 1/1024 of the true value (< 0.1 %), and exact at both ends.
// Count, sum, min and max are exact. Histograms add up: merging is exact and in any order gives the same as recording
// all. Memory is 4 KiB per power of two between the least and the greatest recorded duration.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/units.h"

namespace windtunnel::inline base {

class Histogram {
 public:
  static constexpr Duration kDurationMax{std::int64_t{1} << 62};

  // [0, kDurationMax], checked.
  void record(Duration duration) {
    check(duration >= Duration{0} && duration <= kDurationMax, "a recorded duration is between 0 and 2^62 ns");
    const auto ns = static_cast<std::uint64_t>(duration.count());
    const std::size_t bucket = bucket_of(ns);
    if (bucket - first_bucket_ >= counts_.size()) [[unlikely]]
      cover(bucket);
    ++counts_[bucket - first_bucket_];
    ++count_;
    sum_ns_ += duration.count();
    if (ns < min_ns_) min_ns_ = ns;
    if (ns > max_ns_) max_ns_ = ns;
  }
  void merge(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] Int128 sum_ns() const { return sum_ns_; }
  // All nothing while the histogram is empty.
  [[nodiscard]] std::optional<Duration> min() const;
  [[nodiscard]] std::optional<Duration> max() const;
  [[nodiscard]] std::optional<Duration> mean() const;  // rounded down to a nanosecond
  // Nearest rank: the ceil(share x count)-th least, the least for share 0. share is in [0, 1].
  [[nodiscard]] std::optional<Duration> quantile(Millionths share) const;

  // What was recorded, as numbers that can be written down and read back: buckets by their number, ascending, without
  // empty ones.
  struct Content {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> buckets;
    Int128 sum_ns = 0;
    std::uint64_t min_ns = 0;  // of an empty histogram 0, and so is the greatest
    std::uint64_t max_ns = 0;
    friend bool operator==(const Content&, const Content&) = default;
  };
  [[nodiscard]] Content content() const;
  // Nothing if no recording could have given this.
  [[nodiscard]] static std::optional<Histogram> of(const Content& content);

  // Equal if the same multiset of buckets, sum, min and max was recorded.
  friend bool operator==(const Histogram&, const Histogram&) = default;

 private:
  static constexpr unsigned kDivisionBits = 9;
  static constexpr std::size_t kDivisions = std::size_t{1} << kDivisionBits;  // of one power of two

  // Buckets come in groups of kDivisions. Group 0 holds 0..511 ns and group 1 512..1023 ns, in buckets of 1 ns; each
  // further group is one power of two, in buckets twice as wide as those of the group before.
  static std::size_t bucket_of(std::uint64_t ns) {
    const auto shift = static_cast<unsigned>(std::bit_width(ns | kDivisions)) - (kDivisionBits + 1);
    return (static_cast<std::size_t>(shift) << kDivisionBits) + static_cast<std::size_t>(ns >> shift);
  }
  static std::uint64_t middle_of(std::size_t bucket);
  void cover(std::size_t bucket);

  // Covers exactly the groups between those of min and max, so that equal content is equal memory.
  std::vector<std::uint64_t> counts_;
  std::size_t first_bucket_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t min_ns_ = UINT64_MAX;
  std::uint64_t max_ns_ = 0;
  Int128 sum_ns_ = 0;
};

}  // namespace windtunnel::inline base
