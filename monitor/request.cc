#include "monitor/request.h"

namespace windtunnel::monitor {

const char* name_of(ReplyKind kind) {
  switch (kind) {
    case ReplyKind::ok:
      return "ok";
    case ReplyKind::timeout:
      return "timeout";
    case ReplyKind::connection_error:
      return "connection_error";
    case ReplyKind::server_error:
      return "server_error";
    case ReplyKind::overloaded:
      return "overloaded";
    case ReplyKind::rate_limited:
      return "rate_limited";
    case ReplyKind::malformed:
      return "malformed";
    case ReplyKind::truncated:
      return "truncated";
    case ReplyKind::auth_or_quota:
      return "auth_or_quota";
    case ReplyKind::client_error:
      return "client_error";
  }
  fail_check("a reply kind has a name", __FILE__, __LINE__);
}

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::served:
      return "served";
    case Outcome::cache_hit:
      return "cache_hit";
    case Outcome::stale_hit:
      return "stale_hit";
    case Outcome::refused_rate:
      return "refused_rate";
    case Outcome::refused_tokens:
      return "refused_tokens";
    case Outcome::refused_budget:
      return "refused_budget";
    case Outcome::client_error:
      return "client_error";
    case Outcome::failed:
      return "failed";
    case Outcome::all_providers_unavailable:
      return "all_providers_unavailable";
    case Outcome::deadline_exceeded:
      return "deadline_exceeded";
  }
  fail_check("an outcome has a name", __FILE__, __LINE__);
}

}  // namespace windtunnel::monitor
