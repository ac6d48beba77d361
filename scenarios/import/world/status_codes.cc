#include "scenarios/import/world/status_codes.h"

#include "scenarios/import/world/imported_world.h"

namespace windtunnel::scenarios {

using monitor::ReplyKind;
using monitor::ReplySet;

ReplySet kinds_of_status(std::int64_t status) {
  switch (status) {
    case 400:
      return replies({ReplyKind::client_error, ReplyKind::context_length, ReplyKind::content_policy});
    case 401:
    case 403:
      return replies({ReplyKind::auth, ReplyKind::auth_or_quota});
    case 402:
      return replies({ReplyKind::quota_exhausted, ReplyKind::auth_or_quota});
    case 404:
      return replies({ReplyKind::not_found});
    case 408:
      return replies({ReplyKind::timeout});
    case 409:
    case 413:
    case 422:
      return replies({ReplyKind::client_error});
    case 429:
      return replies({ReplyKind::rate_limited});
    case 500:  // a gateway reports a connection that failed as 500 or 503
    case 503:
      return replies({ReplyKind::server_error, ReplyKind::connection_error});
    case 502:
    case 504:
      return replies({ReplyKind::server_error});
    case 529:
      return replies({ReplyKind::overloaded});
    default:
      return status > 500 && status < 600 ? replies({ReplyKind::server_error}) : ReplySet{};
  }
}

ReplySet read_statuses(const JsonValue& codes, const std::string& to, ConfigReading& in) {
  ReplySet set;
  if (!in.require_list(codes)) return set;
  for (const JsonValue& code : codes.items) {
    const auto status = in.number_of(code, 0);
    if (!status) continue;
    const ReplySet kinds = kinds_of_status(*status);
    set.add(kinds);
    if (kinds.empty()) {
      in.keys().drop(code, "no reply here has this status");
    } else if (*status >= 500 && *status != 529) {
      in.keys().differ(code, to + ": here the statuses 500 to 504 are one kind");
    } else {
      in.keys().carry(code, to);
    }
  }
  return set;
}

ReplySet unseen_by_status() { return replies({ReplyKind::malformed, ReplyKind::truncated}); }

}  // namespace windtunnel::scenarios
