#include "monitor/breaker/loose_buckets.h"

#include "base/check.h"

namespace windtunnel::monitor {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

Duration length_of(const BreakerConfig& config) {
  const std::int64_t width = config.window_buckets * kMillisecond;
  const std::int64_t half = config.window_origin == WindowOrigin::rotate_one ? width / 2 : 0;
  return Duration{(config.window.count() + half) / width * kMillisecond};
}

}  // namespace

LooseBuckets::LooseBuckets(const BreakerConfig& config, Instant created)
    : is_stamped_(config.window_origin == WindowOrigin::stamped_ring),
      window_(config.window),
      length_(length_of(config)),
      buckets_(static_cast<std::size_t>(config.window_buckets)) {
  check(length_ > Duration::zero(), "a bucket lasts a millisecond or longer");
  clear(created);
}

void LooseBuckets::add(Instant now, bool failed) {
  turn(now);
  for (WindowCounts* const counts : {&buckets_[current_].counts, &counts_}) {
    ++counts->calls;
    counts->failures += failed ? 1 : 0;
  }
}

void LooseBuckets::turn(Instant now) {
  if (now - *buckets_[current_].stamp < length_) return;
  if (is_stamped_) return turn_stamped(now);
  move_on(now);
}

void LooseBuckets::turn_stamped(Instant now) {
  std::int64_t moves = (now - *buckets_[current_].stamp) / length_;
  if (moves > static_cast<std::int64_t>(buckets_.size())) {
    counts_ = {};
    current_ = 0;
    for (Bucket& bucket : buckets_) {
      bucket = {.counts = {}, .stamp = now};
      now += length_;
    }
    return;
  }
  for (; moves > 0; --moves) {
    const std::optional<Instant> before = buckets_[next()].stamp;
    move_on(before ? *before + window_ : *buckets_[current_].stamp + length_);
  }
}

void LooseBuckets::move_on(std::optional<Instant> stamp) {
  current_ = next();
  Bucket& bucket = buckets_[current_];
  counts_.calls -= bucket.counts.calls;
  counts_.failures -= bucket.counts.failures;
  bucket = {.counts = {}, .stamp = stamp};
}

void LooseBuckets::clear(Instant now) {
  for (Bucket& bucket : buckets_) bucket = {};
  counts_ = {};
  current_ = 0;
  buckets_.front().stamp = is_stamped_ ? now : Instant{};
}

void LooseBuckets::forget_failures() {
  counts_.failures = 0;
  for (Bucket& bucket : buckets_) bucket.counts.failures = 0;
}

}  // namespace windtunnel::monitor
