#pragma once
// The calls of a log whose requests have several, for a ledger that bills call by call.

#include <optional>

#include "runs/audit/audit_claims.h"

namespace windtunnel::runs {

// A record for each call, with the id of the provider's answer. A call without one has the id of a bill that no other
// call has, if the bill has its amount. Nothing: the log has no ids of answers, or its own ids are those of the ledger.
[[nodiscard]] std::optional<AuditedLog> calls_of(const AuditedLog& log, const AuditedLog& ledger);

}  // namespace windtunnel::runs
