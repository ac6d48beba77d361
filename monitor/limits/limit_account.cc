#include "monitor/limits/limit_account.h"

#include <algorithm>

#include "base/calendar.h"

namespace windtunnel::monitor {
namespace {

using namespace std::chrono_literals;

// The epoch was a Thursday, and weeks begin on Monday.
constexpr Duration kWeek = 7 * 24h;
constexpr Duration kMondayPhase = 3 * 24h;

Int128 floor_of(Int128 a, Int128 b) { return a % b < 0 ? a / b - 1 : a / b; }

}  // namespace

LimitRule::LimitRule(const LimitConfig& config, WallTime at_zero)
    : amounts_{},
      slots_(config.parallel_requests),
      input_weight_(config.input_weight.value),
      output_weight_(config.output_weight.value),
      period_(config.period ? config.period->count() : 0),
      at_zero_(at_zero),
      is_sliding_(config.is_sliding()),
      is_bucket_(config.is_bucket()),
      is_from_first_use_(config.window == LimitWindow::from_first_use) {
  if (config.requests) amounts_[kLimitRequests] = *config.requests;
  if (config.tokens) amounts_[kLimitTokens] = Int128{config.tokens->count()} * kMillion;
  if (config.usd) amounts_[kLimitMoney] = config.usd->picos();
  if (is_sliding_) step_ = std::max<std::int64_t>(1, (period_ + kLimitSteps - 1) / kLimitSteps);
}

void LimitAccount::advance(const LimitRule& rule, Ring* ring, Instant now) {
  if (rule.is_bucket_) return fill(rule, now);
  if (now < end_) return;
  if (rule.is_sliding_) return advance_steps(rule, *ring, now);
  advance_window(rule, now);
}

// A window from its first use has none until then.
void LimitAccount::advance_window(const LimitRule& rule, Instant now) {
  used_ = {};
  window_ = kNone;
  if (rule.is_from_first_use_) return;
  const WallTime wall = rule.at_zero_ + now.time_since_epoch();
  if (rule.period_ == 0) {
    const CalendarMonth month = month_of(wall);
    window_ = month.begin.time_since_epoch().count();
    end_ = Instant{month.end - rule.at_zero_};
    return;
  }
  const Int128 phase = rule.period_ % kWeek.count() == 0 ? kMondayPhase.count() : 0;
  const Int128 number = floor_of(Int128{wall.time_since_epoch().count()} + phase, rule.period_);
  window_ = static_cast<std::int64_t>(number * rule.period_ - phase);
  end_ = Instant{WallTime{Duration{window_ + rule.period_}} - rule.at_zero_};
}

void LimitAccount::advance_steps(const LimitRule& rule, Ring& ring, Instant now) {
  const std::int64_t step = now.time_since_epoch().count() / rule.step_;
  for (std::int64_t over = std::max(window_, step - kRing); over < step; ++over) {
    // The step after `over` takes the place of the one that is too old.
    LimitAmounts& old = ring[static_cast<std::size_t>((over + 1 + kRing) % kRing)];
    for (std::size_t kind = 0; kind < used_.size(); ++kind) used_[kind] -= old[kind];
    old = {};
  }
  window_ = step;
  end_ = Instant{Duration{(step + 1) * rule.step_}};
}

// Before its first use the account is full, so that all the time until then fills nothing.
void LimitAccount::fill(const LimitRule& rule, Instant now) {
  const Int128 time = Int128{now.time_since_epoch().count()} - end_.time_since_epoch().count();
  if (time <= 0) return;
  end_ = now;
  for (std::size_t kind = 0; kind < used_.size(); ++kind) {
    if (!rule.limits(kind)) continue;
    // What is missing is at most a bucket, so that a product of all time would be no better.
    const Int128 pace = rule.limit(kind);
    used_[kind] = pace != 0 && time > used_[kind] / pace ? Int128{0} : used_[kind] - pace * time;
  }
}

bool LimitAccount::lacks(const LimitRule& rule, std::size_t kind, const LimitAmounts& more) const {
  if (!rule.limits(kind)) return false;
  const Int128 limit = rule.limit(kind);
  if (limit == 0) return true;
  const Int128 scale = rule.is_bucket_ ? rule.period_ : 1;
  return more[kind] > 0 && used_[kind] + more[kind] * scale > limit * scale;
}

bool LimitAccount::has_room(const LimitRule& rule, const LimitAmounts& more, bool takes_slot) const {
  if (takes_slot && rule.slots_ && slots_ >= *rule.slots_) return false;
  for (std::size_t kind = 0; kind < used_.size(); ++kind) {
    if (lacks(rule, kind, more)) return false;
  }
  return true;
}

Duration LimitAccount::wait_for(const LimitRule& rule, const LimitAmounts& more, Instant now) const {
  if (!rule.is_bucket_) {
    for (std::size_t kind = 0; kind < used_.size(); ++kind) {
      if (!rule.limits(kind) || used_[kind] + more[kind] <= rule.limit(kind)) continue;
      return std::max(end_, now) - now;  // before a window begins, its end is as early as can be
    }
    return Duration{0};
  }
  Int128 longest = 0;
  for (std::size_t kind = 0; kind < used_.size(); ++kind) {
    if (!rule.limits(kind) || rule.limit(kind) == 0) continue;
    const Int128 pace = rule.limit(kind);
    const Int128 beyond = used_[kind] + more[kind] * rule.period_ - pace * rule.period_;
    longest = std::max(longest, (beyond + pace - 1) / pace);
  }
  return Duration{static_cast<std::int64_t>(std::min<Int128>(longest, INT64_MAX))};
}

std::int64_t LimitAccount::stamp(const LimitRule& rule, Instant now) {
  if (rule.is_from_first_use_ && window_ == kNone) {
    window_ = now.time_since_epoch().count();
    end_ = now + Duration{rule.period_};
  }
  return window_;
}

std::optional<std::int64_t> LimitAccount::stamp_at(const LimitRule& rule, Instant at, Instant now) {
  if (rule.is_bucket_) return window_;
  if (rule.is_sliding_) return at.time_since_epoch().count() / rule.step_;
  if (!rule.is_from_first_use_) {
    const WallTime wall = rule.at_zero_ + at.time_since_epoch();
    return wall.time_since_epoch().count() >= window_ ? std::optional{window_} : std::nullopt;
  }
  if (window_ == kNone) {
    if (at + Duration{rule.period_} <= now) return std::nullopt;
    return stamp(rule, at);
  }
  return at.time_since_epoch().count() >= window_ ? std::optional{window_} : std::nullopt;
}

void LimitAccount::charge(const LimitRule& rule, Ring* ring, std::int64_t stamp, const LimitAmounts& more) {
  if (rule.is_bucket_) {
    // Given back more than is missing: it is full.
    for (std::size_t kind = 0; kind < used_.size(); ++kind) {
      if (rule.limits(kind)) used_[kind] = std::max(Int128{0}, used_[kind] + more[kind] * rule.period_);
    }
    return;
  }
  if (!counts_for(rule, stamp)) return;
  if (rule.is_sliding_) {
    LimitAmounts& step = (*ring)[static_cast<std::size_t>(stamp % kRing)];
    for (std::size_t kind = 0; kind < used_.size(); ++kind) step[kind] += more[kind];
  }
  for (std::size_t kind = 0; kind < used_.size(); ++kind) used_[kind] += more[kind];
}

Int128 LimitAccount::used(const LimitRule& rule, std::size_t kind) const {
  return rule.is_bucket_ ? (used_[kind] + rule.period_ - 1) / rule.period_ : used_[kind];
}

}  // namespace windtunnel::monitor
