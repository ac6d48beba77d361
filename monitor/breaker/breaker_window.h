#pragma once
// The outcomes that a breaker's rate and count rules use. It counts and does not judge.
//
// One of six shapes, chosen by the settings: none; a ring of the last N outcomes; a log of instants (an exact time
// window); a ring of buckets, or one that the outcomes turn; a plain tally (fixed and lifetime windows). The log grows
// to the outcomes of one window and is then reused; nothing else allocates after construction.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "monitor/breaker/breaker_config.h"
#include "monitor/breaker/loose_buckets.h"
#include "monitor/breaker/window_counts.h"

namespace windtunnel::monitor {

class BreakerWindow {
 public:
  BreakerWindow(const BreakerConfig& config, Instant created);

  // Counts one outcome that came in at `now` for a call permitted at `started`, and drops what has left the window.
  void add(Instant started, Instant now, bool failed) {
    if (shape_ == Shape::ring) [[likely]] {
      add_to_ring(failed);
      return;
    }
    add_elsewhere(started, now, failed);
  }

  // Counts one acquire. Only a window of buckets does.
  void add_attempt(Instant now);

  // As of the latest add(): what the rules judge.
  [[nodiscard]] WindowCounts counts() const { return counts_; }
  // As of `now`, which is not before the latest add(). Changes nothing.
  [[nodiscard]] WindowCounts counts(Instant now) const;

  // A fixed window whose end lies strictly before `now`. No other window is ever over.
  [[nodiscard]] bool is_over(Instant now) const { return ends_ && now - began_ > length_; }

  // Starts again at `now`: a close, or the next fixed window.
  void clear(Instant now);
  // Forgets the outcomes; what is measured from the last close stays where it is.
  void forget(Instant now);
  // Clears it, keeps the outcomes, or keeps them as successes. What is measured from the last close moves.
  void close(OnClose on_close, Instant now);

 private:
  enum class Shape : std::uint8_t { none, ring, log, buckets, loose_buckets, tally };
  struct Sample {
    Instant when{};
    bool failed = false;
  };

  static Shape shape_for(const BreakerConfig& config);
  void add_to_ring(bool failed) {
    std::uint8_t& slot = ring_[next_];
    if (counts_.calls == static_cast<std::int64_t>(ring_.size())) {
      counts_.failures -= slot;
    } else {
      ++counts_.calls;
    }
    slot = failed ? 1 : 0;
    counts_.failures += slot;
    if (++next_ == ring_.size()) next_ = 0;
  }
  void rebase(Instant now);
  void forget_failures();
  void add_elsewhere(Instant started, Instant now, bool failed);
  void add_to_log(Instant when, Instant now, bool failed);
  void add_to_bucket(Instant when, Instant now, bool failed);
  // Drops the buckets that the window leaves when this one is the current one.
  void turn_to(std::int64_t current);
  [[nodiscard]] bool has_left(Instant when, Instant now) const;
  [[nodiscard]] std::int64_t bucket(Instant when) const;
  [[nodiscard]] std::size_t slot(std::int64_t bucket) const;
  [[nodiscard]] const Sample& sample(std::size_t position) const { return log_[position & (log_.size() - 1)]; }
  [[nodiscard]] Sample& sample(std::size_t position) { return log_[position & (log_.size() - 1)]; }

  Shape shape_;
  bool ends_;             // fixed
  bool by_start_;         // bucket_of start
  bool moves_origin_;     // window_origin closed_start
  std::size_t next_ = 0;  // ring: the slot of the next outcome, which is the oldest one's
  WindowCounts counts_;
  std::vector<std::uint8_t> ring_;  // 1 = failure

  std::vector<Sample> log_;  // a ring in order of `when`; its size is a power of two
  std::size_t log_first_ = 0;
  std::size_t log_end_ = 0;

  std::vector<WindowCounts> buckets_;
  std::int64_t bucket_count_;  // 0: exact
  std::int64_t newest_ = 0;    // the latest bucket that has begun, as of the latest add()
  std::optional<LooseBuckets> loose_buckets_;

  Duration length_;
  Instant origin_;  // where bucket 0 begins
  Instant began_;   // of a fixed window
};

}  // namespace windtunnel::monitor
