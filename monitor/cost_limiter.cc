#include "monitor/cost_limiter.h"

#include <algorithm>

#include "base/calendar.h"

namespace windtunnel::monitor {
namespace {

constexpr Millionths kWhole{1'000'000};

bool is_limit(std::optional<Usd> limit) { return !limit || (*limit >= Usd{} && *limit <= kLimitMax); }

bool contains(const BudgetWindow& window, WallTime wall) { return window.begin <= wall && wall < window.end; }

// Nothing has happened in it that a clock which returns would have to find again.
bool is_blank(const BudgetWindow& window) {
  return window.settled == UsdSum{} && window.alerts_fired == 0 && !window.refused;
}

}  // namespace

std::optional<std::string> invalid(const CostLimiterConfig& config) {
  if (!is_limit(config.monthly)) return "the monthly limit is not between 0 and 9 million USD";
  if (!is_limit(config.daily)) return "the daily limit is not between 0 and 9 million USD";
  Millionths last{0};
  for (const Millionths share : config.alerts) {
    if (share <= last) return "the alerts are not ascending shares above 0";
    if (share > kWhole) return "an alert is above 1.0, which spend never reaches";
    last = share;
  }
  return std::nullopt;
}

CostLimiter::CostLimiter(const CostLimiterConfig& config) : config_(config) {
  check(!invalid(config), "the cost limiter's configuration is valid");
}

void CostLimiter::open_windows(WallTime wall) {
  if (month_slot_ == kNoSlot || !contains(windows_[month_slot_], wall)) {
    const CalendarMonth month = month_of(wall);
    retire(month_slot_);
    month_slot_ = open_window(month.begin, month.end, false);
  }
  const CalendarDay day = day_of(wall);
  retire(day_slot_);
  day_slot_ = open_window(day.begin, day.end, true);
  day_begin_ = day.begin;
  day_length_ = static_cast<std::uint64_t>(day.end.time_since_epoch().count()) -
                static_cast<std::uint64_t>(day.begin.time_since_epoch().count());
}

void CostLimiter::carry_in(Usd spent, WallTime wall) {
  check(spent >= Usd{}, "what was spent is not negative");
  advance(wall);
  charge(windows_[month_slot_], Usd{}, spent);
}

bool CostLimiter::restore(const SavedWindow& saved, WallTime wall) {
  check(saved.settled >= UsdSum{}, "what was spent is not negative");
  advance(wall);
  BudgetWindow& window = windows_[saved.daily ? day_slot_ : month_slot_];
  if (window.begin != saved.begin) return false;
  window.refused = saved.refused;
  window.settled += saved.settled;
  fire_reached(window, saved.alerts_fired);
  return true;
}

void CostLimiter::change(const CostLimiterConfig& config) {
  check(!invalid(config), "the cost limiter's configuration is valid");
  config_ = config;
  for (BudgetWindow& window : windows_) {
    if (window.begin == window.end) continue;
    window.limit = window.daily ? config_.daily : config_.monthly;
    fire_reached(window, window.alerts_fired);
  }
}

void CostLimiter::hear(Usd spent, WallTime wall) {
  const CalendarDay day = day_of(wall);
  hear_in(kept_window(day.begin, day.end, true), spent);
  hear_month(spent, wall);
}

void CostLimiter::hear_month(Usd spent, WallTime wall) {
  const CalendarMonth month = month_of(wall);
  hear_in(kept_window(month.begin, month.end, false), spent);
}

void CostLimiter::hear_in(std::uint32_t slot, Usd spent) {
  charge(windows_[slot], Usd{}, spent);
  windows_[slot].heard += spent;
}

void CostLimiter::correct(Usd settled, Usd billed, WallTime admitted) {
  check(billed >= Usd{}, "a bill is not negative");
  const CalendarMonth month = month_of(admitted);
  const CalendarDay day = day_of(admitted);
  for (const std::uint32_t slot : {kept_window(month.begin, month.end, false), kept_window(day.begin, day.end, true)}) {
    windows_[slot].settled -= settled;
    charge(windows_[slot], Usd{}, billed);
  }
  settled_total_ += billed;
  settled_total_ -= settled;
}

void CostLimiter::absorb(const CostLimiter& other) {
  for (BudgetWindow& window : windows_) {
    window.settled -= window.heard;
    window.heard = {};
  }
  for (const BudgetWindow& theirs : other.windows_) {
    if (theirs.begin == theirs.end) continue;
    const auto same = std::ranges::find_if(windows_, [&](const BudgetWindow& window) {
      return window.daily == theirs.daily && window.begin == theirs.begin && window.end == theirs.end;
    });
    const BudgetWindow blank{.begin = theirs.begin, .end = theirs.end, .limit = theirs.limit, .daily = theirs.daily};
    BudgetWindow& mine = same == windows_.end() ? windows_.emplace_back(blank) : *same;
    mine.settled += theirs.settled - theirs.heard;
    mine.reserved += theirs.reserved;
    mine.reserved_max += theirs.reserved_max;
    mine.refused = mine.refused || theirs.refused;
  }
  settled_total_ += other.settled_total_;
  refused_ += other.refused_;
  refused_by_reservation_ += other.refused_by_reservation_;
  overruns_ += other.overruns_;
}

UsdSum CostLimiter::month_settled() const { return month_slot_ == kNoSlot ? UsdSum{} : windows_[month_slot_].settled; }
UsdSum CostLimiter::month_reserved() const {
  return month_slot_ == kNoSlot ? UsdSum{} : windows_[month_slot_].reserved;
}
UsdSum CostLimiter::day_settled() const { return day_slot_ == kNoSlot ? UsdSum{} : windows_[day_slot_].settled; }
UsdSum CostLimiter::day_reserved() const { return day_slot_ == kNoSlot ? UsdSum{} : windows_[day_slot_].reserved; }

const BudgetWindow* CostLimiter::window_at(WallTime wall, bool daily) const {
  for (const BudgetWindow& window : windows_) {
    if (window.daily == daily && contains(window, wall)) return &window;
  }
  return nullptr;
}

// The window that begins then: the one that was opened before, wherever a clock has returned to it, or else a new one.
std::uint32_t CostLimiter::open_window(WallTime begin, WallTime end, bool daily) {
  const std::uint32_t slot = kept_window(begin, end, daily);
  BudgetWindow& window = windows_[slot];
  window.current = true;
  if (window.live) return slot;
  window.live = true;
  ++windows_open_;
  report(BudgetEvent::Kind::window_opened, window);
  return slot;
}

std::uint32_t CostLimiter::kept_window(WallTime begin, WallTime end, bool daily) {
  const std::uint32_t slot = slot_for(begin, daily);
  WallTime& until = daily ? days_until_ : months_until_;
  until = std::max(until, end);
  BudgetWindow& window = windows_[slot];
  if (window.begin == window.end) {
    window = BudgetWindow{.begin = begin, .end = end, .limit = daily ? config_.daily : config_.monthly, .daily = daily};
    window.next_alert_at = next_alert_at(window);
  }
  return slot;
}

// Only a clock that went back, or what another replica spent, asks for a window that may be there already.
std::uint32_t CostLimiter::slot_for(WallTime begin, bool daily) {
  if (begin < (daily ? days_until_ : months_until_)) {
    const auto known = std::find_if(windows_.begin(), windows_.end(), [&](const BudgetWindow& window) {
      return window.daily == daily && window.begin == begin && window.begin != window.end;
    });
    if (known != windows_.end()) return static_cast<std::uint32_t>(known - windows_.begin());
  }
  if (free_slots_.empty()) {
    windows_.emplace_back();
    return static_cast<std::uint32_t>(windows_.size() - 1);
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

// The window's time is over.
void CostLimiter::retire(std::uint32_t slot) {
  if (slot == kNoSlot) return;
  windows_[slot].current = false;
  if (windows_[slot].tickets == 0) let_go(slot);
}

void CostLimiter::let_go(std::uint32_t slot) {
  BudgetWindow& window = windows_[slot];
  check(window.reserved == UsdSum{}, "a window without tickets holds no reservation");
  report(BudgetEvent::Kind::window_closed, window);
  window.live = false;
  --windows_open_;
  if (!is_blank(window)) return;
  window = BudgetWindow{};
  free_slots_.push_back(slot);
}

void CostLimiter::refuse(BudgetWindow& month, bool month_fits, BudgetWindow& day, bool day_fits, Usd worst) {
  if (!month_fits) note_refusal(month);
  if (!day_fits) note_refusal(day);
  ++refused_;
  // It fits into what is not spent yet, so that only reservations stand in its way. A limit of 0 has no such room.
  const auto fits_alone = [&](const BudgetWindow& window) {
    return *window.limit > Usd{} && window.settled + worst <= *window.limit;
  };
  if ((month_fits || fits_alone(month)) && (day_fits || fits_alone(day))) ++refused_by_reservation_;
}

// Between the last alert below 1.0 and the whole limit nothing may fit any more, and then spend never reaches 1.0: the
// first refusal shows that the budget is used up.
void CostLimiter::note_refusal(BudgetWindow& window) {
  if (window.refused) return;
  window.refused = true;
  report(BudgetEvent::Kind::budget_refused, window);
  const bool whole_is_next = window.alerts_fired > 0 && window.alerts_fired < config_.alerts.size() &&
                             config_.alerts[window.alerts_fired] == kWhole;
  if (whole_is_next) fire_alert(window, true);
}

void CostLimiter::fire_alert(BudgetWindow& window, bool by_refusal) {
  check(window.alerts_fired < config_.alerts.size(), "there is an alert to fire");
  report(BudgetEvent::Kind::alert, window, config_.alerts[window.alerts_fired], by_refusal);
  window.refusal_alerted = by_refusal;
  ++window.alerts_fired;
  window.next_alert_at = next_alert_at(window);
}

void CostLimiter::fire_reached(BudgetWindow& window, std::uint32_t alerts_fired) {
  window.alerts_fired = std::min(alerts_fired, static_cast<std::uint32_t>(config_.alerts.size()));
  window.next_alert_at = next_alert_at(window);
  while (window.settled >= window.next_alert_at) fire_alert(window);
}

// The least spend with spend >= share x limit.
UsdSum CostLimiter::next_alert_at(const BudgetWindow& window) const {
  if (!window.limit || window.alerts_fired == config_.alerts.size()) return UsdSum::max();
  const Int128 product = Int128{window.limit->picos()} * config_.alerts[window.alerts_fired].value;
  return UsdSum::from_picos((product + kWhole.value - 1) / kWhole.value);
}

void CostLimiter::report(BudgetEvent::Kind kind, const BudgetWindow& window, Millionths share, bool by_refusal) {
  events_.push_back({.kind = kind,
                     .daily = window.daily,
                     .window_begin = window.begin,
                     .share = share,
                     .spent = window.settled,
                     .reserved = window.reserved,
                     .limit = window.limit,
                     .by_refusal = by_refusal});
}

}  // namespace windtunnel::monitor
