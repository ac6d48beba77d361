#include "base/histogram.h"

#include <algorithm>

namespace windtunnel::inline base {
namespace {
Duration duration_of(std::uint64_t ns) { return Duration{static_cast<std::int64_t>(ns)}; }
}  // namespace

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  cover(bucket_of(other.min_ns_));
  cover(bucket_of(other.max_ns_));
  const std::size_t offset = other.first_bucket_ - first_bucket_;
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[offset + i] += other.counts_[i];
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
  min_ns_ = std::min(min_ns_, other.min_ns_);
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

std::optional<Duration> Histogram::min() const {
  if (count_ == 0) return std::nullopt;
  return duration_of(min_ns_);
}

std::optional<Duration> Histogram::max() const {
  if (count_ == 0) return std::nullopt;
  return duration_of(max_ns_);
}

std::optional<Duration> Histogram::mean() const {
  if (count_ == 0) return std::nullopt;
  return Duration{static_cast<std::int64_t>(sum_ns_ / static_cast<Int128>(count_))};
}

std::optional<Duration> Histogram::quantile(Millionths share) const {
  check(share.value >= 0 && share.value <= 1'000'000, "a quantile's share is between 0 and 1");
  if (count_ == 0) return std::nullopt;
  const Int128 product = static_cast<Int128>(count_) * share.value;
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>((product + 999'999) / 1'000'000));
  if (rank == 1) return duration_of(min_ns_);
  if (rank == count_) return duration_of(max_ns_);
  std::size_t i = 0;
  for (std::uint64_t seen = counts_[0]; seen < rank; seen += counts_[i]) ++i;
  return duration_of(std::clamp(middle_of(first_bucket_ + i), min_ns_, max_ns_));
}

Histogram::Content Histogram::content() const {
  Content content;
  if (count_ == 0) return content;
  content = {.buckets = {}, .sum_ns = sum_ns_, .min_ns = min_ns_, .max_ns = max_ns_};
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) content.buckets.emplace_back(static_cast<std::uint32_t>(first_bucket_ + i), counts_[i]);
  }
  return content;
}

std::optional<Histogram> Histogram::of(const Content& content) {
  Histogram histogram;
  if (content.buckets.empty()) return content == Content{} ? std::optional{histogram} : std::nullopt;
  constexpr auto kMax = static_cast<std::uint64_t>(kDurationMax.count());
  if (content.min_ns > content.max_ns || content.max_ns > kMax) return std::nullopt;
  const bool ends_fit = content.buckets.front().first == bucket_of(content.min_ns) &&
                        content.buckets.back().first == bucket_of(content.max_ns);
  if (!ends_fit) return std::nullopt;
  histogram.cover(content.buckets.front().first);
  histogram.cover(content.buckets.back().first);
  std::optional<std::uint32_t> last;
  for (const auto& [bucket, count] : content.buckets) {
    const bool in_order = (!last || bucket > *last) && bucket <= content.buckets.back().first;
    if (count == 0 || !in_order) return std::nullopt;
    if (__builtin_add_overflow(histogram.count_, count, &histogram.count_)) return std::nullopt;
    histogram.counts_[bucket - histogram.first_bucket_] = count;
    last = bucket;
  }
  const auto count = static_cast<Int128>(histogram.count_);
  if (content.sum_ns / count < content.min_ns || content.sum_ns > count * content.max_ns) return std::nullopt;
  histogram.sum_ns_ = content.sum_ns;
  histogram.min_ns_ = content.min_ns;
  histogram.max_ns_ = content.max_ns;
  return histogram;
}

std::uint64_t Histogram::middle_of(std::size_t bucket) {
  const std::size_t group = bucket >> kDivisionBits;
  const std::size_t shift = group - (group > 0 ? 1 : 0);
  const std::uint64_t least = (bucket - (shift << kDivisionBits)) << shift;
  return least + ((std::uint64_t{1} << shift) >> 1);
}

// Grows by whole groups, to exactly those that are needed.
void Histogram::cover(std::size_t bucket) {
  const std::size_t begin = bucket / kDivisions * kDivisions;
  const std::size_t end = begin + kDivisions;
  if (counts_.empty()) first_bucket_ = begin;
  if (begin < first_bucket_) {
    counts_.insert(counts_.begin(), first_bucket_ - begin, 0);
    first_bucket_ = begin;
  }
  if (end > first_bucket_ + counts_.size()) counts_.resize(end - first_bucket_);
}

}  // namespace windtunnel::inline base
