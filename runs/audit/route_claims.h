#pragma once
// What the routes of an imported file allow a request: how many calls, and which deployments in which order.
//
// The log must say what the caller asked for, unless the file has one name to ask for. Both are upper bounds: where the
// file leaves a choice (a draw by weight, a target that cools down, the tags of a caller), each one is allowed.

#include <string_view>
#include <vector>

#include "monitor/routing/provider_id.h"
#include "runs/audit/audit_claims.h"

namespace windtunnel::runs {

// attempts.bounded and failover.order of a file that was imported.
[[nodiscard]] AuditClaim bounded_by_routes(const AuditedLog& log, const AuditRules& rules);
[[nodiscard]] AuditClaim ordered_by_routes(const AuditedLog& log, const AuditRules& rules);

// The deployments of the file that a log means by the gateway's id or by the address that was called; where several
// have the address, those of the model. Empty: none of them.
[[nodiscard]] std::vector<monitor::ProviderId> deployments_of(const AuditRules& rules, std::string_view id,
                                                              std::string_view address, std::string_view model);

}  // namespace windtunnel::runs
