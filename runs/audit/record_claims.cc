// The records by themselves: each can be read, none is twice, missing or out of order.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "base/exact_decimal.h"
#include "runs/audit/audit_claims.h"

namespace windtunnel::runs {
namespace {

AuditClaim readable(const AuditedLog& log) {
  AuditClaim claim{.name = "records.readable", .sentence = "Each record can be read."};
  claim.checked = log.rows.size() + log.bad_count;
  for (const reports::BadLine& bad : log.bad) claim.find(bad.line, bad.why);
  claim.broken = log.bad_count;
  if (claim.checked == 0) claim.not_shown = "it has no record";
  return claim;
}

AuditClaim once(const AuditedLog& log) {
  AuditClaim claim{.name = "records.once", .sentence = "No request has two records."};
  std::map<std::string_view, std::uint64_t> seen;
  for (const AuditedRow& row : log.rows) {
    if (row.row.id.empty()) continue;
    ++claim.checked;
    const auto [first, is_new] = seen.emplace(row.row.id, row.record);
    if (!is_new) claim.find(row.record, fmt::format("{} is in {} {} already", row.row.id, log.unit, first->second));
  }
  if (claim.checked == 0) claim.not_shown = "its records have no id";
  return claim;
}

// "req-00017" is number 17 behind "req-".
struct NumberedId {
  std::string_view prefix;
  std::uint64_t number = 0;
};

std::optional<NumberedId> numbered(std::string_view id) {
  constexpr std::size_t kDigitsMost = 18;
  const std::size_t last = id.find_last_not_of("0123456789");
  const std::size_t begin = last == std::string_view::npos ? 0 : last + 1;
  if (begin == id.size() || id.size() - begin > kDigitsMost) return std::nullopt;
  NumberedId result{.prefix = id.substr(0, begin)};
  for (const char digit : id.substr(begin))
    result.number = result.number * 10 + static_cast<std::uint64_t>(digit - '0');
  return result;
}

// Ids that are numbers, and nearly all of a row, show which ones are missing.
AuditClaim complete(const AuditedLog& log) {
  AuditClaim claim{.name = "records.complete", .sentence = "No record is missing between the first and the last."};
  std::map<std::uint64_t, std::uint64_t> records;  // by number
  std::optional<std::string_view> prefix;
  bool is_numbered = true;
  for (const AuditedRow& row : log.rows) {
    const auto id = numbered(row.row.id);
    is_numbered = is_numbered && id && (!prefix || *prefix == id->prefix);
    if (!is_numbered) break;
    prefix = id->prefix;
    records.emplace(id->number, row.record);
  }
  const std::uint64_t span = records.empty() ? 0 : records.rbegin()->first - records.begin()->first + 1;
  if (!is_numbered || records.size() < 2 || span > records.size() + records.size() / 2 + 1) {
    claim.not_shown = "its ids are not numbered one after the other";
    return claim;
  }
  claim.checked = span;
  for (auto next = records.begin(), last = next++; next != records.end(); last = next++) {
    for (std::uint64_t missing = last->first + 1; missing < next->first; ++missing) {
      claim.find(next->second, fmt::format("{}{} is missing before it", *prefix, missing));
    }
  }
  return claim;
}

AuditClaim ordered(const AuditedLog& log, const AuditRules& rules) {
  AuditClaim claim{.name = "records.order", .sentence = "Records come in the order in which requests ended."};
  if (!log.is_appended) claim.not_shown = "an export may be in any order";
  if (has_clock_steps(rules)) claim.not_shown = "its clock steps";
  if (!claim.not_shown.empty()) return claim;
  std::optional<WallTime> latest;
  for (const AuditedRow& row : log.rows) {
    if (!row.row.end) continue;
    ++claim.checked;
    if (latest && *row.row.end + kStamp < *latest) {
      claim.find(row.record, fmt::format("it ended {} ms before the record in front of it",
                                         (*latest - *row.row.end).count() / 1'000'000));
    }
    latest = std::max(latest.value_or(*row.row.end), *row.row.end);
  }
  if (claim.checked == 0) claim.not_shown = "its records have no end";
  return claim;
}

}  // namespace

std::string milliseconds(Duration time) { return exact_decimal(time.count(), kMillisecondDecimals) + " ms"; }

std::string dollars(Usd cost) { return dollars(Int128{cost.picos()}); }

std::string dollars(Int128 picos) { return exact_decimal(picos, kDollarDecimals) + " USD"; }

bool has_clock_steps(const AuditRules& rules) {
  return rules.config != nullptr && std::ranges::any_of(rules.config->faults, [](const sim::FaultSpec& fault) {
           return std::holds_alternative<sim::WallClockStep>(fault.settings);
         });
}

std::vector<AuditClaim> check_records(const AuditedLog& log, const AuditRules& rules) {
  return {readable(log), once(log), complete(log), ordered(log, rules)};
}

}  // namespace windtunnel::runs
