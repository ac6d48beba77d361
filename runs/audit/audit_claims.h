#pragma once
// Claims that a log can show, and what an audit finds of them.
//
// A claim is held, broken, or not shown: a log that lacks what a claim needs proves nothing, and never passes it.

#include <cstdint>
#include <string>
#include <vector>

#include "reports/logs/log_reader.h"
#include "scenarios/import/litellm/litellm_budgets.h"
#include "scenarios/import/world/imported_world.h"
#include "scenarios/profiles/model_prices.h"
#include "sim/world/scenario.h"

namespace windtunnel::runs {

struct AuditFinding {
  std::uint64_t record = 0;  // of the log; 0: none of one record
  std::string what;
};

struct AuditClaim {
  static constexpr std::size_t kFindingsKept = 100;

  std::string name;           // "records.once"
  std::string sentence;       // what should hold
  std::uint64_t checked = 0;  // how often it was looked at
  std::uint64_t broken = 0;
  std::vector<AuditFinding> findings;  // the first of them
  std::string not_shown;               // why nothing was checked

  void find(std::uint64_t record, std::string what) {
    ++broken;
    if (findings.size() < kFindingsKept) findings.push_back({record, std::move(what)});
  }
};

struct AuditedRow {
  reports::LogRow row;
  std::uint64_t record = 0;  // its line or record
};

struct AuditedLog {
  std::string file;
  std::string unit;              // "line" or "record"
  bool is_appended = false;      // records were written one after the other, each when its request ended
  bool is_exact = false;         // costs are exact decimals
  bool is_of_calls = false;      // a record is one call
  bool has_cached = true;        // a record without tokens of a provider's cache has none
  bool has_kinds_apart = false;  // the input is the sum of its kinds, so that it cannot disagree with them
  bool is_served = false;        // the ledger of `serve`, whose ids are numbers of calls
  std::string vendor;            // who wrote it for calls of its own models; empty: none
  std::vector<AuditedRow> rows;  // in the order of the log
  std::vector<reports::LogRow> empty_buckets;  // of sums, those without any
  std::vector<reports::BadLine> bad;
  std::uint64_t bad_count = 0;
};

// A line of the comparison with a ledger: its records that agree, those that differ for one reason, or those of a day.
struct LedgerSum {
  std::string what;
  std::uint64_t records = 0;  // of the log and of the ledger, one with the same id once; 0: a report counts none
  Int128 logged_picos = 0;    // USD; sums may exceed the range of Usd
  Int128 billed_picos = 0;
};

struct LedgerComparison {
  std::vector<AuditClaim> claims;
  bool is_by_day = false;
  std::vector<LedgerSum> sums;     // together they are all that has a cost, but for what a note leaves out
  std::vector<std::string> notes;  // what was not compared
};

// Records are stamped to a microsecond.
inline constexpr Duration kStamp{1'000};
inline constexpr Duration kStamps = 2 * kStamp;  // of a begin and an end

// "0.0034 USD".
[[nodiscard]] std::string dollars(Usd cost);
[[nodiscard]] std::string dollars(Int128 picos);
// "1234.5 ms".
[[nodiscard]] std::string milliseconds(Duration time);

// Why settings of a config that was imported are not judged: its file does not state them, or the gateway follows it in
// another way. Empty: they are judged.
struct AuditUnsaid {
  bool is_imported = false;
  std::string attempts;
  std::string timeout;
  std::string breaker;
  std::string budget;
  std::string percentiles;
  std::vector<std::string> unpriced;  // deployments without a price of the file
  std::vector<std::string> asked;     // its routes that callers ask for by name
  std::vector<scenarios::DeploymentIdentity> deployments;
};

// What the log is held to.
struct AuditRules {
  AuditUnsaid unsaid;
  const sim::Scenario* config = nullptr;                          // null: none was given
  const std::vector<scenarios::CallerBudget>* budgets = nullptr;  // of keys, teams and users; null: none were given
  const scenarios::PriceList* prices = nullptr;                   // null: none was given
};

// The clock of the log steps, so that no time in it is certain.
[[nodiscard]] bool has_clock_steps(const AuditRules& rules);

[[nodiscard]] std::vector<AuditClaim> check_records(const AuditedLog& log, const AuditRules& rules);
[[nodiscard]] std::vector<AuditClaim> check_accounts(const AuditedLog& log, const AuditRules& rules);
[[nodiscard]] std::vector<AuditClaim> check_attempts(const AuditedLog& log, const AuditRules& rules);
[[nodiscard]] std::vector<AuditClaim> check_windows(const AuditedLog& log, const AuditRules& rules);
[[nodiscard]] AuditClaim check_open_breaker(const AuditedLog& log, const AuditRules& rules);
[[nodiscard]] AuditClaim check_retry_after(const AuditedLog& log, const AuditRules& rules);
[[nodiscard]] AuditClaim check_alerts(const AuditedLog& log, const AuditRules& rules);
[[nodiscard]] AuditClaim check_callers(const AuditedLog& log, const AuditRules& rules);
[[nodiscard]] LedgerComparison check_ledger(const AuditedLog& log, const AuditedLog& ledger);

}  // namespace windtunnel::runs
