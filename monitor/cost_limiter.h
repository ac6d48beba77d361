#pragma once
// Keeps the spend of each calendar month and day (UTC) within its limit, with any number of requests in flight.
//
// Money is reserved at the most that a call may bill and settled to what it did bill. Without the reservation, requests
// in flight together would overspend. Admitted is what keeps settled + reserved + new <= limit in every window that has
// a limit. An absent limit is unlimited; a limit of 0 admits nothing, not even a request that may cost nothing.
//
// A request is charged to the month and the day of its admission, whenever its calls end. A window whose time is over
// lives until the last ticket that names it is closed. Windows follow the wall clock, also back: the account of a
// window is kept for good, so that a clock that returns to a month finds what that month has spent.
//
//   reserve --> ticket -- re_reserve --> attempt -- settle | settle_unknown | release --> re_reserve ... --> close

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/units.h"

namespace windtunnel::monitor {

// What a spent budget means for a request that the cache could answer. The limiter only holds this word; the pipeline
// acts.
enum class ExhaustedPolicy : std::uint8_t { refuse, serve_cached };
// The settlement of a call whose bill is unknown.
enum class UnknownUsage : std::uint8_t { reserve, zero };

inline constexpr Usd kLimitMax = Usd::from_dollars(9'000'000);

struct CostLimiterConfig {
  std::optional<Usd> monthly = Usd::from_dollars(5000);  // [0, kLimitMax]
  std::optional<Usd> daily;
  std::vector<Millionths> alerts{{800'000}, {900'000}, {950'000}, {1'000'000}};  // ascending, in (0, 1]
  ExhaustedPolicy on_exhausted = ExhaustedPolicy::refuse;
  UnknownUsage unknown_usage = UnknownUsage::reserve;
  friend bool operator==(const CostLimiterConfig&, const CostLimiterConfig&) = default;
};

// Why this configuration cannot be used, as one sentence; nothing if it can.
std::optional<std::string> invalid(const CostLimiterConfig& config);

// A request's part in the budget: the windows of its admission and what it holds there. Belongs to one limiter, and to
// a copy of it made while the ticket was open. A default one is not open.
struct BudgetTicket {
  std::uint32_t month_slot = 0;
  std::uint32_t day_slot = 0;
  Usd reserved{};
  bool open = false;
};

// The account of one month or one day. A slot that holds none has begin == end.
struct BudgetWindow {
  WallTime begin{};
  WallTime end{};
  std::optional<Usd> limit{};
  UsdSum settled{};
  UsdSum reserved{};
  UsdSum reserved_max{};                 // the most that was reserved at once
  UsdSum heard{};                        // of what is settled: what another replica has spent
  UsdSum next_alert_at = UsdSum::max();  // the spend that fires the next alert
  std::uint32_t tickets = 0;             // open ones that name this window
  std::uint32_t alerts_fired = 0;        // of the configured ones, in order
  bool refusal_alerted = false;          // the last of them fired at a refusal, because spend would never reach it
  bool daily = false;
  bool current = false;  // false: its time is over
  bool live = false;     // false: closed, and its account is only kept for a clock that returns
  bool refused = false;  // it has refused a reservation
};

// What outlives the process of a window, for a limiter that begins in the middle of it.
struct SavedWindow {
  WallTime begin{};
  bool daily = false;
  UsdSum settled;
  std::uint32_t alerts_fired = 0;
  bool refused = false;
};

struct BudgetEvent {
  enum class Kind : std::uint8_t {
    alert,           // spend has reached `share` of the limit, or never will because of a refusal
    budget_refused,  // the window's first refusal
    window_opened,   // `spent` is above 0 if the clock has returned to it
    window_closed,   // its time is over and its last ticket closed: `spent` is final unless the clock returns
  };
  Kind kind = Kind::alert;
  bool daily = false;
  WallTime window_begin{};
  Millionths share;  // of an alert, else 0
  UsdSum spent;
  UsdSum reserved{};
  std::optional<Usd> limit;
  bool by_refusal = false;  // an alert that fires at a refusal, below its share
};

class CostLimiter {
 public:
  explicit CostLimiter(const CostLimiterConfig& config = {});

  // Opens the windows of this wall time, if they are not the current ones. reserve() does it too.
  void advance(WallTime wall);

  // The month of this wall time begins with `spent` already settled, before anything was reserved in it. Alerts that it
  // has reached fire now. It counts for the window, not for settled_total().
  void carry_in(Usd spent, WallTime wall);

  // The window as an earlier process left it, if it is the current one of this wall time; before anything was reserved
  // in it. Alerts that had fired do not fire again. False: its time is over.
  bool restore(const SavedWindow& saved, WallTime wall);

  // From now on these settings hold, for open tickets and for the windows that there are too. A window keeps its spend,
  // its reservations and the number of its alerts that have fired; those of the others that it has reached fire now.
  void change(const CostLimiterConfig& config);

  // Another replica has spent this on a request admitted at this wall time. It fills the windows, opens none and is no
  // part of settled_total(). hear_month: the month alone.
  void hear(Usd spent, WallTime wall);
  void hear_month(Usd spent, WallTime wall);
  // For reports: the windows hold what both have spent, and nothing that one heard of the other. `reserved_max` is then
  // no less than the most that was reserved at once.
  void absorb(const CostLimiter& other);

  // At admission: opens the ticket, which must not be open. False: refused, and it stays closed.
  [[nodiscard]] bool reserve(BudgetTicket& ticket, Usd worst, WallTime wall);
  // The ticket's reservation becomes `worst`. Shrinking always succeeds; growing only if it fits. False: refused, and
  // the ticket keeps what it had.
  [[nodiscard]] bool re_reserve(BudgetTicket& ticket, Usd worst);
  // Undoes the re_reserve() of a call that is not made: the ticket has `held` again, whatever was heard since.
  void take_back(BudgetTicket& ticket, Usd held);
  // A call was billed: the reservation becomes this spend. A bill above the reservation is charged in full and counted.
  void settle(BudgetTicket& ticket, Usd billed);
  // A call with an unknown bill ended: settles to the reservation or to zero, as configured. Returns the charge.
  Usd settle_unknown(BudgetTicket& ticket);
  // The bill of a call that was settled as one of unknown usage has come: the windows of its admission hold it instead.
  // Alerts that have fired stay fired. The ticket may be closed.
  void correct(Usd settled, Usd billed, WallTime admitted);
  // Nothing was billed.
  void release(BudgetTicket& ticket);
  // The request has ended: releases what is left and lets go of the windows. A ticket that is not open stays so.
  void close(BudgetTicket& ticket);

  // What has happened since the last clear_events(), in order.
  [[nodiscard]] std::span<const BudgetEvent> events() const { return events_; }
  void clear_events() { events_.clear(); }

  [[nodiscard]] const CostLimiterConfig& config() const { return config_; }
  // Of the current month and day; 0 before the first.
  [[nodiscard]] UsdSum month_settled() const;
  [[nodiscard]] UsdSum month_reserved() const;
  [[nodiscard]] UsdSum day_settled() const;
  [[nodiscard]] UsdSum day_reserved() const;
  [[nodiscard]] static std::optional<Usd> limit_of(const BudgetWindow& window) { return window.limit; }
  // All windows by slot, closed ones and empty slots included (live is false).
  [[nodiscard]] std::span<const BudgetWindow> windows() const { return windows_; }
  [[nodiscard]] std::size_t windows_open() const { return windows_open_; }
  // The account of the month or day that this wall time lies in, open or closed; nullptr: nothing was asked for in it.
  [[nodiscard]] const BudgetWindow* window_at(WallTime wall, bool daily) const;
  // Since the start.
  [[nodiscard]] UsdSum settled_total() const { return settled_total_; }
  [[nodiscard]] std::int64_t refused() const { return refused_; }  // reservations, at admission or at an attempt
  // Of these, the ones that would have fitted if nothing else had been reserved.
  [[nodiscard]] std::int64_t refused_by_reservation() const { return refused_by_reservation_; }
  [[nodiscard]] std::int64_t overruns() const { return overruns_; }  // bills above their reservation

 private:
  static constexpr std::uint32_t kNoSlot = UINT32_MAX;

  [[nodiscard]] std::uint32_t open_window(WallTime begin, WallTime end, bool daily);
  [[nodiscard]] std::uint32_t slot_for(WallTime begin, bool daily);
  [[nodiscard]] std::uint32_t kept_window(WallTime begin, WallTime end, bool daily);
  void hear_in(std::uint32_t slot, Usd spent);
  void retire(std::uint32_t slot);
  void let_go(std::uint32_t slot);
  void drop_ticket(std::uint32_t slot);
  // `held` is what the asker has reserved in this window and gives up for `worst`.
  [[nodiscard]] static bool fits(const BudgetWindow& window, Usd held, Usd worst);
  void open_windows(WallTime wall);
  void refuse(BudgetWindow& month, bool month_fits, BudgetWindow& day, bool day_fits, Usd worst);
  static void add_reserved(BudgetWindow& window, Usd more);
  [[nodiscard]] bool admit(std::uint32_t month_slot, std::uint32_t day_slot, Usd held, Usd worst);
  void note_refusal(BudgetWindow& window);
  void charge(BudgetWindow& window, Usd reserved, Usd billed);
  void fire_alert(BudgetWindow& window, bool by_refusal = false);
  // So many of the alerts have fired. Fires those that its spend has reached besides.
  void fire_reached(BudgetWindow& window, std::uint32_t alerts_fired);
  [[nodiscard]] UsdSum next_alert_at(const BudgetWindow& window) const;
  void report(BudgetEvent::Kind kind, const BudgetWindow& window, Millionths share = {}, bool by_refusal = false);

  CostLimiterConfig config_;
  std::vector<BudgetWindow> windows_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<BudgetEvent> events_;
  std::uint32_t month_slot_ = kNoSlot;
  std::uint32_t day_slot_ = kNoSlot;
  // Of the current day. Before the first one it has no length, so that every time lies outside it.
  WallTime day_begin_{};
  std::uint64_t day_length_ = 0;             // nanoseconds
  WallTime months_until_ = WallTime::min();  // the latest end of a month so far: a later month is new
  WallTime days_until_ = WallTime::min();
  std::size_t windows_open_ = 0;
  UsdSum settled_total_;
  std::int64_t refused_ = 0;
  std::int64_t refused_by_reservation_ = 0;
  std::int64_t overruns_ = 0;
};

// --- What every request passes, so that it can be compiled into the pipeline -----------------------------------------

inline void CostLimiter::advance(WallTime wall) {
  // In one comparison, without a sign: a time before the day wraps around to a great number.
  const auto ns = static_cast<std::uint64_t>(wall.time_since_epoch().count());
  if (ns - static_cast<std::uint64_t>(day_begin_.time_since_epoch().count()) >= day_length_) [[unlikely]]
    open_windows(wall);
}

inline bool CostLimiter::fits(const BudgetWindow& window, Usd held, Usd worst) {
  if (!window.limit) return true;
  if (*window.limit == Usd{}) return false;
  return window.settled + window.reserved - held + worst <= *window.limit;
}

// Both windows are asked, so that each one that has no room reports its refusal.
inline bool CostLimiter::admit(std::uint32_t month_slot, std::uint32_t day_slot, Usd held, Usd worst) {
  BudgetWindow& month = windows_[month_slot];
  BudgetWindow& day = windows_[day_slot];
  const bool month_fits = fits(month, held, worst);
  const bool day_fits = fits(day, held, worst);
  if (month_fits && day_fits) [[likely]]
    return true;
  refuse(month, month_fits, day, day_fits, worst);
  return false;
}

inline void CostLimiter::drop_ticket(std::uint32_t slot) {
  BudgetWindow& window = windows_[slot];
  check(window.live && window.tickets > 0, "a ticket is closed once");
  --window.tickets;
  if (window.tickets == 0 && !window.current) let_go(slot);
}

inline void CostLimiter::charge(BudgetWindow& window, Usd reserved, Usd billed) {
  window.reserved -= reserved;
  window.settled += billed;
  while (window.settled >= window.next_alert_at) [[unlikely]]
    fire_alert(window);
}

inline void CostLimiter::add_reserved(BudgetWindow& window, Usd more) {
  window.reserved += more;
  if (window.reserved > window.reserved_max) window.reserved_max = window.reserved;
}

inline bool CostLimiter::reserve(BudgetTicket& ticket, Usd worst, WallTime wall) {
  check(!ticket.open, "a ticket is opened once");
  check(worst >= Usd{}, "a reservation is not negative");
  advance(wall);
  if (!admit(month_slot_, day_slot_, Usd{}, worst)) return false;
  BudgetWindow& month = windows_[month_slot_];
  BudgetWindow& day = windows_[day_slot_];
  add_reserved(month, worst);
  add_reserved(day, worst);
  ++month.tickets;
  ++day.tickets;
  ticket.month_slot = month_slot_;
  ticket.day_slot = day_slot_;
  ticket.reserved = worst;
  ticket.open = true;
  return true;
}

inline bool CostLimiter::re_reserve(BudgetTicket& ticket, Usd worst) {
  check(ticket.open, "only an open ticket holds a reservation");
  check(worst >= Usd{}, "a reservation is not negative");
  if (worst > ticket.reserved && !admit(ticket.month_slot, ticket.day_slot, ticket.reserved, worst)) return false;
  const Usd growth = worst - ticket.reserved;
  add_reserved(windows_[ticket.month_slot], growth);
  add_reserved(windows_[ticket.day_slot], growth);
  ticket.reserved = worst;
  return true;
}

inline void CostLimiter::take_back(BudgetTicket& ticket, Usd held) {
  check(ticket.open, "only an open ticket holds a reservation");
  const Usd growth = held - ticket.reserved;
  add_reserved(windows_[ticket.month_slot], growth);
  add_reserved(windows_[ticket.day_slot], growth);
  ticket.reserved = held;
}

inline void CostLimiter::settle(BudgetTicket& ticket, Usd billed) {
  check(ticket.open, "only an open ticket settles");
  check(billed >= Usd{}, "a bill is not negative");
  if (billed > ticket.reserved) ++overruns_;
  settled_total_ += billed;
  charge(windows_[ticket.month_slot], ticket.reserved, billed);
  charge(windows_[ticket.day_slot], ticket.reserved, billed);
  ticket.reserved = Usd{};
}

inline Usd CostLimiter::settle_unknown(BudgetTicket& ticket) {
  const Usd billed = config_.unknown_usage == UnknownUsage::reserve ? ticket.reserved : Usd{};
  settle(ticket, billed);
  return billed;
}

inline void CostLimiter::release(BudgetTicket& ticket) {
  check(ticket.open, "only an open ticket holds a reservation");
  windows_[ticket.month_slot].reserved -= ticket.reserved;
  windows_[ticket.day_slot].reserved -= ticket.reserved;
  ticket.reserved = Usd{};
}

inline void CostLimiter::close(BudgetTicket& ticket) {
  if (!ticket.open) return;
  if (ticket.reserved != Usd{}) release(ticket);
  drop_ticket(ticket.month_slot);
  drop_ticket(ticket.day_slot);
  ticket.open = false;
}

}  // namespace windtunnel::monitor
