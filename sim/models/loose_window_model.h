#pragma once
// The buckets of window_origin rotate_one and stamped_ring for the models: a list from the oldest bucket to the current
// one, each with what came in it. monitor/breaker/loose_buckets.h has the rules; nothing is shared with it.

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "base/units.h"
#include "monitor/breaker/breaker_config.h"

namespace windtunnel::sim {

template <class Outcome>
class LooseWindowModel {
 public:
  LooseWindowModel(const monitor::BreakerConfig& config, Instant created) : config_(config) { clear(created); }

  void clear(Instant now) {
    buckets_.assign(static_cast<std::size_t>(config_.window_buckets), {});
    buckets_.back().begins = is_stamped() ? now : Instant{};
  }

  void add(const Outcome& outcome, Instant now) {
    is_stamped() ? turn_stamps(now) : rotate(now);
    buckets_.back().outcomes.push_back(outcome);
  }

  // Those in the window, oldest bucket first.
  [[nodiscard]] std::vector<Outcome> outcomes() const {
    std::vector<Outcome> all;
    for (const Bucket& bucket : buckets_) all.insert(all.end(), bucket.outcomes.begin(), bucket.outcomes.end());
    return all;
  }

  template <class Change>
  void change_each(Change change) {
    for (Bucket& bucket : buckets_) std::ranges::for_each(bucket.outcomes, change);
  }

 private:
  struct Bucket {
    std::optional<Instant> begins;
    std::vector<Outcome> outcomes;
  };

  [[nodiscard]] bool is_stamped() const { return config_.window_origin == monitor::WindowOrigin::stamped_ring; }

  // Whole milliseconds: the library of rotate_one rounds to the nearest, the other one down.
  [[nodiscard]] Duration width() const {
    using std::chrono::milliseconds;
    const Duration exact = config_.window / config_.window_buckets;
    return is_stamped() ? std::chrono::floor<milliseconds>(exact)
                        : std::chrono::floor<milliseconds>(
                              (config_.window + config_.window_buckets * Duration{500'000}) / config_.window_buckets);
  }

  void leave(std::optional<Instant> begins) {
    buckets_.pop_front();
    buckets_.push_back({begins, {}});
  }

  void rotate(Instant now) {
    if (now >= *buckets_.back().begins + width()) leave(now);
  }

  void turn_stamps(Instant now) {
    const std::int64_t steps = std::max<std::int64_t>(0, (now - *buckets_.back().begins) / width());
    if (steps > config_.window_buckets) {
      // The first of them is the current one, and those after it have stamps of the time to come.
      for (std::int64_t i = 1; i <= config_.window_buckets; ++i) leave(now + i * width());
      buckets_.back().begins = now;
      return;
    }
    for (std::int64_t i = 0; i < steps; ++i) {
      const Instant next = *buckets_.back().begins + width();
      leave(buckets_.front().begins ? *buckets_.front().begins + config_.window : next);
    }
  }

  monitor::BreakerConfig config_;
  std::deque<Bucket> buckets_;
};

}  // namespace windtunnel::sim
