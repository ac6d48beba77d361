#pragma once
// A log against a report of what was billed a day, without the requests that it was billed for.
//
// The days of the report are those from its first bucket to its last one: a day in between without a bucket, or with an
// empty one, was billed nothing. Days before and after are not judged, because a report may cover less than the log.
// Calls that the report's vendor does not bill are not judged either.

#include "runs/audit/audit_claims.h"

namespace windtunnel::runs {

// They differ by no more than what rounding accounts for.
[[nodiscard]] bool is_near(Usd a, Usd b);

[[nodiscard]] LedgerComparison compare_days(const AuditedLog& log, const AuditedLog& ledger);

}  // namespace windtunnel::runs
