#pragma once
// Buckets of a time window as two libraries turn them: by the outcomes that come, and not by the clock alone.
//
//   rotate_one    An outcome that comes when the current bucket has lasted its length or longer begins the next bucket
//   at
//                 its own instant, and the oldest one leaves; after a pause the others stay. At first, and after a
//                 clear, the current bucket began at Instant{}. Length: window / buckets in milliseconds, rounded half
//                 up. Read from cockatiel 3.2.1, SamplingBreaker.
//   stamped_ring  Each bucket has a stamp: when it begins. An outcome that comes `k` lengths after the current one's
//                 stamp moves on by k buckets, each of which is emptied and stamped one window after its stamp before,
//                 or one length after its neighbour's if it had none. Where k exceeds the buckets, all are emptied and
//                 stamped from now on, one length apart, so that the next ones are one window ahead and last so much
//                 longer. Length: window / buckets in milliseconds, rounded down. Read from Failsafe 3.3.2,
//                 TimedCircuitStats.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "monitor/breaker/breaker_config.h"
#include "monitor/breaker/window_counts.h"

namespace windtunnel::monitor {

class LooseBuckets {
 public:
  LooseBuckets(const BreakerConfig& config, Instant created);

  // The instants do not go backwards.
  void add(Instant now, bool failed);
  [[nodiscard]] WindowCounts counts() const { return counts_; }
  void clear(Instant now);
  // Counts the failures as successes.
  void forget_failures();

 private:
  struct Bucket {
    WindowCounts counts;
    std::optional<Instant> stamp;
  };

  void turn(Instant now);
  void turn_stamped(Instant now);
  void move_on(std::optional<Instant> stamp);
  [[nodiscard]] std::size_t next() const { return current_ + 1 == buckets_.size() ? 0 : current_ + 1; }

  bool is_stamped_;
  Duration window_;
  Duration length_;  // of a bucket
  std::vector<Bucket> buckets_;
  std::size_t current_ = 0;
  WindowCounts counts_;
};

}  // namespace windtunnel::monitor
