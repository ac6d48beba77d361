#pragma once
// What one caller, or one target, has used of one limit.
//
// Three amounts are counted (requests, weighted tokens, money), and the slots that are taken. `used` is what the
// limit's algorithm looks at: of the window, of the latest period, or what is missing from a full bucket. A charge is
// put where the request that it belongs to was admitted: `stamp` names that window or step, and a charge for one that
// is over changes nothing.
//
// Time is monotonic; the first wall clock gives the calendar's windows their phase, so that no step of the clock opens
// or prolongs one. Amounts are whole numbers: a bucket's are multiplied by its period, so that it fills exactly.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "monitor/limits/limit.h"

namespace windtunnel::monitor {

// Requests, weighted tokens (in millionths of a token) and money (in pico-dollars).
using LimitAmounts = std::array<Int128, 3>;
inline constexpr std::size_t kLimitRequests = 0;
inline constexpr std::size_t kLimitTokens = 1;
inline constexpr std::size_t kLimitMoney = 2;

// How accounts of one limit count. The limit's words, worked out once.
class LimitRule {
 public:
  LimitRule(const LimitConfig& config, WallTime at_zero);

  [[nodiscard]] bool limits(std::size_t kind) const { return amounts_[kind].has_value(); }
  [[nodiscard]] Int128 limit(std::size_t kind) const { return *amounts_[kind]; }
  [[nodiscard]] const std::optional<std::int64_t>& slots() const { return slots_; }
  [[nodiscard]] bool is_sliding() const { return is_sliding_; }
  [[nodiscard]] LimitAmounts amounts_of(std::int64_t requests, std::int64_t input, std::int64_t output,
                                        std::int64_t picos) const {
    return {requests, Int128{input} * input_weight_ + Int128{output} * output_weight_, picos};
  }

 private:
  friend class LimitAccount;

  std::array<std::optional<Int128>, 3> amounts_;
  std::optional<std::int64_t> slots_;
  std::int64_t input_weight_;
  std::int64_t output_weight_;
  std::int64_t period_ = 0;  // nanoseconds; 0: a calendar month
  std::int64_t step_ = 0;    // of a sliding window
  WallTime at_zero_;
  bool is_sliding_;
  bool is_bucket_;
  bool is_from_first_use_;
};

class LimitAccount {
 public:
  // The steps of a sliding window and the one that has begun.
  static constexpr std::int64_t kRing = kLimitSteps + 1;
  using Ring = std::array<LimitAmounts, static_cast<std::size_t>(kRing)>;

  // Time has come to `now`: windows that are over are forgotten.
  void advance(const LimitRule& rule, Ring* ring, Instant now);
  // After advance(): every kind, and a slot, has room.
  [[nodiscard]] bool has_room(const LimitRule& rule, const LimitAmounts& more, bool takes_slot) const;
  // After advance(): this kind has no room for `more`.
  [[nodiscard]] bool lacks(const LimitRule& rule, std::size_t kind, const LimitAmounts& more) const;
  // Whether a charge with this stamp still counts.
  [[nodiscard]] bool counts_for(const LimitRule& rule, std::int64_t stamp) const {
    if (rule.is_bucket_) return true;
    return rule.is_sliding_ ? window_ - stamp < kRing : stamp == window_;
  }
  // How long until what was used makes room for `more`, as far as time alone makes it; 0: time does not.
  [[nodiscard]] Duration wait_for(const LimitRule& rule, const LimitAmounts& more, Instant now) const;

  // Where a charge of now belongs. Begins a window from its first use.
  [[nodiscard]] std::int64_t stamp(const LimitRule& rule, Instant now);
  void charge(const LimitRule& rule, Ring* ring, std::int64_t stamp, const LimitAmounts& more);
  // Where a charge of an earlier instant belongs; nothing: to a window that is over.
  [[nodiscard]] std::optional<std::int64_t> stamp_at(const LimitRule& rule, Instant at, Instant now);
  void add_slots(std::int64_t more) { slots_ += more; }

  [[nodiscard]] std::int64_t slots() const { return slots_; }
  // In the unit of the amount; of a bucket what is missing from it, rounded up.
  [[nodiscard]] Int128 used(const LimitRule& rule, std::size_t kind) const;
  [[nodiscard]] std::int64_t window() const { return window_; }

 private:
  static constexpr std::int64_t kNone = INT64_MIN;

  void advance_window(const LimitRule& rule, Instant now);
  void advance_steps(const LimitRule& rule, Ring& ring, Instant now);
  void fill(const LimitRule& rule, Instant now);

  LimitAmounts used_{};
  std::int64_t slots_ = 0;
  std::int64_t window_ = kNone;   // the begin of the window, or the step of a sliding window
  Instant end_ = Instant::min();  // of the window or step; of a bucket: until when it was filled
};

}  // namespace windtunnel::monitor
