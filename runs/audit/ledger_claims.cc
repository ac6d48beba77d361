// A log against what the provider has billed: a ledger with the same ids, or a report of sums by day.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "runs/audit/audit_claims.h"

namespace windtunnel::runs {
namespace {

using reports::LogRow;

// Sums of thousands of rounded bills are off by no more than that.
constexpr std::int64_t kRoundedMillionths = 100;  // of the sum

bool is_near(Usd a, Usd b) {
  const Int128 off = a > b ? (a - b).picos() : (b - a).picos();
  constexpr std::int64_t kMicroDollar = 1'000'000;
  return off <= kMicroDollar || off * 1'000'000 <= Int128{std::max(a, b).picos()} * kRoundedMillionths;
}

// Why two bills of one request differ, as far as the two records show it.
std::string reason_of(const LogRow& logged, const LogRow& billed) {
  if (!logged.answered.value_or(true)) return "the log has it as failed: it was cut or cancelled, and billed";
  if (logged.output && billed.output && *logged.output != *billed.output) {
    return fmt::format("{} output tokens are logged, and {} billed: it was cut", logged.output->count(),
                       billed.output->count());
  }
  if (logged.input && billed.input && *logged.input != *billed.input) {
    return fmt::format("{} input tokens are logged, and {} billed", logged.input->count(), billed.input->count());
  }
  if (logged.cached.value_or(Tokens{}) != billed.cached.value_or(Tokens{})) {
    return fmt::format("{} cached tokens are logged, and {} billed", logged.cached.value_or(Tokens{}).count(),
                       billed.cached.value_or(Tokens{}).count());
  }
  const std::int64_t off = logged.cost->picos() > billed.cost->picos() ? (*logged.cost - *billed.cost).picos()
                                                                       : (*billed.cost - *logged.cost).picos();
  constexpr std::int64_t kHundredthOfCent = 100'000'000;
  if (off < kHundredthOfCent / 100) return "they are rounded apart";
  return "tokens are the same: the price is another one";
}

std::map<std::string_view, const AuditedRow*> by_id(const AuditedLog& log) {
  std::map<std::string_view, const AuditedRow*> rows;
  for (const AuditedRow& row : log.rows) {
    if (!row.row.id.empty()) rows.emplace(row.row.id, &row);
  }
  return rows;
}

bool is_billed(const AuditedRow& row) { return row.row.cost.value_or(Usd{}).picos() > 0; }

std::vector<AuditClaim> compare_records(const AuditedLog& log, const AuditedLog& ledger) {
  AuditClaim logged{.name = "ledger.logged", .sentence = "What the ledger bills is in the log."};
  AuditClaim billed{.name = "ledger.billed", .sentence = "What the log has a cost for is in the ledger."};
  AuditClaim amounts{.name = "ledger.amounts", .sentence = "Log and ledger have the same amounts."};
  const auto in_log = by_id(log);
  const auto in_ledger = by_id(ledger);
  for (const auto& [id, bill] : in_ledger) {
    if (!is_billed(*bill)) continue;
    ++logged.checked;
    const auto found = in_log.find(id);
    if (found == in_log.end()) {
      logged.find(0, fmt::format("{} of the ledger's {} {} is billed {} and in no record", id, ledger.unit,
                                 bill->record, dollars(*bill->row.cost)));
      continue;
    }
    const LogRow& row = found->second->row;
    if (!row.cost) continue;
    ++amounts.checked;
    if (is_near(*row.cost, *bill->row.cost)) continue;
    amounts.find(found->second->record, fmt::format("{} is logged and {} billed: {}", dollars(*row.cost),
                                                    dollars(*bill->row.cost), reason_of(row, bill->row)));
  }
  for (const auto& [id, row] : in_log) {
    if (!is_billed(*row)) continue;
    ++billed.checked;
    if (!in_ledger.contains(id)) {
      billed.find(row->record, fmt::format("{} costs {} and is in no bill", id, dollars(*row->row.cost)));
    }
  }
  return {logged, billed, amounts};
}

using Days = std::map<WallTime, Usd>;

Days days_of(const AuditedLog& log) {
  Days days;
  for (const AuditedRow& row : log.rows) {
    if (row.row.cost) days[day_of(*row.row.begin).begin] += *row.row.cost;
  }
  return days;
}

// Days that the ledger does not have are not judged, because a report may cover less than the log.
std::vector<AuditClaim> compare_days(const AuditedLog& log, const AuditedLog& ledger) {
  AuditClaim amounts{.name = "ledger.amounts", .sentence = "Log and ledger have the same amounts a day."};
  const Days logged = days_of(log);
  for (const auto& [day, bill] : days_of(ledger)) {
    const auto found = logged.find(day);
    const Usd sum = found == logged.end() ? Usd{} : found->second;
    ++amounts.checked;
    if (is_near(sum, bill)) continue;
    const Usd off = sum > bill ? sum - bill : bill - sum;
    amounts.find(0, fmt::format("{}: {} is logged and {} billed, {} {}", iso8601(day).substr(0, 10), dollars(sum),
                                dollars(bill), dollars(off),
                                sum > bill ? "too much: calls without a bill, or another price"
                                           : "too little: calls without a record, cut answers, or another price"));
  }
  if (amounts.checked == 0) amounts.not_shown = "the ledger has no amounts";
  return {amounts};
}

}  // namespace

std::vector<AuditClaim> check_ledger(const AuditedLog& log, const AuditedLog& ledger) {
  const bool has_sums = std::ranges::any_of(ledger.rows, [](const AuditedRow& row) { return row.row.is_bucket; });
  if (has_sums) return compare_days(log, ledger);
  std::vector<AuditClaim> claims = compare_records(log, ledger);
  for (AuditClaim& claim : claims) {
    if (claim.checked == 0) claim.not_shown = "log and ledger have no ids and amounts in common";
  }
  return claims;
}

}  // namespace windtunnel::runs
