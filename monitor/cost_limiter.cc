#include "monitor/cost_limiter.h"

#include "base/calendar.h"

namespace windtunnel::monitor {
namespace {

constexpr Millionths kWhole{1'000'000};

bool is_limit(std::optional<Usd> limit) { return !limit || (*limit >= Usd{} && *limit <= kLimitMax); }

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
  if (month_slot_ == kNoSlot || wall >= windows_[month_slot_].end) {
    const CalendarMonth month = month_of(wall);
    retire(month_slot_);
    month_slot_ = open_window(month.begin, month.end, false);
  }
  const CalendarDay day = day_of(wall);
  retire(day_slot_);
  day_slot_ = open_window(day.begin, day.end, true);
  day_end_ = day.end;
}

void CostLimiter::carry_in(Usd spent, WallTime wall) {
  check(spent >= Usd{}, "what was spent is not negative");
  advance(wall);
  charge(windows_[month_slot_], Usd{}, spent);
}

UsdSum CostLimiter::month_settled() const { return month_slot_ == kNoSlot ? UsdSum{} : windows_[month_slot_].settled; }
UsdSum CostLimiter::month_reserved() const {
  return month_slot_ == kNoSlot ? UsdSum{} : windows_[month_slot_].reserved;
}
UsdSum CostLimiter::day_settled() const { return day_slot_ == kNoSlot ? UsdSum{} : windows_[day_slot_].settled; }
UsdSum CostLimiter::day_reserved() const { return day_slot_ == kNoSlot ? UsdSum{} : windows_[day_slot_].reserved; }

std::uint32_t CostLimiter::open_window(WallTime begin, WallTime end, bool daily) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(windows_.size()));
    windows_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  BudgetWindow& window = windows_[slot];
  window = BudgetWindow{.begin = begin,
                        .end = end,
                        .limit = daily ? config_.daily : config_.monthly,
                        .daily = daily,
                        .current = true,
                        .live = true};
  window.next_alert_at = next_alert_at(window);
  report(BudgetEvent::Kind::window_opened, window);
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
// first refusal says that the budget is used up.
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
