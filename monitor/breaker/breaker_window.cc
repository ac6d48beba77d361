#include "monitor/breaker/breaker_window.h"

#include <algorithm>
#include <utility>

namespace windtunnel::monitor {
namespace {

constexpr std::size_t kLogSizeFirst = 16;

}  // namespace

// Buckets hold no instants, so outcomes that are kept while the bucket edges move need the log.
BreakerWindow::Shape BreakerWindow::shape_for(const BreakerConfig& config) {
  if (!config.window_type) return Shape::none;
  switch (*config.window_type) {
    case WindowType::count:
      return Shape::ring;
    case WindowType::fixed:
      return Shape::tally;
    case WindowType::lifetime:
      return Shape::tally;
    case WindowType::time:
      break;
  }
  if (turns_by_outcomes(config.window_origin)) return Shape::loose_buckets;
  const bool edges_move = config.window_origin == WindowOrigin::closed_start && keeps_counts(config.on_close);
  return config.window_buckets == 0 || edges_move ? Shape::log : Shape::buckets;
}

BreakerWindow::BreakerWindow(const BreakerConfig& config, Instant created)
    : shape_(shape_for(config)),
      ends_(config.window_type == WindowType::fixed),
      by_start_(config.bucket_of == BucketOf::start && config.window_buckets > 0),
      moves_origin_(config.window_origin == WindowOrigin::closed_start),
      bucket_count_(config.window_buckets),
      length_(config.window),
      origin_(moves_origin_ ? created : Instant{}),
      began_(created) {
  if (shape_ == Shape::ring) ring_.resize(static_cast<std::size_t>(config.window_size));
  if (shape_ == Shape::log) log_.resize(kLogSizeFirst);
  if (shape_ == Shape::buckets) {
    buckets_.resize(static_cast<std::size_t>(bucket_count_));
    newest_ = bucket(created);
  }
  if (shape_ == Shape::loose_buckets) loose_buckets_.emplace(config, created);
}

WindowCounts BreakerWindow::counts(Instant now) const {
  WindowCounts counts = counts_;
  if (shape_ == Shape::log) {
    for (std::size_t i = log_first_; i != log_end_ && has_left(sample(i).when, now); ++i) {
      --counts.calls;
      counts.failures -= sample(i).failed ? 1 : 0;
    }
  }
  if (shape_ == Shape::buckets) {
    const std::int64_t leaving = std::min(bucket(now) - newest_, bucket_count_);
    for (std::int64_t i = 1; i <= leaving; ++i) {
      const WindowCounts& gone = buckets_[slot(newest_ + i)];
      counts.calls -= gone.calls;
      counts.failures -= gone.failures;
      counts.attempts -= gone.attempts;
    }
  }
  return counts;
}

void BreakerWindow::add_attempt(Instant now) {
  const std::int64_t current = bucket(now);
  turn_to(current);
  ++buckets_[slot(current)].attempts;
  ++counts_.attempts;
}

void BreakerWindow::clear(Instant now) {
  rebase(now);
  forget(now);
}

void BreakerWindow::forget(Instant now) {
  counts_ = {};
  next_ = 0;
  log_first_ = log_end_ = 0;
  std::fill(buckets_.begin(), buckets_.end(), WindowCounts{});
  if (shape_ == Shape::buckets) newest_ = bucket(now);
  if (loose_buckets_) loose_buckets_->clear(now);
}

void BreakerWindow::close(OnClose on_close, Instant now) {
  if (!keeps_counts(on_close)) return clear(now);
  if (on_close == OnClose::reset_failures) forget_failures();
  rebase(now);
}

void BreakerWindow::rebase(Instant now) {
  began_ = now;
  if (moves_origin_) origin_ = now;
}

void BreakerWindow::forget_failures() {
  counts_.failures = 0;
  std::fill(ring_.begin(), ring_.end(), std::uint8_t{0});
  for (Sample& sample : log_) sample.failed = false;
  for (WindowCounts& bucket : buckets_) bucket.failures = 0;
  if (loose_buckets_) loose_buckets_->forget_failures();
}

void BreakerWindow::add_elsewhere(Instant started, Instant now, bool failed) {
  switch (shape_) {
    case Shape::none:
      return;
    case Shape::ring:
      return add_to_ring(failed);
    case Shape::log:
      return add_to_log(by_start_ ? started : now, now, failed);
    case Shape::buckets:
      return add_to_bucket(by_start_ ? started : now, now, failed);
    case Shape::loose_buckets:
      loose_buckets_->add(now, failed);
      counts_ = loose_buckets_->counts();
      return;
    case Shape::tally:
      ++counts_.calls;
      counts_.failures += failed ? 1 : 0;
      return;
  }
}

void BreakerWindow::add_to_log(Instant when, Instant now, bool failed) {
  while (log_first_ != log_end_ && has_left(sample(log_first_).when, now)) {
    --counts_.calls;
    counts_.failures -= sample(log_first_).failed ? 1 : 0;
    ++log_first_;
  }
  if (has_left(when, now)) return;
  if (log_end_ - log_first_ == log_.size()) {
    std::vector<Sample> larger(log_.size() * 2);
    for (std::size_t i = log_first_; i != log_end_; ++i) larger[i - log_first_] = sample(i);
    log_end_ -= log_first_;
    log_first_ = 0;
    log_ = std::move(larger);
  }
  // Results come in order, permits (bucket_of start) nearly so: a late one moves back to its place.
  std::size_t place = log_end_++;
  for (; place != log_first_ && sample(place - 1).when > when; --place) sample(place) = sample(place - 1);
  sample(place) = {when, failed};
  ++counts_.calls;
  counts_.failures += failed ? 1 : 0;
}

void BreakerWindow::turn_to(std::int64_t current) {
  for (const std::int64_t last = std::min(current, newest_ + bucket_count_); newest_ < last;) {
    WindowCounts& gone = buckets_[slot(++newest_)];
    counts_.calls -= gone.calls;
    counts_.failures -= gone.failures;
    counts_.attempts -= gone.attempts;
    gone = {};
  }
  newest_ = current;
}

void BreakerWindow::add_to_bucket(Instant when, Instant now, bool failed) {
  const std::int64_t current = bucket(now);
  turn_to(current);
  const std::int64_t chosen = when == now ? current : bucket(when);
  if (current - chosen >= bucket_count_) return;
  WindowCounts& into = buckets_[slot(chosen)];
  ++into.calls;
  into.failures += failed ? 1 : 0;
  ++counts_.calls;
  counts_.failures += failed ? 1 : 0;
}

bool BreakerWindow::has_left(Instant when, Instant now) const {
  if (bucket_count_ == 0) return now - when >= length_;
  return bucket(now) - bucket(when) >= bucket_count_;
}

// floor(elapsed x buckets / window), exact also where a bucket is no whole number of nanoseconds. A permit may be older
// than the origin: then the bucket is negative.
std::int64_t BreakerWindow::bucket(Instant when) const {
  const std::int64_t elapsed = (when - origin_).count();
  const std::int64_t length = length_.count();
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(elapsed, bucket_count_, &product)) [[likely]] {
    const std::int64_t quotient = product / length;
    return quotient - (product % length < 0 ? 1 : 0);
  }
  const Int128 wide = Int128{elapsed} * bucket_count_;
  const Int128 quotient = wide / length;
  return static_cast<std::int64_t>(quotient) - (wide % length < 0 ? 1 : 0);
}

std::size_t BreakerWindow::slot(std::int64_t bucket) const {
  const std::int64_t remainder = bucket % bucket_count_;
  return static_cast<std::size_t>(remainder < 0 ? remainder + bucket_count_ : remainder);
}

}  // namespace windtunnel::monitor
