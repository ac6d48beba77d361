#include "sim/models/budget_model.h"

#include <chrono>

namespace windtunnel::sim {

namespace {

WallTime wall_of(std::chrono::sys_days day) { return WallTime{day.time_since_epoch()}; }

}  // namespace

void BudgetModel::open_at(WallTime wall) {
  const std::chrono::sys_days day{std::chrono::floor<std::chrono::days>(wall.time_since_epoch())};
  const std::chrono::year_month_day date{day};
  const std::chrono::year_month month{date.year(), date.month()};
  month_ = open(wall_of(month / 1), wall_of((month + std::chrono::months{1}) / 1), false);
  day_ = open(wall_of(day), wall_of(day + std::chrono::days{1}), true);
  begun_ = true;
}

std::uint32_t BudgetModel::open(WallTime begin, WallTime end, bool daily) {
  const auto next = static_cast<std::uint32_t>(windows_.size());
  const auto [place, is_new] = places_.try_emplace({daily, begin}, next);
  if (is_new) {
    windows_.push_back({.begin = begin,
                        .end = end,
                        .limit = daily ? config_.daily : config_.monthly,
                        .settled = {},
                        .reserved = {},
                        .daily = daily});
    plan_alert(windows_.back());
  }
  return place->second;
}

BudgetModel::Window* BudgetModel::find(bool daily, WallTime begin) {
  const auto place = places_.find({daily, begin});
  return place == places_.end() ? nullptr : &windows_[place->second];
}

bool BudgetModel::fits(const Window& window, Usd held, Usd more) {
  if (!window.limit) return true;
  if (*window.limit == Usd{}) return false;
  return window.settled.picos() + window.reserved.picos() - held.picos() + more.picos() <= window.limit->picos();
}

void BudgetModel::plan_alert(Window& window) const {
  window.next_alert = UsdSum::max();
  if (!window.limit || window.alerts == config_.alerts.size()) return;
  // The least amount with amount x 10^6 >= limit x share.
  const Int128 scaled = Int128{window.limit->picos()} * config_.alerts[window.alerts].value;
  window.next_alert = UsdSum::from_picos(scaled / 1'000'000 + (scaled % 1'000'000 != 0 ? 1 : 0));
}

bool BudgetModel::whole_is_next(const Window& window) const {
  return window.alerts > 0 && window.alerts < config_.alerts.size() && config_.alerts[window.alerts].value == 1'000'000;
}

}  // namespace windtunnel::sim
