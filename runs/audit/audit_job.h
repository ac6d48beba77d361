#pragma once
// Audits a log: reads it, and checks every claim that it can show.

#include <optional>
#include <string>
#include <vector>

#include "reports/html/html_bundle.h"
#include "reports/logs/log_choice.h"
#include "runs/audit/audit_claims.h"
#include "runs/audit/audit_config.h"
#include "runs/problem.h"

namespace windtunnel::runs {

struct AuditRequest {
  reports::LogChoice log;
  std::string config;  // what the log is held to: a scenario, or a file that import reads; empty: nothing
  ConfigFormat config_format = ConfigFormat::automatic;
  std::string ledger;  // what the provider billed: a log or a cost report; empty: none
  std::string ledger_format = "auto";
  std::string ledger_columns;
  std::string junit;  // a file; empty: none
  std::string html;   // likewise
  bool as_json = false;
};

struct AuditDone {
  std::optional<Problem> problem;  // then there are no claims
  std::string file;
  std::string title;  // of the log's format
  std::string unit;
  std::uint64_t records = 0;
  std::string config;        // what it is held to; empty: nothing
  std::string config_rules;  // "LiteLLM 1.93.0" of a file that was imported
  std::vector<AuditClaim> claims;
  std::string ledger;              // its file; empty: there is none
  bool is_by_day = false;          // the ledger has sums of days
  std::vector<LedgerSum> sums;     // of log and ledger; empty: nothing could be compared
  std::vector<std::string> notes;  // what was not compared
  std::string text;                // as was asked for

  [[nodiscard]] bool is_broken() const;
  [[nodiscard]] LedgerSum total() const;      // of the sums
  [[nodiscard]] const char* verdict() const;  // "pass", "fail" or "inconclusive"
  [[nodiscard]] bool shows_anything() const;  // a claim beyond that its records can be read
};

AuditDone audit(const AuditRequest& request);

// "line 13: a hit of the cache costs 0.1 USD".
[[nodiscard]] std::string finding_line(const AuditDone& done, const AuditFinding& finding);

// For people, for programs, and for CI servers.
[[nodiscard]] std::string audit_text(const AuditDone& done);
[[nodiscard]] std::string audit_json(const AuditDone& done);
[[nodiscard]] std::string audit_junit(const AuditDone& done);
// One page that needs no script and loads nothing.
[[nodiscard]] std::string audit_page(const AuditDone& done, const reports::HtmlBundle& bundle);

}  // namespace windtunnel::runs
