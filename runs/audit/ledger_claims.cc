// A log against what the provider has billed: a ledger with the same ids, or a report of sums by day.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "runs/audit/audit_claims.h"
#include "runs/audit/ledger_calls.h"
#include "runs/audit/ledger_days.h"
#include "runs/audit/serve_ledger.h"
#include "runs/logs/log_prices.h"
#include "scenarios/profiles/model_prices.h"
#include "wire/dialects/answer.h"

namespace windtunnel::runs {
namespace {

using reports::LogRow;

struct Reason {
  const char* kind;
  std::string words;  // of this record
};

// What the tokens of the row cost if those of a cache cost as much as others, or as the list has it.
bool is_price_of(const LogRow& row, Usd amount, bool has_cached) {
  static const scenarios::PriceList kPrices = scenarios::PriceList::shipped();
  LogRow priced = row;
  if (!has_cached) priced.cached = Tokens{};
  const auto price = price_of(priced, kPrices);
  return price && is_near(*price, amount);
}

// Why two bills of one request differ, as far as the two records show it.
Reason reason_of(const LogRow& logged, const LogRow& billed) {
  if (!logged.answered.value_or(true)) {
    return {"logged as failed, and billed", "the log has it as failed: it was cut or cancelled, and billed"};
  }
  if (logged.output && billed.output && *logged.output != *billed.output) {
    return {"other output tokens",
            fmt::format("{} output tokens are logged, and {} billed{}", logged.output->count(), billed.output->count(),
                        *logged.output < *billed.output ? ": it was cut" : "")};
  }
  if (logged.input && billed.input && *logged.input != *billed.input) {
    return {"other input tokens",
            fmt::format("{} input tokens are logged, and {} billed", logged.input->count(), billed.input->count())};
  }
  if (logged.cached && billed.cached && *logged.cached != *billed.cached) {
    return {"other cached tokens",
            fmt::format("{} cached tokens are logged, and {} billed", logged.cached->count(), billed.cached->count())};
  }
  const LogRow& cached = logged.cached ? logged : billed;
  if (cached.cached.value_or(Tokens{}) > Tokens{} && is_price_of(cached, *billed.cost, false)) {
    return {"cached tokens at full price",
            fmt::format("its {} cached tokens are billed at the price of others", cached.cached->count())};
  }
  if (cached.cached.value_or(Tokens{}) > Tokens{} && is_price_of(cached, *logged.cost, false)) {
    return {"cached tokens at full price",
            fmt::format("its {} cached tokens are logged at the price of others", cached.cached->count())};
  }
  if (!billed.input || !billed.output || !logged.input || !logged.output) {
    return {"a reason that the records do not show", "the records do not show why, because one has no tokens"};
  }
  return {"another price", "tokens are the same: the price is another one"};
}

// Half of the last decimal that a file writes its amounts with, if it writes few.
std::optional<Int128> rounding_of(const AuditedLog& log) {
  constexpr Int128 kMicroDollar = 1'000'000;
  constexpr Int128 kMilliDollar = 1'000 * kMicroDollar;  // whole cents show no rounding
  Int128 unit = kMilliDollar;
  for (const AuditedRow& row : log.rows) {
    const Int128 picos = row.row.cost.value_or(Usd{}).picos();
    while (unit > kMicroDollar && picos % unit != 0) unit /= 10;
    if (picos % unit != 0) return std::nullopt;
  }
  return unit / 2;
}

// The amounts differ by what one of the files rounds.
bool is_rounded(Usd a, Usd b, const std::optional<Int128>& rounding) {
  const Int128 off = a > b ? (a - b).picos() : (b - a).picos();
  return is_near(a, b) || (rounding && off <= *rounding);
}

using Rows = std::map<std::string_view, const AuditedRow*>;

Rows by_id(const AuditedLog& log) {
  Rows rows;
  for (const AuditedRow& row : log.rows) {
    if (!row.row.id.empty()) rows.emplace(row.row.id, &row);
  }
  return rows;
}

// By the number of the call that gave the answer, for a ledger of `serve`.
Rows by_call(const AuditedLog& log) {
  Rows rows;
  for (const AuditedRow& row : log.rows) {
    if (const auto call = wire::call_in_id(row.row.id)) rows.emplace(*call, &row);
  }
  return rows;
}

bool is_billed(const AuditedRow& row) { return row.row.cost.value_or(Usd{}).picos() > 0; }

// Adds up by what is the case, in the order in which it is first met.
class Sums {
 public:
  void add(std::string_view what, Usd logged, Usd billed) {
    auto sum = std::ranges::find(sums_, what, &LedgerSum::what);
    if (sum == sums_.end()) sum = sums_.insert(sums_.end(), {.what = std::string{what}});
    ++sum->records;
    sum->logged_picos += logged.picos();
    sum->billed_picos += billed.picos();
  }
  [[nodiscard]] std::vector<LedgerSum> take() { return std::move(sums_); }

 private:
  std::vector<LedgerSum> sums_;
};

// Records whose id is missing or was there before are compared with none, and yet part of the sums. One that was there
// before is a finding of `claim`; those without an id leave the claim undecided.
void add_uncompared(Sums& sums, AuditClaim& claim, const AuditedLog& log, const Rows& compared, bool is_ledger) {
  std::set<const AuditedRow*> rows;
  std::set<std::string_view> ids;
  for (const auto& [id, row] : compared) {
    rows.insert(row);
    ids.insert(row->row.id);
  }
  std::uint64_t unnamed = 0;
  for (const AuditedRow& row : log.rows) {
    if (!is_billed(row) || rows.contains(&row)) continue;
    const Usd cost = *row.row.cost;
    const bool is_again = ids.contains(row.row.id);
    const char* kind = is_ledger ? (is_again ? "billed again, under the same id" : "billed, with no id to compare by")
                                 : (is_again ? "logged again, under the same id" : "logged, with no id to compare by");
    sums.add(kind, is_ledger ? Usd{} : cost, is_ledger ? cost : Usd{});
    if (!is_again) {
      ++unnamed;
      continue;
    }
    ++claim.checked;
    claim.find(is_ledger ? 0 : row.record, is_ledger
                                               ? fmt::format("{} is billed again with {} in the ledger's {} {}",
                                                             row.row.id, dollars(cost), log.unit, row.record)
                                               : fmt::format("{} is logged again with {}", row.row.id, dollars(cost)));
  }
  if (unnamed == 0 || claim.broken > 0) return;
  claim.checked = 0;
  claim.not_shown = fmt::format("{} {} no id to compare by", unnamed,
                                is_ledger ? "of the ledger's amounts have" : "of the log's records with a cost have");
}

// An amount of the log: of a call, or of a record without calls.
struct LoggedAmount {
  Usd cost;
  std::uint64_t record = 0;
};

std::vector<LoggedAmount> amounts_of(const AuditedLog& log) {
  std::vector<LoggedAmount> amounts;
  const auto add = [&](const std::optional<Usd>& cost, std::uint64_t record) {
    if (cost.value_or(Usd{}).picos() > 0) amounts.push_back({*cost, record});
  };
  for (const auto& [row, record] : log.rows) {
    for (const reports::LogAttempt& attempt : row.attempts) add(attempt.cost, record);
    if (row.attempts.empty()) add(row.cost, record);
  }
  return amounts;
}

// Without ids in common, exact amounts still show what is missing: of bills of one amount, as many are in the log as it
// has calls of that cost.
LedgerComparison compare_amounts(const AuditedLog& log, const AuditedLog& ledger) {
  AuditClaim logged{.name = "ledger.logged", .sentence = "What the ledger bills is in the log, amount by amount."};
  AuditClaim billed{.name = "ledger.billed", .sentence = "What the log has a cost for is in the ledger, likewise."};
  AuditClaim amounts{.name = "ledger.amounts", .sentence = "Log and ledger have the same amounts."};
  std::map<Usd, std::vector<LoggedAmount>> in_log;
  for (const LoggedAmount& amount : amounts_of(log)) in_log[amount.cost].push_back(amount);
  Sums sums;
  std::map<Usd, std::size_t> found;
  for (const AuditedRow& bill : ledger.rows) {
    if (!is_billed(bill)) continue;
    const Usd cost = *bill.row.cost;
    ++logged.checked;
    const auto same = in_log.find(cost);
    if (same != in_log.end() && found[cost] < same->second.size()) {
      ++found[cost];
      sums.add("the same amount", cost, cost);
      continue;
    }
    sums.add("billed, and no call has this cost", Usd{}, cost);
    logged.find(
        0, fmt::format("call {} of the ledger's {} {} is billed {}, which {} of the log costs", bill.row.id,
                       ledger.unit, bill.record, dollars(cost), same == in_log.end() ? "no call" : "no further call"));
  }
  for (const auto& [cost, calls] : in_log) {
    billed.checked += calls.size();
    for (std::size_t i = found[cost]; i < calls.size(); ++i) {
      sums.add("logged, and no bill has this amount", cost, Usd{});
      billed.find(calls[i].record, fmt::format("a call costs {}, which no{} bill has", dollars(cost),
                                               found[cost] > 0 ? " further" : ""));
    }
  }
  amounts.not_shown =
      "no id of the log is that of an answer of serve, so that calls are compared by their amounts alone";
  return {.claims = {logged, billed, amounts}, .sums = sums.take()};
}

LedgerComparison compare_records(const AuditedLog& log, const AuditedLog& ledger) {
  AuditClaim logged{.name = "ledger.logged", .sentence = "What the ledger bills is in the log."};
  AuditClaim billed{.name = "ledger.billed", .sentence = "What the log has a cost for is in the ledger."};
  AuditClaim amounts{.name = "ledger.amounts", .sentence = "Log and ledger have the same amounts."};
  const Rows in_log = ledger.is_served ? by_call(log) : by_id(log);
  const Rows in_ledger = by_id(ledger);
  Sums sums;
  if (ledger.is_served && in_log.empty() && log.is_exact) return compare_amounts(log, ledger);
  if (ledger.is_served && in_log.empty()) {
    add_uncompared(sums, billed, log, {}, false);
    add_uncompared(sums, logged, ledger, {}, true);
    for (AuditClaim* claim : {&logged, &billed, &amounts}) {
      claim->not_shown = "no id of the log is that of an answer of serve, such as chatcmpl-wt17";
    }
    return {.claims = {logged, billed, amounts}, .sums = sums.take()};
  }
  const char* noun = ledger.is_served ? "call " : "";
  const std::optional<Int128> rounding = std::max(rounding_of(log), rounding_of(ledger));
  for (const auto& [id, bill] : in_ledger) {
    if (!is_billed(*bill)) continue;
    ++logged.checked;
    const auto found = in_log.find(id);
    if (found == in_log.end()) {
      logged.find(0, fmt::format("{}{} of the ledger's {} {} is billed {} and in no record", noun, id, ledger.unit,
                                 bill->record, dollars(*bill->row.cost)));
      sums.add("billed, and in no record", Usd{}, *bill->row.cost);
      continue;
    }
    const LogRow& row = found->second->row;
    ++amounts.checked;
    if (!row.cost) {
      sums.add("billed, and logged without a cost", Usd{}, *bill->row.cost);
      amounts.find(found->second->record,
                   fmt::format("it is logged without a cost, and billed {}{}", dollars(*bill->row.cost),
                               row.answered.value_or(true) ? "" : ": it was cut or cancelled"));
      continue;
    }
    if (is_rounded(*row.cost, *bill->row.cost, rounding)) {
      sums.add(*row.cost == *bill->row.cost ? "the same amount" : "rounded apart", *row.cost, *bill->row.cost);
      continue;
    }
    const Reason reason = reason_of(row, bill->row);
    sums.add(reason.kind, *row.cost, *bill->row.cost);
    amounts.find(found->second->record, fmt::format("{} is logged and {} billed: {}", dollars(*row.cost),
                                                    dollars(*bill->row.cost), reason.words));
  }
  for (const auto& [id, row] : in_log) {
    if (!is_billed(*row)) continue;
    ++billed.checked;
    const auto bill = in_ledger.find(id);
    if (bill != in_ledger.end() && is_billed(*bill->second)) continue;
    sums.add("logged, and in no bill", *row->row.cost, Usd{});
    if (bill == in_ledger.end()) {
      billed.find(row->record, fmt::format("{}{} costs {} and is in no bill", noun, id, dollars(*row->row.cost)));
    } else {
      billed.find(row->record, fmt::format("{}{} costs {} and is billed nothing", noun, id, dollars(*row->row.cost)));
    }
  }
  add_uncompared(sums, billed, log, in_log, false);
  add_uncompared(sums, logged, ledger, in_ledger, true);
  return {.claims = {logged, billed, amounts}, .sums = sums.take()};
}

}  // namespace

LedgerComparison check_ledger(const AuditedLog& log, const AuditedLog& ledger) {
  const bool has_sums = !ledger.empty_buckets.empty() ||
                        std::ranges::any_of(ledger.rows, [](const AuditedRow& row) { return row.row.is_bucket; });
  const std::optional<AuditedLog> calls = has_sums ? std::nullopt : calls_of(log, ledger);
  LedgerComparison compared = has_sums ? compare_days(log, ledger) : compare_records(calls ? *calls : log, ledger);
  if (ledger.bad_count > 0) {
    compared.notes.push_back(fmt::format("{} records of the ledger cannot be read, the first at {} {}: {}",
                                         ledger.bad_count, ledger.unit, ledger.bad.front().line,
                                         ledger.bad.front().why));
  }
  for (AuditClaim& claim : compared.claims) {
    if (claim.checked == 0 && claim.not_shown.empty())
      claim.not_shown = "log and ledger have no ids and amounts in common";
  }
  return compared;
}

}  // namespace windtunnel::runs
