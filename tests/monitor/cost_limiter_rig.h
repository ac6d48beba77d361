#pragma once
// What the tests of the cost limiter share: money and times in short, one reservation or spend, and events in words.

#include <optional>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "monitor/cost_limiter.h"

namespace windtunnel::monitor::cost_limiter_rig {

using Kind = BudgetEvent::Kind;

inline constexpr Usd kPico = Usd::from_picos(1);
inline Usd usd(std::int64_t dollars) { return Usd::from_dollars(dollars); }
inline WallTime at(const char* text) { return parse_iso8601(text).value(); }
inline const WallTime kNoon = at("2024-01-20T12:00:00Z");

inline CostLimiterConfig limits(std::optional<Usd> monthly, std::optional<Usd> daily = std::nullopt) {
  CostLimiterConfig config;
  config.monthly = monthly;
  config.daily = daily;
  return config;
}

inline std::optional<BudgetTicket> reserve(CostLimiter& limiter, Usd worst, WallTime wall) {
  BudgetTicket ticket;
  if (!limiter.reserve(ticket, worst, wall)) return std::nullopt;
  return ticket;
}

inline void spend(CostLimiter& limiter, Usd billed, WallTime wall) {
  BudgetTicket ticket = reserve(limiter, billed, wall).value();
  limiter.settle(ticket, billed);
  limiter.close(ticket);
}

inline bool admits(CostLimiter limiter, Usd worst, WallTime wall) { return reserve(limiter, worst, wall).has_value(); }

// The events since the last call, in words: "alert month 0.8", "refused day", "opened month", "closed day".
inline std::vector<std::string> words_of_events(CostLimiter& limiter) {
  std::vector<std::string> words;
  for (const BudgetEvent& event : limiter.events()) {
    const std::string window = event.daily ? " day" : " month";
    switch (event.kind) {
      case Kind::alert:
        words.push_back("alert" + window + " " + std::to_string(event.share.value / 10'000));
        break;
      case Kind::budget_refused:
        words.push_back("refused" + window);
        break;
      case Kind::window_opened:
        words.push_back("opened" + window + " " + iso8601(event.window_begin).substr(0, 10));
        break;
      case Kind::window_closed:
        words.push_back("closed" + window + " " + iso8601(event.window_begin).substr(0, 10));
        break;
    }
  }
  limiter.clear_events();
  return words;
}
using Words = std::vector<std::string>;

}  // namespace windtunnel::monitor::cost_limiter_rig
