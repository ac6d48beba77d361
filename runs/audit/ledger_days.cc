#include "runs/audit/ledger_days.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/calendar.h"

namespace windtunnel::runs {
namespace {

using reports::LogRow;

using Days = std::map<WallTime, Usd>;

Days days_of(const AuditedLog& log) {
  Days days;
  for (const auto& [row, record] : log.rows) {
    if (row.cost) days[day_of(*row.begin).begin] += *row.cost;
  }
  return days;
}

struct Covered {
  WallTime begin{};
  WallTime end{};
};

// Of a ledger with buckets.
Covered covered_by(const AuditedLog& ledger) {
  Covered covered{.begin = WallTime::max(), .end = WallTime::min()};
  const auto add = [&](const LogRow& row) {
    const auto first = day_of(*row.begin);
    covered.begin = std::min(covered.begin, first.begin);
    covered.end = std::max({covered.end, first.end, row.end.value_or(first.end)});
  };
  for (const auto& [row, record] : ledger.rows) add(row);
  for (const LogRow& row : ledger.empty_buckets) add(row);
  return covered;
}

std::string date_of(WallTime day) { return iso8601(day).substr(0, 10); }

std::string finding_of(WallTime day, Usd logged, Usd billed) {
  const Usd off = logged > billed ? logged - billed : billed - logged;
  const char* why = logged > billed ? "too much: calls without a bill, or another price"
                                    : "too little: calls without a record, cut answers, or another price";
  return fmt::format("{}: {} is logged and {} billed, {} {}", date_of(day), dollars(logged), dollars(billed),
                     dollars(off), why);
}

Usd amount_at(const Days& days, WallTime day) {
  const auto found = days.find(day);
  return found == days.end() ? Usd{} : found->second;
}

}  // namespace

bool is_near(Usd a, Usd b) {
  // Sums of thousands of rounded bills are off by no more than that.
  constexpr std::int64_t kRoundedMillionths = 100;  // of the sum
  const Int128 off = a > b ? (a - b).picos() : (b - a).picos();
  constexpr std::int64_t kMicroDollar = 1'000'000;
  return off <= kMicroDollar || off * 1'000'000 <= Int128{std::max(a, b).picos()} * kRoundedMillionths;
}

LedgerComparison compare_days(const AuditedLog& log, const AuditedLog& ledger) {
  AuditClaim amounts{.name = "ledger.amounts", .sentence = "Log and ledger have the same amounts a day."};
  const Days logged = days_of(log);
  const Days billed = days_of(ledger);
  const Covered covered = covered_by(ledger);
  LedgerComparison compared{.is_by_day = true};
  for (WallTime day = covered.begin; day < covered.end; day = day_of(day).end) {
    const Usd sum = amount_at(logged, day);
    const Usd bill = amount_at(billed, day);
    ++amounts.checked;
    compared.sums.push_back(
        {.what = date_of(day), .logged_picos = Int128{sum.picos()}, .billed_picos = Int128{bill.picos()}});
    if (!is_near(sum, bill)) amounts.find(0, finding_of(day, sum, bill));
  }
  Int128 outside = 0;
  std::uint64_t days = 0;
  for (const auto& [day, sum] : logged) {
    if (day >= covered.begin && day < covered.end) continue;
    ++days;
    outside += sum.picos();
  }
  if (days > 0) {
    compared.notes.push_back(fmt::format(
        "{} of the log's days, with {}, are outside of the ledger's time and not compared", days, dollars(outside)));
  }
  compared.claims.push_back(std::move(amounts));
  return compared;
}

}  // namespace windtunnel::runs
