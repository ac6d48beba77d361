#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "monitor/cost_limiter.h"

namespace windtunnel::monitor::cost_limiter_history_test {
namespace {

using namespace std::chrono_literals;
using Kind = BudgetEvent::Kind;

// The model keeps every charge with the date that it belongs to, found by the C library, and adds up again each time.
struct BudgetModel {
  struct Flow {
    std::int64_t day = 0;    // yyyymmdd
    std::int64_t month = 0;  // yyyymm
    std::int64_t reserved = 0;
    BudgetTicket ticket;
  };
  std::optional<std::int64_t> monthly;
  std::optional<std::int64_t> daily;
  std::vector<Flow> flows;
  std::map<std::int64_t, std::int64_t> spent;  // by day and by month: their numbers differ in length

  static std::int64_t date_of(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm utc{};
    gmtime_r(&time, &utc);
    return (utc.tm_year + 1900) * 10'000 + (utc.tm_mon + 1) * 100 + utc.tm_mday;
  }
  std::int64_t reserved(std::int64_t window) const {
    std::int64_t sum = 0;
    for (const Flow& flow : flows) sum += flow.day == window || flow.month == window ? flow.reserved : 0;
    return sum;
  }
  static bool has_room(std::optional<std::int64_t> limit, std::int64_t total) {
    return !limit || (*limit > 0 && total <= *limit);
  }
  bool fits(std::int64_t day, std::int64_t month, std::int64_t extra) const {
    const auto spent_in = [&](std::int64_t window) { return spent.contains(window) ? spent.at(window) : 0; };
    return has_room(monthly, spent_in(month) + reserved(month) + extra) &&
           has_room(daily, spent_in(day) + reserved(day) + extra);
  }
};

// What alerts must hold for one window: each at most once, in order, and exactly those that spend has reached; 1.0 may
// come early, right after a refusal with 0.95 fired.
struct AlertsOfWindow {
  std::vector<std::int64_t> fired;
  int refusals = 0;
  bool refusal_last = false;
};

void check_alerts(std::map<std::pair<bool, WallTime>, AlertsOfWindow>& windows, const BudgetEvent& event) {
  static constexpr std::array<std::int64_t, 4> kShares{800'000, 900'000, 950'000, 1'000'000};
  AlertsOfWindow& window = windows[{event.daily, event.window_begin}];
  if (event.kind == Kind::budget_refused) {
    RC_ASSERT(++window.refusals == 1);
    window.refusal_last = true;
    return;
  }
  if (event.kind != Kind::alert) return;
  RC_ASSERT(window.fired.size() < kShares.size());
  const std::int64_t share = kShares[window.fired.size()];
  RC_ASSERT(event.share.value == share);
  const bool reached = event.spent.picos() * 1'000'000 >= event.limit.value().picos() * share;
  RC_ASSERT(reached || (share == 1'000'000 && window.refusal_last));
  window.fired.push_back(share);
  window.refusal_last = false;
}

RC_GTEST_PROP(CostLimiterHistory, never_exceeds_a_limit_and_charges_the_admission, ()) {
  BudgetModel model;
  CostLimiterConfig config;
  config.monthly = std::nullopt;
  if (*rc::gen::inRange(0, 4) != 0) model.monthly = *rc::gen::inRange<std::int64_t>(0, 400);
  if (*rc::gen::inRange(0, 2) != 0) model.daily = *rc::gen::inRange<std::int64_t>(0, 100);
  if (model.monthly) config.monthly = Usd::from_picos(*model.monthly);
  if (model.daily) config.daily = Usd::from_picos(*model.daily);
  CostLimiter limiter{config};
  std::map<std::pair<bool, WallTime>, AlertsOfWindow> alerts;
  std::int64_t second = 1'709'078'400;  // 2024-02-28

  using Step = std::tuple<int, int, std::int64_t, int>;
  const auto steps = *rc::gen::resize(200, rc::gen::container<std::vector<Step>>(rc::gen::tuple(
                                               rc::gen::inRange(0, 10), rc::gen::inRange(0, 1000),
                                               rc::gen::inRange<std::int64_t>(0, 40), rc::gen::inRange(-12, 30))));
  for (const auto& [kind, which, amount, hours] : steps) {
    second += hours * 3600;
    if (kind < 4 || model.flows.empty()) {
      const std::int64_t today = BudgetModel::date_of(second);
      BudgetTicket ticket;
      const bool reserved = limiter.reserve(ticket, Usd::from_picos(amount), WallTime{second * 1s});
      RC_ASSERT(reserved == model.fits(today, today / 100, amount));
      if (reserved) model.flows.push_back({today, today / 100, amount, ticket});
    } else {
      const auto place = model.flows.begin() + which % static_cast<std::ptrdiff_t>(model.flows.size());
      BudgetModel::Flow& flow = *place;
      if (kind < 6) {
        const bool fits = amount <= flow.reserved || model.fits(flow.day, flow.month, amount - flow.reserved);
        RC_ASSERT(limiter.re_reserve(flow.ticket, Usd::from_picos(amount)) == fits);
        if (fits) flow.reserved = amount;
      } else if (kind < 9) {
        const std::int64_t bill = kind == 8 ? flow.reserved : std::min(amount, flow.reserved);
        limiter.settle(flow.ticket, Usd::from_picos(bill));
        model.spent[flow.day] += bill;
        model.spent[flow.month] += bill;
        flow.reserved = 0;
      } else {
        limiter.close(flow.ticket);
        model.flows.erase(place);
      }
    }
    for (const BudgetWindow& window : limiter.windows()) {
      if (window.begin == window.end) continue;
      const std::int64_t date = BudgetModel::date_of(window.begin.time_since_epoch() / 1s);
      const std::int64_t number = window.daily ? date : date / 100;
      RC_ASSERT(window.settled.picos() == (model.spent.contains(number) ? model.spent.at(number) : 0));
      RC_ASSERT(window.reserved.picos() == model.reserved(number));
      const auto limit = window.limit;
      RC_ASSERT(!limit || window.settled + window.reserved <= *limit);
      RC_ASSERT(window.live == (window.current || window.tickets > 0));
    }
    for (const BudgetEvent& event : limiter.events()) check_alerts(alerts, event);
    limiter.clear_events();
    for (const BudgetWindow& window : limiter.windows()) {
      const auto limit = window.limit;
      if (!window.live || !limit || *limit == Usd{}) continue;
      const std::size_t fired = alerts[{window.daily, window.begin}].fired.size();
      const std::int64_t spent = window.settled.narrow().picos();
      RC_ASSERT((fired >= 1) == (spent * 100 >= limit->picos() * 80));
      RC_ASSERT((fired >= 2) == (spent * 100 >= limit->picos() * 90));
      RC_ASSERT((fired >= 3) == (spent * 100 >= limit->picos() * 95));
      RC_ASSERT(fired == 4 || spent < limit->picos());
    }
  }
  for (BudgetModel::Flow& flow : model.flows) limiter.close(flow.ticket);
  RC_ASSERT(limiter.windows_open() == (steps.empty() ? 0U : 2U));
  RC_ASSERT(limiter.month_reserved() == Usd{});
  RC_ASSERT(limiter.day_reserved() == Usd{});
}

}  // namespace
}  // namespace windtunnel::monitor::cost_limiter_history_test
