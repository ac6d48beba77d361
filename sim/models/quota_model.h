#pragma once
// A provider's quota from its definition: of each limit, what was admitted within its window counts. A bucket holds
// what is there instead of what is missing.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "base/calendar.h"
#include "base/units.h"

namespace windtunnel::sim {

// One limit: so much of what `of` gives in a period.
struct QuotaClause {
  enum class Of : std::uint8_t { requests, input, output, tokens };
  enum class Shape : std::uint8_t { window, pacific_day, sliding, bucket };
  Of of = Of::requests;
  Shape shape = Shape::window;
  std::int64_t amount = 0;
  Duration period{0};
};

class QuotaModel {
 public:
  void add(const QuotaClause& clause) { counted_.push_back({clause, {}, 0, std::nullopt, 0}); }
  [[nodiscard]] bool limited() const { return !counted_.empty(); }

  // Counts what comes now if it fits.
  bool admits(WallTime now, std::int64_t input, std::int64_t output) {
    for (Counted& counted : counted_) forget(counted, now);
    for (const Counted& counted : counted_) {
      if (!has_room(counted, taken(counted.clause, input, output))) return false;
    }
    for (Counted& counted : counted_) {
      const std::int64_t more = taken(counted.clause, input, output);
      if (counted.clause.shape == QuotaClause::Shape::bucket) {
        counted.there -= Int128{more} * counted.clause.period.count();
      } else {
        counted.admitted.emplace_back(now, more);
        counted.sum += more;
      }
    }
    return true;
  }

 private:
  struct Counted {
    QuotaClause clause;
    std::deque<std::pair<WallTime, std::int64_t>> admitted;  // that may still count, the oldest first
    std::int64_t sum = 0;                                    // of these
    std::optional<WallTime> filled;                          // a bucket, until then
    Int128 there = 0;                                        // in it, times the period
  };

  static std::int64_t taken(const QuotaClause& clause, std::int64_t input, std::int64_t output) {
    switch (clause.of) {
      case QuotaClause::Of::requests:
        return 1;
      case QuotaClause::Of::input:
        return input;
      case QuotaClause::Of::output:
        return output;
      case QuotaClause::Of::tokens:
        return input + output;
    }
    return 0;
  }

  static bool has_room(const Counted& counted, std::int64_t more) {
    if (counted.clause.shape == QuotaClause::Shape::bucket) {
      return counted.there >= Int128{more} * counted.clause.period.count();
    }
    return counted.sum + more <= counted.clause.amount;
  }

  static void forget(Counted& counted, WallTime now) {
    if (counted.clause.shape == QuotaClause::Shape::bucket) {
      const Int128 whole = Int128{counted.clause.amount} * counted.clause.period.count();
      counted.there =
          counted.filled
              ? std::min(whole, counted.there + Int128{counted.clause.amount} * (now - *counted.filled).count())
              : whole;
      counted.filled = now;
      return;
    }
    const WallTime begin = begin_of(counted.clause, now);
    while (!counted.admitted.empty() && counted.admitted.front().first < begin) {
      counted.sum -= counted.admitted.front().second;
      counted.admitted.pop_front();
    }
  }

  // What was admitted before counts no more.
  static WallTime begin_of(const QuotaClause& clause, WallTime now) {
    if (clause.shape == QuotaClause::Shape::pacific_day) return pacific_day_of(now).begin;
    const auto floor_to = [](WallTime wall, Duration unit) {
      Duration into = wall.time_since_epoch() % unit;
      if (into < Duration{0}) into += unit;
      return wall - into;
    };
    if (clause.shape == QuotaClause::Shape::window) return floor_to(now, clause.period);
    return floor_to(now, clause.period / 60) - clause.period;
  }

  std::vector<Counted> counted_;
};

}  // namespace windtunnel::sim
