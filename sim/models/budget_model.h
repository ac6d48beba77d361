#pragma once
// What each calendar month and day has spent and promised, added up from what was reserved and billed.
//
// Windows are UTC calendar months and days of the wall time at a request's admission. An account is kept for good: a
// clock that returns to a month finds what that month has spent.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/units.h"
#include "monitor/pipeline_events.h"

namespace windtunnel::sim {

class BudgetModel {
 public:
  struct Window {
    WallTime begin{};
    WallTime end{};
    std::optional<Usd> limit;
    UsdSum settled;
    UsdSum reserved;
    UsdSum next_alert = UsdSum::max();  // the spend that fires the next one
    std::size_t alerts = 0;             // reached
    std::size_t alerts_reported = 0;
    bool daily = false;
    bool open_reported = false;  // and not closed since
    bool refused = false;
  };

  explicit BudgetModel(const monitor::CostLimiterConfig& config) : config_(config) {}

  // The month and day of this wall time become the current ones.
  void advance(WallTime wall) {
    if (!begun_ || wall < windows_[day_].begin || wall >= windows_[day_].end) open_at(wall);
  }
  // Spent before the run, of the month of this wall time.
  void carry_in(Usd spent, WallTime wall) {
    advance(wall);
    windows_[month_].settled += spent;
  }
  [[nodiscard]] std::uint32_t month() const { return month_; }
  [[nodiscard]] std::uint32_t day() const { return day_; }
  // Whether a window has opened; month() and day() mean nothing before.
  [[nodiscard]] bool has_begun() const { return begun_; }
  [[nodiscard]] Window& window(std::uint32_t slot) { return windows_[slot]; }
  [[nodiscard]] const Window& window(std::uint32_t slot) const { return windows_[slot]; }
  [[nodiscard]] Window* find(bool daily, WallTime begin);
  void close(Window& window) { window.open_reported = false; }

  // Whether `more` fits where `held` is given up for it.
  [[nodiscard]] static bool fits(const Window& window, Usd held, Usd more);
  // Whether settled + reserved is within the limit.
  [[nodiscard]] static bool within(const Window& window) {
    return !window.limit || window.settled.picos() + window.reserved.picos() <= window.limit->picos();
  }
  // Works out the spend that fires the window's next alert.
  void plan_alert(Window& window) const;
  [[nodiscard]] bool alert_due(const Window& window) const { return window.settled >= window.next_alert; }
  [[nodiscard]] bool whole_is_next(const Window& window) const;

 private:
  void open_at(WallTime wall);
  [[nodiscard]] std::uint32_t open(WallTime begin, WallTime end, bool daily);

  const monitor::CostLimiterConfig config_;
  std::vector<Window> windows_;
  std::map<std::pair<bool, WallTime>, std::uint32_t> places_;  // by daily and begin
  std::uint32_t month_ = 0;
  std::uint32_t day_ = 0;
  bool begun_ = false;
};

}  // namespace windtunnel::sim
