#pragma once
// Audits a log: reads it, and checks every claim that it can show.

#include <optional>
#include <string>
#include <vector>

#include "reports/logs/log_choice.h"
#include "runs/audit/audit_claims.h"
#include "runs/problem.h"

namespace windtunnel::runs {

struct AuditRequest {
  reports::LogChoice log;
  std::string config;  // a scenario that the log is held to; empty: none
  std::string ledger;  // what the provider billed: a log or a cost report; empty: none
  std::string ledger_format = "auto";
  std::string ledger_columns;
  std::string junit;  // a file; empty: none
  bool as_json = false;
};

struct AuditDone {
  std::optional<Problem> problem;  // then there are no claims
  std::string file;
  std::string title;  // of the log's format
  std::string unit;
  std::uint64_t records = 0;
  std::vector<AuditClaim> claims;
  std::string text;  // as was asked for

  [[nodiscard]] bool is_broken() const;
  [[nodiscard]] bool shows_anything() const;  // a claim beyond that its records can be read
};

AuditDone audit(const AuditRequest& request);

// For people, for programs, and for CI servers.
[[nodiscard]] std::string audit_text(const AuditDone& done);
[[nodiscard]] std::string audit_json(const AuditDone& done);
[[nodiscard]] std::string audit_junit(const AuditDone& done);

}  // namespace windtunnel::runs
