#include "monitor/cost_limiter.h"

#include "monitor/calendar.h"

namespace windtunnel::monitor {
namespace {

// Sums and products of amounts near the limit leave 64 bits.

constexpr Millionths kWhole{1'000'000};

bool is_limit(std::optional<Usd> limit) { return !limit || (*limit >= Usd{} && *limit <= kLimitMax); }

// `held` is what the asker has reserved in this window and gives up for `worst`.
bool fits(const BudgetWindow& window, Usd held, Usd worst) {
  if (!window.limit) return true;
  if (*window.limit == Usd{}) return false;
  const Int128 total = Int128{window.settled.picos()} + window.reserved.picos() - held.picos() + worst.picos();
  return total <= window.limit->picos();
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

void CostLimiter::advance(WallTime wall) {
  if (wall < day_end_) return;
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

std::optional<BudgetTicket> CostLimiter::reserve(Usd worst, WallTime wall) {
  check(worst >= Usd{}, "a reservation is not negative");
  advance(wall);
  if (!admit(month_slot_, day_slot_, Usd{}, worst)) return std::nullopt;
  BudgetWindow& month = windows_[month_slot_];
  BudgetWindow& day = windows_[day_slot_];
  month.reserved += worst;
  day.reserved += worst;
  ++month.tickets;
  ++day.tickets;
  return BudgetTicket{.month_slot = month_slot_, .day_slot = day_slot_, .reserved = worst, .open = true};
}

bool CostLimiter::re_reserve(BudgetTicket& ticket, Usd worst) {
  check(ticket.open, "only an open ticket holds a reservation");
  check(worst >= Usd{}, "a reservation is not negative");
  if (worst > ticket.reserved && !admit(ticket.month_slot, ticket.day_slot, ticket.reserved, worst)) return false;
  const Usd growth = worst - ticket.reserved;
  windows_[ticket.month_slot].reserved += growth;
  windows_[ticket.day_slot].reserved += growth;
  ticket.reserved = worst;
  return true;
}

void CostLimiter::settle(BudgetTicket& ticket, Usd billed) {
  check(ticket.open, "only an open ticket settles");
  check(billed >= Usd{}, "a bill is not negative");
  if (billed > ticket.reserved) ++overruns_;
  settled_total_ += billed;
  charge(windows_[ticket.month_slot], ticket.reserved, billed);
  charge(windows_[ticket.day_slot], ticket.reserved, billed);
  ticket.reserved = Usd{};
}

Usd CostLimiter::settle_unknown(BudgetTicket& ticket) {
  const Usd billed = config_.unknown_usage == UnknownUsage::reserve ? ticket.reserved : Usd{};
  settle(ticket, billed);
  return billed;
}

void CostLimiter::release(BudgetTicket& ticket) {
  check(ticket.open, "only an open ticket holds a reservation");
  windows_[ticket.month_slot].reserved -= ticket.reserved;
  windows_[ticket.day_slot].reserved -= ticket.reserved;
  ticket.reserved = Usd{};
}

void CostLimiter::close(BudgetTicket& ticket) {
  if (!ticket.open) return;
  if (ticket.reserved != Usd{}) release(ticket);
  drop_ticket(ticket.month_slot);
  drop_ticket(ticket.day_slot);
  ticket.open = false;
}

Usd CostLimiter::month_settled() const { return month_slot_ == kNoSlot ? Usd{} : windows_[month_slot_].settled; }
Usd CostLimiter::month_reserved() const { return month_slot_ == kNoSlot ? Usd{} : windows_[month_slot_].reserved; }
Usd CostLimiter::day_settled() const { return day_slot_ == kNoSlot ? Usd{} : windows_[day_slot_].settled; }
Usd CostLimiter::day_reserved() const { return day_slot_ == kNoSlot ? Usd{} : windows_[day_slot_].reserved; }

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
  check(window.reserved == Usd{}, "a window without tickets holds no reservation");
  report(BudgetEvent::Kind::window_closed, window);
  window.live = false;
  free_slots_.push_back(slot);
}

void CostLimiter::drop_ticket(std::uint32_t slot) {
  BudgetWindow& window = windows_[slot];
  check(window.live && window.tickets > 0, "a ticket is closed once");
  --window.tickets;
  if (window.tickets == 0 && !window.current) let_go(slot);
}

// Both windows are asked, so that each one that has no room reports its refusal.
bool CostLimiter::admit(std::uint32_t month_slot, std::uint32_t day_slot, Usd held, Usd worst) {
  const bool month_fits = fits(windows_[month_slot], held, worst);
  const bool day_fits = fits(windows_[day_slot], held, worst);
  if (month_fits && day_fits) return true;
  if (!month_fits) note_refusal(windows_[month_slot]);
  if (!day_fits) note_refusal(windows_[day_slot]);
  ++refused_;
  return false;
}

// Between the last alert below 1.0 and the whole limit nothing may fit any more, and then spend never reaches 1.0: the
// first refusal says that the budget is used up.
void CostLimiter::note_refusal(BudgetWindow& window) {
  if (window.refused) return;
  window.refused = true;
  report(BudgetEvent::Kind::budget_refused, window);
  const bool whole_is_next = window.alerts_fired > 0 && window.alerts_fired < config_.alerts.size() &&
                             config_.alerts[window.alerts_fired] == kWhole;
  if (whole_is_next) fire_alert(window);
}

void CostLimiter::charge(BudgetWindow& window, Usd reserved, Usd billed) {
  window.reserved -= reserved;
  window.settled += billed;
  while (window.settled >= window.next_alert_at) [[unlikely]] fire_alert(window);
}

void CostLimiter::fire_alert(BudgetWindow& window) {
  check(window.alerts_fired < config_.alerts.size(), "money stays within 9.2 million USD");
  report(BudgetEvent::Kind::alert, window, config_.alerts[window.alerts_fired]);
  ++window.alerts_fired;
  window.next_alert_at = next_alert_at(window);
}

// The least spend with spend >= share x limit.
Usd CostLimiter::next_alert_at(const BudgetWindow& window) const {
  if (!window.limit || window.alerts_fired == config_.alerts.size()) return Usd::max();
  const Int128 product = Int128{window.limit->picos()} * config_.alerts[window.alerts_fired].value;
  return Usd::from_picos(static_cast<std::int64_t>((product + kWhole.value - 1) / kWhole.value));
}

void CostLimiter::report(BudgetEvent::Kind kind, const BudgetWindow& window, Millionths share) {
  events_.push_back({.kind = kind,
                     .daily = window.daily,
                     .window_begin = window.begin,
                     .share = share,
                     .spent = window.settled,
                     .reserved = window.reserved,
                     .limit = window.limit});
}

}  // namespace windtunnel::monitor
