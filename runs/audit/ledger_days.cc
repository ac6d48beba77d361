#include "runs/audit/ledger_days.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/calendar.h"
#include "scenarios/profiles/model_prices.h"

namespace windtunnel::runs {
namespace {

using reports::LogRow;

using Days = std::map<WallTime, Usd>;

// Names of who sells the models of others, and of vendors.
constexpr std::array<std::string_view, 24> kSellers{
    "azure",    "bedrock",    "vertex",    "openrouter", "openai",   "google",    "anthropic", "gemini",
    "mistral",  "groq",       "together",  "fireworks",  "deepseek", "xai",       "cohere",    "perplexity",
    "cerebras", "databricks", "sagemaker", "nvidia",     "ollama",   "deepinfra", "replicate", "huggingface"};

std::string lower_of(std::string_view text) {
  std::string lower{text};
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return lower;
}

// Whether the vendor bills the row. A provider that is named after a seller is decided; else the list of prices has the
// vendor of the model, and a model that it lacks is held against every report.
bool is_billed_by(const std::string& vendor, const LogRow& row, const scenarios::PriceList& prices) {
  const std::string provider = row.names_provider ? lower_of(row.provider) : "";
  const auto is_named = [&](std::string_view seller) { return provider.find(seller) != std::string::npos; };
  if (provider == vendor) return true;
  if (std::ranges::any_of(kSellers, [&](std::string_view seller) { return seller != vendor && is_named(seller); })) {
    return false;
  }
  if (is_named(vendor)) return true;
  const scenarios::ModelPrice* listed = prices.find(row.model);
  return listed == nullptr || listed->vendor.empty() || listed->vendor == vendor;
}

Days days_of(const AuditedLog& log) {
  Days days;
  for (const auto& [row, record] : log.rows) {
    if (row.cost) days[day_of(*row.begin).begin] += *row.cost;
  }
  return days;
}

// What of the log the ledger may bill.
struct Billable {
  Days days;
  std::uint64_t records = 0;
  std::uint64_t others = 0;  // of other vendors
  Int128 others_picos = 0;
};

Billable billable_of(const AuditedLog& log, const std::string& vendor) {
  Billable billable{.days = days_of(log), .records = log.rows.size()};
  if (vendor.empty()) return billable;
  const scenarios::PriceList prices = scenarios::PriceList::shipped();
  for (const auto& [row, record] : log.rows) {
    if (is_billed_by(vendor, row, prices)) continue;
    --billable.records;
    ++billable.others;
    if (!row.cost) continue;
    billable.others_picos += row.cost->picos();
    billable.days[day_of(*row.begin).begin] -= *row.cost;
  }
  std::erase_if(billable.days, [](const auto& day) { return day.second == Usd{}; });
  return billable;
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
  LedgerComparison compared{.is_by_day = true};
  const Billable billable = billable_of(log, ledger.vendor);
  if (billable.others > 0) {
    compared.notes.push_back(
        fmt::format("{} of the log's records, with {}, are calls that {} does not bill, and not compared",
                    billable.others, dollars(billable.others_picos), ledger.vendor));
    if (billable.records == 0) {
      amounts.not_shown = "no record of the log is a call that " + ledger.vendor + " bills";
      compared.claims.push_back(std::move(amounts));
      return compared;
    }
  }
  const Days& logged = billable.days;
  const Days billed = days_of(ledger);
  const Covered covered = covered_by(ledger);
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
