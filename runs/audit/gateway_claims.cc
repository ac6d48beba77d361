// What only the telemetry of our own gateway shows: the waits that providers asked for, and the alerts of budgets.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "base/visible_text.h"
#include "runs/audit/audit_claims.h"

namespace windtunnel::runs {
namespace {

using reports::LogAlert;
using reports::LogAttempt;
using reports::LogRow;

struct Wait {
  WallTime begin{};  // when the provider asked for it
  WallTime end{};
};

using Waits = std::map<std::string, std::vector<Wait>>;

// By provider, in the order in which they were asked for.
Waits waits_in(const AuditedLog& log) {
  Waits waits;
  for (const auto& [row, record] : log.rows) {
    for (const LogAttempt& call : row.attempts) {
      if (!row.begin || !call.start || !call.retry_after) continue;
      const WallTime asked = *row.begin + *call.start + call.latency;
      waits[call.provider].push_back({asked, asked + *call.retry_after});
    }
  }
  for (auto& [provider, asked] : waits) std::ranges::sort(asked, {}, &Wait::begin);
  return waits;
}

// The wait that the latest Retry-After before the call asked for, if the call is made within it.
const Wait* wait_broken_by(const std::vector<Wait>& waits, WallTime begin) {
  const auto next = std::ranges::upper_bound(waits, begin - kStamps, {}, &Wait::begin);
  if (next == waits.begin()) return nullptr;
  const Wait& latest = *std::prev(next);
  // One that may have come just before the call may have ended the wait.
  const bool is_replaced = next != waits.end() && next->begin <= begin + kStamps;
  return begin + kStamps < latest.end && !is_replaced ? &latest : nullptr;
}

// In order, and each once, of the budget of one window.
struct FiredAlerts {
  std::vector<LogAlert> alerts;
  std::vector<std::uint64_t> records;
};

using Window = std::pair<std::string, WallTime>;  // "month" or "day", and its begin
using Fired = std::map<Window, FiredAlerts>;

Fired alerts_in(const AuditedLog& log) {
  Fired fired;
  for (const auto& [row, record] : log.rows) {
    for (const LogAlert& alert : row.alerts) {
      FiredAlerts& window = fired[{alert.window, alert.begin}];
      window.alerts.push_back(alert);
      window.records.push_back(record);
    }
  }
  return fired;
}

std::string words_of(const Window& window) {
  return fmt::format("the {} of {}", visible_text(window.first), iso8601(window.second).substr(0, 10));
}

std::string percent(Millionths share) { return exact_decimal(share.value, 4) + " %"; }

void check_order(const Window& window, const FiredAlerts& fired, AuditClaim& claim) {
  for (std::size_t i = 0; i < fired.alerts.size(); ++i) {
    ++claim.checked;
    if (i == 0 || fired.alerts[i].share > fired.alerts[i - 1].share) continue;
    const bool is_again = fired.alerts[i].share == fired.alerts[i - 1].share;
    claim.find(fired.records[i], fmt::format("the alert at {} of {} fires {}", percent(fired.alerts[i].share),
                                             words_of(window), is_again ? "once more" : "behind a later one"));
  }
}

// None fires before its share is spent, but at a refusal, because the rest will not be.
void check_spend(const Window& window, const FiredAlerts& fired, Usd limit, AuditClaim& claim) {
  for (std::size_t i = 0; i < fired.alerts.size(); ++i) {
    const LogAlert& alert = fired.alerts[i];
    const Int128 needed = Int128{limit.picos()} * alert.share.value;
    if (alert.by_refusal || Int128{alert.spent.picos()} * 1'000'000 >= needed) continue;
    claim.find(fired.records[i], fmt::format("the alert at {} of {} fires at {} of {}", percent(alert.share),
                                             words_of(window), dollars(alert.spent), dollars(limit)));
  }
}

// A share of the budget that the log itself has spent in a window that it has from its begin on.
template <class WindowOf>
void check_missing(const AuditedLog& log, const AuditRules& rules, const char* word, Usd limit, const Fired& fired,
                   WindowOf window_of, AuditClaim& claim) {
  std::map<WallTime, Usd> spent;
  std::map<Window, std::size_t> found;  // of the alerts that are due, those that were checked
  std::optional<WallTime> first;
  for (const auto& [row, record] : log.rows) {
    if (!row.begin) continue;
    first = std::min(first.value_or(*row.begin), *row.begin);
    const auto window = window_of(*row.begin);
    if (!row.cost || *first >= window.begin || window_of(*row.begin + kStamp).begin != window.begin) continue;
    Usd& sum = spent[window.begin];
    sum += *row.cost;
    const Window key{word, window.begin};
    const auto& shares = rules.config->monitor.cost_limiter.alerts;
    std::size_t& next = found[key];
    for (; next < shares.size(); ++next) {
      if (Int128{sum.picos()} * 1'000'000 < Int128{limit.picos()} * shares[next].value) break;
      ++claim.checked;
      const auto of_window = fired.find(key);
      const bool has_fired = of_window != fired.end() &&
                             std::ranges::any_of(of_window->second.alerts,
                                                 [&](const LogAlert& alert) { return alert.share == shares[next]; });
      if (!has_fired) {
        claim.find(record, fmt::format("with it {} has cost {} of {}, and no alert at {} fires", words_of(key),
                                       dollars(sum), dollars(limit), percent(shares[next])));
      }
    }
  }
}

bool is_of_gateway(const AuditedLog& log) {
  return std::ranges::any_of(log.rows, [](const AuditedRow& audited) {
    return !audited.row.alerts.empty() ||
           std::ranges::any_of(audited.row.attempts, [](const LogAttempt& call) { return call.start.has_value(); });
  });
}

}  // namespace

AuditClaim check_retry_after(const AuditedLog& log, const AuditRules& rules) {
  AuditClaim claim{.name = "attempts.retry_after", .sentence = "No call is made before a Retry-After has passed."};
  if (!is_of_gateway(log)) {
    claim.not_shown = "of all logs the telemetry of windtunnel gateway alone has the header";
  } else if (has_clock_steps(rules)) {
    claim.not_shown = "its clock steps";
  }
  if (!claim.not_shown.empty()) return claim;
  const Waits waits = waits_in(log);
  for (const auto& [row, record] : log.rows) {
    for (const LogAttempt& call : row.attempts) {
      if (!row.begin || !call.start) continue;
      const auto asked = waits.find(call.provider);
      if (asked == waits.end()) continue;
      ++claim.checked;
      const WallTime begin = *row.begin + *call.start;
      const Wait* wait = wait_broken_by(asked->second, begin);
      if (wait == nullptr) continue;
      claim.find(record,
                 fmt::format("a call at {} begins {} before the end of a wait of {}", visible_text(call.provider),
                             milliseconds(wait->end - begin), milliseconds(wait->end - wait->begin)));
    }
  }
  if (claim.checked == 0) claim.not_shown = "no provider asks for a wait";
  return claim;
}

AuditClaim check_alerts(const AuditedLog& log, const AuditRules& rules) {
  AuditClaim claim{.name = "budget.alerts", .sentence = "Alerts fire once a window, in order."};
  if (!is_of_gateway(log)) {
    claim.not_shown = "of all logs the telemetry of windtunnel gateway alone has alerts";
    return claim;
  }
  const Fired fired = alerts_in(log);
  for (const auto& [window, alerts] : fired) check_order(window, alerts, claim);
  const bool has_budget = rules.config != nullptr && !rules.unsaid.is_imported;
  if (has_budget) {
    const monitor::CostLimiterConfig& limiter = rules.config->monitor.cost_limiter;
    for (const auto& [window, alerts] : fired) {
      const std::optional<Usd>& limit = window.first == "day" ? limiter.daily : limiter.monthly;
      if (limit) check_spend(window, alerts, *limit, claim);
    }
    if (limiter.monthly) {
      check_missing(
          log, rules, "month", *limiter.monthly, fired, [](WallTime at) { return month_of(at); }, claim);
    }
    if (limiter.daily) {
      check_missing(
          log, rules, "day", *limiter.daily, fired, [](WallTime at) { return day_of(at); }, claim);
    }
  }
  if (claim.checked == 0) claim.not_shown = "no alert fires, and no share of a budget is known to be spent";
  return claim;
}

}  // namespace windtunnel::runs
