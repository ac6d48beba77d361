#pragma once
// What each true month and day holds, reserved and settled, whatever the wall clock showed.
//
// True time is the start of the run plus the virtual time since. A request strays if the wall clock stood in another
// month (or day) than true time at its admission: it is charged there, so that the limit of the true month cannot count
// it. What did not stray never exceeds the limit.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

#include "base/units.h"

namespace windtunnel::sim {

class TrueSpend {
 public:
  struct Account {
    std::optional<Usd> limit;
    UsdSum held;
    UsdSum strayed;  // of it
    UsdSum late;     // bills that came late, above what their calls were settled for: no limit could refuse them
    UsdSum spent;    // settled, with what was carried in, of what did not stray
    bool daily = false;
    [[nodiscard]] bool is_within() const { return !limit || held - strayed - late <= UsdSum{*limit}; }
    [[nodiscard]] bool spends_within() const { return !limit || spent - late <= UsdSum{*limit}; }
  };
  // Where a request's money counts. The accounts live as long as their TrueSpend.
  struct Place {
    Account* month = nullptr;
    Account* day = nullptr;
    bool month_strays = false;
    bool day_strays = false;
  };

  TrueSpend(std::optional<Usd> monthly, std::optional<Usd> daily) : monthly_(monthly), daily_(daily) {}

  [[nodiscard]] Place place_of(WallTime true_time, WallTime wall) {
    const auto day = day_of(true_time);
    const auto month = month_of(day);
    Account& of_day = days_.try_emplace(day, Account{.limit = daily_, .daily = true}).first->second;
    return {&of(month), &of_day, month != month_of(day_of(wall)), day != day_of(wall)};
  }
  // The month of `true_time` had spent so much before the run.
  void carry_in(WallTime true_time, Usd spent) { of(month_of(day_of(true_time))).spent += spent; }
  // `amount` may be negative.
  static void add(const Place& place, Usd amount) {
    place.month->held += amount;
    place.day->held += amount;
    if (place.month_strays) place.month->strayed += amount;
    if (place.day_strays) place.day->strayed += amount;
  }
  // A bill took the place of what its call was settled for.
  static void correct(const Place& place, Usd settled, Usd billed) {
    add(place, billed - settled);
    settle(place, billed - settled);
    if (billed <= settled) return;
    place.month->late += billed - settled;
    place.day->late += billed - settled;
  }
  static void settle(const Place& place, Usd amount) {
    if (!place.month_strays) place.month->spent += amount;
    if (!place.day_strays) place.day->spent += amount;
  }

 private:
  Account& of(std::chrono::year_month month) {
    return months_.try_emplace(month, Account{.limit = monthly_}).first->second;
  }
  [[nodiscard]] static std::chrono::sys_days day_of(WallTime time) {
    return std::chrono::sys_days{std::chrono::floor<std::chrono::days>(time.time_since_epoch())};
  }
  [[nodiscard]] static std::chrono::year_month month_of(std::chrono::sys_days day) {
    const std::chrono::year_month_day date{day};
    return {date.year(), date.month()};
  }

  std::optional<Usd> monthly_;
  std::optional<Usd> daily_;
  std::map<std::chrono::year_month, Account> months_;
  std::map<std::chrono::sys_days, Account> days_;
};

}  // namespace windtunnel::sim
