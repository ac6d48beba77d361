// What a log shows of budgets and percentiles, over days, months and the whole, and of the budgets of callers.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "base/visible_text.h"
#include "runs/audit/audit_claims.h"
#include "sim/world/replicas.h"

namespace windtunnel::runs {
namespace {

using monitor::LimitScope;
using reports::LogRow;
using scenarios::CallerBudget;

constexpr const char* kNoBudget = "no --config names a budget";

// The begin of the window that the request arrived in. Nothing: it arrived too near to the edge to tell.
template <class Window>
std::optional<WallTime> window_of(const LogRow& row, Window window) {
  const WallTime begin = window(*row.begin).begin;
  if (window(*row.begin + kStamp).begin != begin) return std::nullopt;
  return begin;
}

// Bills of unknown size are not in the log, so that the sum is at least what was spent.
template <class Window>
AuditClaim within_budget(const AuditedLog& log, const AuditRules& rules, const char* name, const char* word,
                         const std::optional<Usd>& limit, Window window) {
  AuditClaim claim{.name = name, .sentence = fmt::format("No {} costs more than its budget.", word)};
  if (rules.config == nullptr) {
    claim.not_shown = kNoBudget;
  } else if (!rules.unsaid.budget.empty()) {
    claim.not_shown = rules.unsaid.budget;
  } else if (!limit) {
    claim.not_shown = fmt::format("the config has no budget of a {}", word);
  } else if (has_clock_steps(rules)) {
    claim.not_shown = "its clock steps";
  } else if (!sim::is_known_to_all(*rules.config, monitor::PipelinePart::spend)) {
    claim.not_shown = "its replicas do not know at once what the others spend";
  }
  if (!claim.not_shown.empty()) return claim;
  std::map<WallTime, Usd> spent;
  std::map<WallTime, bool> found;
  std::uint64_t costless = 0;  // answers of unknown cost
  for (const auto& [row, record] : log.rows) {
    if (!row.cost && row.answered.value_or(true) && !row.cache_hit.value_or(false)) ++costless;
    if (!row.begin || !row.cost) continue;
    const auto begin = window_of(row, window);
    if (!begin) continue;
    ++claim.checked;
    Usd& sum = spent[*begin];
    sum += *row.cost;
    if (sum <= *limit || std::exchange(found[*begin], true)) continue;
    claim.find(record, fmt::format("with it the {} of {} has cost {} of {}", word, iso8601(*begin).substr(0, 10),
                                   dollars(sum), dollars(*limit)));
  }
  if (claim.checked == 0) {
    claim.not_shown = "its records have no cost";
  } else if (costless > 0 && claim.broken == 0) {
    claim.checked = 0;
    claim.not_shown = fmt::format("{} of its answers have no cost, and may be what is too much", costless);
  }
  return claim;
}

// A threshold of the whole run that a log can decide: a statistic of the latency of answered requests.
bool is_of_latency(const sim::ThresholdSpec& spec) {
  const bool is_statistic = spec.aggregate == sim::Aggregate::percentile || spec.aggregate == sim::Aggregate::max ||
                            spec.aggregate == sim::Aggregate::med;
  const bool is_upper = spec.comparison == sim::Comparison::less || spec.comparison == sim::Comparison::less_equal;
  return (spec.of == sim::Metric::request_duration || spec.of == sim::Metric::time_to_first_token) && is_statistic &&
         is_upper && !spec.forecast && !spec.provider && !spec.served_by && !spec.variant && !spec.outcome &&
         !spec.team && !spec.limit && !spec.during && !spec.after && !spec.window && !spec.skip;
}

// Nearest rank.
Duration statistic_of(const sim::ThresholdSpec& spec, const std::vector<Duration>& sorted) {
  std::int64_t millionths = sim::Aggregate::max == spec.aggregate ? 1'000'000 : 500'000;
  if (spec.aggregate == sim::Aggregate::percentile) millionths = spec.percentile.value;
  const auto n = static_cast<std::int64_t>(sorted.size());
  const std::int64_t rank = std::clamp<std::int64_t>((millionths * n + 999'999) / 1'000'000, 1, n);
  return sorted[static_cast<std::size_t>(rank - 1)];
}

// The bound of a run is held against figures of three digits, so that a log is not held to more.
AuditClaim within_percentiles(const AuditedLog& log, const AuditRules& rules) {
  AuditClaim claim{.name = "time.percentiles", .sentence = "Latencies keep the config's thresholds."};
  if (rules.config == nullptr) {
    claim.not_shown = "no --config has thresholds";
    return claim;
  }
  claim.not_shown = rules.unsaid.percentiles;
  if (!claim.not_shown.empty()) return claim;
  std::vector<Duration> whole;
  std::vector<Duration> first;
  for (const auto& [row, record] : log.rows) {
    if (!row.answered.value_or(true) || row.is_bucket) continue;
    if (row.latency) whole.push_back(*row.latency);
    if (row.time_to_first_token) first.push_back(*row.time_to_first_token);
  }
  std::ranges::sort(whole);
  std::ranges::sort(first);
  for (const sim::ThresholdSpec& spec : rules.config->thresholds) {
    const std::vector<Duration>& sorted = spec.of == sim::Metric::request_duration ? whole : first;
    if (!is_of_latency(spec) || sorted.empty()) continue;
    ++claim.checked;
    const Duration shown = statistic_of(spec, sorted);
    if (shown.count() / 1000 * 998 <= spec.bound) continue;
    claim.find(0, fmt::format("{}: {} is claimed, and the log has {} ms", spec.metric, spec.text,
                              exact_decimal(shown.count(), kMillisecondDecimals)));
  }
  if (claim.checked == 0)
    claim.not_shown = "the config has no threshold on latency of the whole run that the log shows";
  return claim;
}

// --- Of keys, teams and users
// -----------------------------------------------------------------------------------------

// LiteLLM adds the cost of an answer once it has come, and its replicas learn within a minute of what the others have
// spent. A call is therefore found only if the calls that had ended a minute before it began had spent the budget. A
// log without the begin of the window shows less than was spent, and never more.
constexpr Duration kSpendKnown = std::chrono::minutes{1};

const std::string& caller_of(const reports::LogRow& row, LimitScope scope) {
  if (scope == LimitScope::key) return row.key;
  return scope == LimitScope::team ? row.team : row.holder;
}

using Rows = std::vector<const AuditedRow*>;
using Callers = std::map<std::pair<LimitScope, std::string>, Rows>;

Callers rows_by_caller(const AuditedLog& log) {
  Callers callers;
  for (const AuditedRow& audited : log.rows) {
    if (!audited.row.begin || !audited.row.cost || audited.row.is_bucket) continue;
    for (const LimitScope scope : {LimitScope::key, LimitScope::team, LimitScope::user}) {
      const std::string& caller = caller_of(audited.row, scope);
      if (!caller.empty()) callers[{scope, caller}].push_back(&audited);
    }
  }
  return callers;
}

WallTime end_of(const reports::LogRow& row) { return row.end.value_or(*row.begin + row.latency.value_or(Duration{0})); }

// The first call after the budget was spent is a finding; the others follow from it.
void check_budget(const CallerBudget& budget, const Rows& rows, AuditClaim& claim) {
  std::vector<std::pair<WallTime, Usd>> spent;  // by the time at which it is known everywhere
  Rows begun;
  for (const AuditedRow* audited : rows) {
    const reports::LogRow& row = audited->row;
    if (*row.begin < budget.begin || end_of(row) >= budget.end) continue;
    spent.emplace_back(end_of(row) + kSpendKnown, *row.cost);
    if (*row.cost > Usd{}) begun.push_back(audited);
  }
  std::ranges::sort(spent);
  std::ranges::stable_sort(begun, {}, [](const AuditedRow* audited) { return *audited->row.begin; });
  Usd known;
  std::size_t next = 0;
  for (const AuditedRow* audited : begun) {
    while (next < spent.size() && spent[next].first <= *audited->row.begin) known += spent[next++].second;
    ++claim.checked;
    if (known < budget.most) continue;
    const std::string& name = budget.name.empty() ? budget.id : budget.name;
    claim.find(audited->record,
               fmt::format("the {} {} has spent {} of {} a minute before, and is answered", name_of(budget.scope),
                           visible_text(name), dollars(known), dollars(budget.most)));
    return;
  }
}

}  // namespace

std::vector<AuditClaim> check_windows(const AuditedLog& log, const AuditRules& rules) {
  std::optional<Usd> monthly;
  std::optional<Usd> daily;
  if (rules.config != nullptr) {
    monthly = rules.config->monitor.cost_limiter.monthly;
    daily = rules.config->monitor.cost_limiter.daily;
  }
  return {within_budget(log, rules, "budget.month", "month", monthly, [](WallTime at) { return month_of(at); }),
          within_budget(log, rules, "budget.day", "day", daily, [](WallTime at) { return day_of(at); }),
          check_alerts(log, rules), within_percentiles(log, rules)};
}

AuditClaim check_callers(const AuditedLog& log, const AuditRules& rules) {
  AuditClaim claim{.name = "budget.callers",
                   .sentence = "No key, team or user has an answer after its budget was spent."};
  if (rules.budgets == nullptr) {
    claim.not_shown = "no --config has budgets of keys, teams or users";
    return claim;
  }
  if (rules.budgets->empty()) {
    claim.not_shown = "the config has no budget whose window is known";
    return claim;
  }
  const Callers callers = rows_by_caller(log);
  for (const CallerBudget& budget : *rules.budgets) {
    const auto found = callers.find({budget.scope, budget.id});
    if (found != callers.end()) check_budget(budget, found->second, claim);
  }
  if (claim.checked == 0) claim.not_shown = "no record with a cost is of a caller and a window that the config budgets";
  return claim;
}

}  // namespace windtunnel::runs
